"""What do the tables look like, and how does an older vault become a newer one?

``PRAGMA user_version`` holds the schema's number. :data:`MIGRATIONS` lists how to get to each one
from the one before; what is missing is applied in one transaction. A vault with a higher number
than is known here was made by a newer program and is left alone.

The rules about money are triggers: whatever writes to the file through SQLite, this program's next
version and a person with the ``sqlite3`` shell included, cannot break them by mistake. ``_V1`` is
never edited once released: changes are a new entry in the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from l402tui.flow.ports import VaultError
from l402tui.vault.faults import named
from l402tui.vault.memory import payee_of
from l402tui.vault.schema_3 import V3
from l402tui.vault.schema_4 import V4

__all__ = ["APPLICATION_ID", "MIGRATIONS", "SEALS", "examine", "migrate", "statements"]

APPLICATION_ID: Final = int.from_bytes(b"L402", "big")
"""Marks the file as ours (https://www.sqlite.org/pragma.html#pragma_application_id)."""

_V1: Final = """
-- Money is whole msat, times are unix seconds (UTC), hashes and preimages are the bytes themselves.
-- Tokens and preimages are secret: nobody but the owner may read this file (mode 0600).

-- Where a payment can stand, and what that means. Triggers and queries look it up here.
CREATE TABLE intent_states (
    state       TEXT PRIMARY KEY NOT NULL,
    open        INTEGER NOT NULL,  -- money may still move, or a paid request was not delivered
    holds_money INTEGER NOT NULL,  -- counts against the limits
    proven      INTEGER NOT NULL   -- the preimage is known
) WITHOUT ROWID;

INSERT INTO intent_states VALUES
    ('reserved',            1, 1, 0),
    ('sending',             1, 1, 0),
    ('in flight',           1, 1, 0),
    ('unknown',             1, 1, 0),
    ('paid',                1, 1, 1),
    ('paid, not delivered', 1, 1, 1),
    ('active',              0, 1, 1),
    ('rejected',            0, 1, 1),
    ('failed',              0, 0, 0),
    ('released',            0, 0, 0);

-- What was asked for, whole, so that it can be sent again. Equal requests share a row.
CREATE TABLE requests (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,     -- hex SHA-256: the same for "the very same request"
    origin      TEXT NOT NULL,     -- scheme, host and port: credentials never cross it
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    query       TEXT NOT NULL,
    head        BLOB NOT NULL,     -- JSON in UTF-8: method, url in parts, headers in order
    body_length INTEGER NOT NULL,  -- bytes
    body        BLOB,              -- NULL: too long for the history, and no payment needs it
    CHECK (body IS NULL OR length(body) = body_length)
);
CREATE INDEX requests_by_fingerprint ON requests (fingerprint);

-- The decision to pay one invoice: one row a payment hash, for ever.
CREATE TABLE intents (
    payment_hash BLOB PRIMARY KEY NOT NULL CHECK (length(payment_hash) = 32),
    state        TEXT NOT NULL REFERENCES intent_states (state),
    reason       TEXT NOT NULL,    -- why it is in this state, in a sentence
    request_id   INTEGER NOT NULL REFERENCES requests (id),
    origin       TEXT NOT NULL,    -- as in requests, here to be summed up quickly
    scheme       TEXT NOT NULL,    -- L402 or LSAT, as the server spelled it
    token        BLOB NOT NULL,    -- the text exactly as the server sent it
    challenge    BLOB NOT NULL,    -- raw header values, one a line: evidence
    invoice      TEXT NOT NULL,
    amount_msat  INTEGER NOT NULL CHECK (amount_msat >= 0),
    fee_cap_msat INTEGER NOT NULL CHECK (fee_cap_msat >= 0),
    fee_msat     INTEGER CHECK (fee_msat >= 0),         -- what routing did cost; NULL: not known
    wallet       TEXT NOT NULL,    -- the one wallet it may be sent through
    created      REAL NOT NULL,
    expires      REAL NOT NULL,
    updated      REAL NOT NULL,
    preimage     BLOB CHECK (length(preimage) = 32)     -- the proof; its SHA-256 is payment_hash
);
CREATE INDEX intents_by_request ON intents (request_id);
CREATE INDEX intents_by_time ON intents (created);
CREATE INDEX intents_moving ON intents (origin) WHERE state IN ('sending', 'in flight', 'unknown');
CREATE INDEX intents_rejected ON intents (origin, updated) WHERE state = 'rejected';

CREATE TRIGGER intents_are_kept BEFORE DELETE ON intents
BEGIN SELECT RAISE(ABORT, 'a payment is never forgotten'); END;

CREATE TRIGGER intents_stay_proven BEFORE UPDATE OF state ON intents
WHEN (SELECT proven FROM intent_states WHERE state = OLD.state)
   > (SELECT proven FROM intent_states WHERE state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a proven payment stays proven'); END;

CREATE TRIGGER intents_keep_preimage BEFORE UPDATE OF preimage ON intents
WHEN OLD.preimage IS NOT NULL AND NEW.preimage IS NOT OLD.preimage
BEGIN SELECT RAISE(ABORT, 'a preimage is never overwritten'); END;

-- Proven means exactly that there is a preimage. (That it is the right one is checked by the
-- program: SQLite itself has no SHA-256.)
CREATE TRIGGER intents_begin_with_proof BEFORE INSERT ON intents
WHEN (SELECT proven FROM intent_states WHERE state = NEW.state) <> (NEW.preimage IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a preimage proves a payment'); END;

CREATE TRIGGER intents_have_proof BEFORE UPDATE OF state, preimage ON intents
WHEN (SELECT proven FROM intent_states WHERE state = NEW.state) <> (NEW.preimage IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a preimage proves a payment'); END;

-- What was approved does not change. Only where nothing was sent may the same invoice be taken up
-- again, with a new approval.
CREATE TRIGGER intents_keep_hash BEFORE UPDATE OF payment_hash ON intents
BEGIN SELECT RAISE(ABORT, 'a payment keeps its hash'); END;

CREATE TRIGGER intents_keep_terms BEFORE UPDATE OF request_id, origin, scheme, token, challenge,
    invoice, amount_msat, fee_cap_msat, wallet, created, expires ON intents
WHEN OLD.state <> 'released'
BEGIN SELECT RAISE(ABORT, 'what was approved does not change'); END;

-- What was bought. Amount, fee and preimage are those of the intent. A hash may come to have
-- several tokens (attenuated ones), an origin has many.
CREATE TABLE credentials (
    id           INTEGER PRIMARY KEY,  -- the higher, the newer
    payment_hash BLOB NOT NULL REFERENCES intents (payment_hash),
    origin       TEXT NOT NULL,    -- the only place it may ever be sent to
    path         TEXT NOT NULL,    -- what it was paid for
    query        TEXT NOT NULL,
    scheme       TEXT NOT NULL,    -- L402 or LSAT: the name the server takes
    token        BLOB NOT NULL,
    created      REAL NOT NULL,
    UNIQUE (payment_hash, token)
);
CREATE INDEX credentials_by_place ON credentials (origin, path, query, id);
CREATE INDEX credentials_by_origin ON credentials (origin, id);

CREATE TRIGGER credentials_are_kept BEFORE DELETE ON credentials
BEGIN SELECT RAISE(ABORT, 'a paid credential is never deleted'); END;

CREATE TRIGGER credentials_keep_value BEFORE UPDATE OF payment_hash, origin, token ON credentials
BEGIN SELECT RAISE(ABORT, 'a credential does not change'); END;

-- How the server answered to it, by method and address.
CREATE TABLE credential_uses (
    credential_id INTEGER NOT NULL REFERENCES credentials (id),
    method        TEXT NOT NULL,
    path          TEXT NOT NULL,
    query         TEXT NOT NULL,
    accepted_at   REAL,
    rejected_at   REAL,
    last_at       REAL NOT NULL,
    refused       INTEGER NOT NULL,    -- 1: the last answer was another challenge
    PRIMARY KEY (credential_id, method, path, query)
) WITHOUT ROWID;
CREATE INDEX credential_uses_latest ON credential_uses (credential_id, method, path, last_at);

-- The history: one row a flow. Numbers are never used twice.
CREATE TABLE exchanges (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id   INTEGER NOT NULL REFERENCES requests (id),
    at           REAL NOT NULL,
    ended        REAL,             -- NULL: it never ended, the program was stopped
    outcome      TEXT,
    money        TEXT,             -- the sentence that says whether money was spent
    what         TEXT NOT NULL DEFAULT '',
    status       INTEGER,          -- the last HTTP status seen
    cost_msat    INTEGER NOT NULL DEFAULT 0,
    payment_hash BLOB              -- of a bill that may never have been agreed to: no reference
);

-- Written to find out whether writing works.
CREATE TABLE write_probe (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    written INTEGER NOT NULL
);
INSERT INTO write_probe VALUES (1, 0);
"""

_V2: Final = """
-- More states: where a payment is slow, where its proof is missing, and where the paid request has
-- left and must not be sent twice.
INSERT INTO intent_states VALUES
    ('held',              1, 1, 0),
    ('paid, no preimage', 1, 1, 0),
    ('being delivered',   1, 1, 1);

ALTER TABLE intents ADD COLUMN sent REAL;          -- when the pay call was last allowed to leave
ALTER TABLE intents ADD COLUMN end_block INTEGER;  -- the height at which its locks run out
ALTER TABLE intents ADD COLUMN end_at REAL;        -- roughly when that is
UPDATE intents SET sent = created WHERE state NOT IN ('reserved', 'released');

DROP INDEX intents_moving;
CREATE INDEX intents_moving ON intents (origin)
    WHERE state IN ('sending', 'in flight', 'held', 'unknown', 'paid, no preimage');
CREATE INDEX intents_not_finished ON intents (created)
    WHERE state NOT IN ('active', 'rejected', 'failed', 'released');

-- What became of each payment, step by step. Lines are added and never taken away.
CREATE TABLE intent_log (
    id           INTEGER PRIMARY KEY,
    payment_hash BLOB NOT NULL REFERENCES intents (payment_hash),
    at           REAL NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL
);
CREATE INDEX intent_log_by_hash ON intent_log (payment_hash, id);
INSERT INTO intent_log (payment_hash, at, state, reason)
    SELECT payment_hash, updated, state, reason FROM intents ORDER BY created, rowid;

CREATE TRIGGER intents_log_begin AFTER INSERT ON intents
BEGIN INSERT INTO intent_log (payment_hash, at, state, reason)
      VALUES (NEW.payment_hash, NEW.updated, NEW.state, NEW.reason); END;

CREATE TRIGGER intents_log_change AFTER UPDATE OF state, reason ON intents
WHEN NEW.state <> OLD.state OR NEW.reason <> OLD.reason
BEGIN INSERT INTO intent_log (payment_hash, at, state, reason)
      VALUES (NEW.payment_hash, NEW.updated, NEW.state, NEW.reason); END;

CREATE TRIGGER intent_log_is_kept BEFORE DELETE ON intent_log
BEGIN SELECT RAISE(ABORT, 'what happened stays written'); END;

CREATE TRIGGER intent_log_stays BEFORE UPDATE ON intent_log
BEGIN SELECT RAISE(ABORT, 'what happened stays written'); END;

-- What later bills are held against: the place that was paid for, and the node that was paid.
ALTER TABLE intents ADD COLUMN path TEXT NOT NULL DEFAULT '';   -- as in requests
ALTER TABLE intents ADD COLUMN payee BLOB CHECK (length(payee) = 33);  -- NULL: not readable
UPDATE intents SET path = (SELECT path FROM requests WHERE id = request_id);
-- Reading an invoice takes a moment; the newest ones say enough.
UPDATE intents SET payee = invoice_payee(invoice)
    WHERE rowid IN (SELECT rowid FROM intents ORDER BY created DESC LIMIT 5000);

DROP TRIGGER intents_keep_terms;
CREATE TRIGGER intents_keep_terms BEFORE UPDATE OF request_id, origin, path, payee, scheme, token,
    challenge, invoice, amount_msat, fee_cap_msat, wallet, created, expires ON intents
WHEN OLD.state <> 'released'
BEGIN SELECT RAISE(ABORT, 'what was approved does not change'); END;

-- Everything that a sum of money needs, so that no row has to be opened for it.
DROP INDEX intents_by_time;
CREATE INDEX intents_by_time ON intents (created, origin, path);
CREATE INDEX intents_spent ON intents (created, origin, amount_msat, fee_msat, fee_cap_msat)
    WHERE preimage IS NOT NULL;
CREATE INDEX intents_unproven ON intents (state, payee, origin, amount_msat, fee_cap_msat,
    payment_hash, sent, created) WHERE preimage IS NULL;
CREATE INDEX intents_paid_to ON intents (payee, origin) WHERE preimage IS NOT NULL;
CREATE INDEX intents_paid_at ON intents (origin, created, payee) WHERE preimage IS NOT NULL;
CREATE INDEX intents_prices ON intents (origin, path, created, amount_msat)
    WHERE preimage IS NOT NULL;

-- Bills that were shown, paid or not: which origin has shown a payment hash, and at what price.
CREATE TABLE bills_seen (
    payment_hash BLOB NOT NULL,
    origin       TEXT NOT NULL,
    path         TEXT NOT NULL,
    amount_msat  INTEGER,          -- NULL: the invoice named none
    payee        BLOB NOT NULL,
    at           REAL NOT NULL,    -- the first time
    forget_at    REAL NOT NULL,    -- some time after the invoice expired
    PRIMARY KEY (payment_hash, origin)
) WITHOUT ROWID;
CREATE INDEX bills_seen_here ON bills_seen (origin, path, at, amount_msat);
CREATE INDEX bills_seen_long_ago ON bills_seen (forget_at);
"""

SEALS: Final = 3
"""The version from which on a vault says whether it is sealed."""
MIGRATIONS: Final[tuple[tuple[int, str], ...]] = ((1, _V1), (2, _V2), (3, V3), (4, V4))
"""(version, SQL that leads to it from the version before)."""


def statements(script: str) -> Iterator[str]:
    """The single statements of a script, triggers whole. (``executescript`` would commit.)"""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def examine(
    connection: sqlite3.Connection,
    path: Path,
    migrations: Sequence[tuple[int, str]] = MIGRATIONS,
) -> int:
    """The version of this file, 0 for an empty one. Changes nothing.

    Raises VaultError for another program's database and for a newer version than is known.
    """
    mark, version, things = _header(connection)
    empty = mark == version == things == 0
    if mark != APPLICATION_ID and not empty:
        raise VaultError(
            f"{named(path)} is another program's database, not a vault. Move it away, or set "
            "L402TUI_HOME elsewhere."
        )
    newest = migrations[-1][0]
    if version > newest:
        raise VaultError(
            f"The vault {named(path)} was made by a newer l402tui: it has schema {version}, and "
            f"this one knows up to {newest}. Nothing was changed. Update l402tui."
        )
    return version


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    migrations: Sequence[tuple[int, str]] = MIGRATIONS,
    newborn: Callable[[sqlite3.Connection], None] | None = None,
) -> None:
    """Bring the file to the newest version, all steps in one transaction. Raises VaultError.

    ``newborn`` has the last word in it where the file was empty. References are not enforced when
    this returns (the pragma does nothing in a transaction, so it is set before).
    """
    if examine(connection, path, migrations) == migrations[-1][0]:
        return
    connection.create_function("invoice_payee", 1, payee_of, deterministic=True)
    connection.execute("PRAGMA foreign_keys = OFF")  # tables are made anew under their own names
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have done it meanwhile.
        version = examine(connection, path, migrations)
        for number, script in migrations:
            if number > version:
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        if version == 0 and newborn is not None:
            newborn(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _header(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The application id, the schema version and the number of tables, all of one moment.

    One transaction: read one by one, they could be from before and from after the commit with
    which another process makes the vault, and such a mixture looks like a foreign database.
    """
    ours = not connection.in_transaction
    if ours:
        connection.execute("BEGIN")
    try:
        return (
            _number(connection, "PRAGMA application_id"),
            _number(connection, "PRAGMA user_version"),
            _number(connection, "SELECT count(*) FROM sqlite_master"),
        )
    finally:
        if ours:
            connection.execute("ROLLBACK")


def _number(connection: sqlite3.Connection, question: str) -> int:
    (answer,) = connection.execute(question).fetchone()
    return int(answer)
