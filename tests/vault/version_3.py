"""A vault as schema 3 made it, plain or sealed, built without the program that is tested.

Kept for ever: every later version must be able to open it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from nacl.secret import Aead

from .makers import NOW, hash_of, node, proof

KEY_ID = bytes(range(16))
KEY = bytes(range(100, 132))

SCHEMA = """
CREATE TABLE intent_states (
    state       TEXT PRIMARY KEY NOT NULL,
    open        INTEGER NOT NULL,
    holds_money INTEGER NOT NULL,
    proven      INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO intent_states VALUES
    ('active', 0, 1, 1),
    ('being delivered', 1, 1, 1),
    ('failed', 0, 0, 0),
    ('held', 1, 1, 0),
    ('in flight', 1, 1, 0),
    ('paid', 1, 1, 1),
    ('paid, no preimage', 1, 1, 0),
    ('paid, not delivered', 1, 1, 1),
    ('rejected', 0, 1, 1),
    ('released', 0, 0, 0),
    ('reserved', 1, 1, 0),
    ('sending', 1, 1, 0),
    ('unknown', 1, 1, 0);
CREATE TABLE credentials (
    id           INTEGER PRIMARY KEY,
    payment_hash BLOB NOT NULL REFERENCES intents (payment_hash),
    origin       TEXT NOT NULL,
    path         TEXT NOT NULL,
    query        TEXT NOT NULL,
    scheme       TEXT NOT NULL,
    token        BLOB NOT NULL,
    created      REAL NOT NULL,
    UNIQUE (payment_hash, token)
);
CREATE TABLE credential_uses (
    credential_id INTEGER NOT NULL REFERENCES credentials (id),
    method        TEXT NOT NULL,
    path          TEXT NOT NULL,
    query         TEXT NOT NULL,
    accepted_at   REAL,
    rejected_at   REAL,
    last_at       REAL NOT NULL,
    refused       INTEGER NOT NULL,
    PRIMARY KEY (credential_id, method, path, query)
) WITHOUT ROWID;
CREATE TABLE exchanges (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id   INTEGER NOT NULL REFERENCES requests (id),
    at           REAL NOT NULL,
    ended        REAL,
    outcome      TEXT,
    money        TEXT,
    what         TEXT NOT NULL DEFAULT '',
    status       INTEGER,
    cost_msat    INTEGER NOT NULL DEFAULT 0,
    payment_hash BLOB
);
CREATE TABLE write_probe (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    written INTEGER NOT NULL
);
INSERT INTO write_probe VALUES (1, 0);
CREATE TABLE intent_log (
    id           INTEGER PRIMARY KEY,
    payment_hash BLOB NOT NULL REFERENCES intents (payment_hash),
    at           REAL NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL
);
CREATE TABLE bills_seen (
    payment_hash BLOB NOT NULL,
    origin       TEXT NOT NULL,
    path         TEXT NOT NULL,
    amount_msat  INTEGER,
    payee        BLOB NOT NULL,
    at           REAL NOT NULL,
    forget_at    REAL NOT NULL,
    PRIMARY KEY (payment_hash, origin)
) WITHOUT ROWID;
CREATE TABLE vault_seal (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    key_id  BLOB CHECK (length(key_id) = 16),
    keyring TEXT NOT NULL DEFAULT '',
    proof   BLOB,
    swept   INTEGER NOT NULL DEFAULT 1,
    CHECK ((key_id IS NULL) = (proof IS NULL))
);
INSERT INTO vault_seal (only) VALUES (1);
CREATE TABLE "requests" (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    origin      TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    query       TEXT NOT NULL,
    head        BLOB NOT NULL,
    body_length INTEGER NOT NULL,
    body        BLOB,
    CHECK (body IS NULL OR length(body) IN (body_length, body_length + 44))
);
CREATE TABLE "intents" (
    number       INTEGER PRIMARY KEY,
    payment_hash BLOB NOT NULL UNIQUE CHECK (length(payment_hash) = 32),
    state        TEXT NOT NULL REFERENCES intent_states (state),
    reason       TEXT NOT NULL,
    request_id   INTEGER NOT NULL REFERENCES requests (id),
    origin       TEXT NOT NULL,
    path         TEXT NOT NULL,
    payee        BLOB CHECK (length(payee) = 33),
    scheme       TEXT NOT NULL,
    token        BLOB NOT NULL,
    challenge    BLOB NOT NULL,
    invoice      TEXT NOT NULL,
    amount_msat  INTEGER NOT NULL CHECK (amount_msat >= 0),
    fee_cap_msat INTEGER NOT NULL CHECK (fee_cap_msat >= 0),
    fee_msat     INTEGER CHECK (fee_msat >= 0),
    wallet       TEXT NOT NULL,
    created      REAL NOT NULL,
    expires      REAL NOT NULL,
    updated      REAL NOT NULL,
    sent         REAL,
    end_block    INTEGER,
    end_at       REAL,
    preimage     BLOB CHECK (length(preimage) = 32
                             OR length(preimage) = 76 AND substr(preimage, 1, 4) = x'004C5301')
);
CREATE INDEX credentials_by_place ON credentials (origin, path, query, id);
CREATE INDEX credentials_by_origin ON credentials (origin, id);
CREATE INDEX credential_uses_latest ON credential_uses (credential_id, method, path, last_at);
CREATE INDEX intent_log_by_hash ON intent_log (payment_hash, id);
CREATE INDEX bills_seen_here ON bills_seen (origin, path, at, amount_msat);
CREATE INDEX bills_seen_long_ago ON bills_seen (forget_at);
CREATE INDEX requests_by_fingerprint ON requests (fingerprint);
CREATE INDEX intents_by_request ON intents (request_id);
CREATE INDEX intents_rejected ON intents (origin, updated) WHERE state = 'rejected';
CREATE INDEX intents_moving ON intents (origin)
    WHERE state IN ('sending', 'in flight', 'held', 'unknown', 'paid, no preimage');
CREATE INDEX intents_not_finished ON intents (created)
    WHERE state NOT IN ('active', 'rejected', 'failed', 'released');
CREATE INDEX intents_by_time ON intents (created, origin, path);
CREATE INDEX intents_spent ON intents (created, origin, amount_msat, fee_msat, fee_cap_msat)
    WHERE preimage IS NOT NULL;
CREATE INDEX intents_unproven ON intents (state, payee, origin, amount_msat, fee_cap_msat,
    payment_hash, sent, created) WHERE preimage IS NULL;
CREATE INDEX intents_paid_to ON intents (payee, origin) WHERE preimage IS NOT NULL;
CREATE INDEX intents_paid_at ON intents (origin, created, payee) WHERE preimage IS NOT NULL;
CREATE INDEX intents_prices ON intents (origin, path, created, amount_msat)
    WHERE preimage IS NOT NULL;
CREATE TRIGGER credentials_are_kept BEFORE DELETE ON credentials
BEGIN SELECT RAISE(ABORT, 'a paid credential is never deleted'); END;
CREATE TRIGGER credentials_keep_value BEFORE UPDATE OF payment_hash, origin, token ON credentials
BEGIN SELECT RAISE(ABORT, 'a credential does not change'); END;
CREATE TRIGGER intent_log_is_kept BEFORE DELETE ON intent_log
BEGIN SELECT RAISE(ABORT, 'what happened stays written'); END;
CREATE TRIGGER intent_log_stays BEFORE UPDATE ON intent_log
BEGIN SELECT RAISE(ABORT, 'what happened stays written'); END;
CREATE TRIGGER intents_are_kept BEFORE DELETE ON intents
BEGIN SELECT RAISE(ABORT, 'a payment is never forgotten'); END;
CREATE TRIGGER intents_stay_proven BEFORE UPDATE OF state ON intents
WHEN (SELECT proven FROM intent_states WHERE state = OLD.state)
   > (SELECT proven FROM intent_states WHERE state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a proven payment stays proven'); END;
CREATE TRIGGER intents_keep_preimage BEFORE UPDATE OF preimage ON intents
WHEN OLD.preimage IS NOT NULL AND NEW.preimage IS NOT OLD.preimage
BEGIN SELECT RAISE(ABORT, 'a preimage is never overwritten'); END;
CREATE TRIGGER intents_begin_with_proof BEFORE INSERT ON intents
WHEN (SELECT proven FROM intent_states WHERE state = NEW.state) <> (NEW.preimage IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a preimage proves a payment'); END;
CREATE TRIGGER intents_have_proof BEFORE UPDATE OF state, preimage ON intents
WHEN (SELECT proven FROM intent_states WHERE state = NEW.state) <> (NEW.preimage IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only a preimage proves a payment'); END;
CREATE TRIGGER intents_keep_hash BEFORE UPDATE OF payment_hash, number ON intents
BEGIN SELECT RAISE(ABORT, 'a payment keeps its hash'); END;
CREATE TRIGGER intents_keep_terms BEFORE UPDATE OF request_id, origin, path, payee, scheme, token,
    challenge, invoice, amount_msat, fee_cap_msat, wallet, created, expires ON intents
WHEN OLD.state <> 'released'
BEGIN SELECT RAISE(ABORT, 'what was approved does not change'); END;
CREATE TRIGGER intents_log_begin AFTER INSERT ON intents
BEGIN INSERT INTO intent_log (payment_hash, at, state, reason)
      VALUES (NEW.payment_hash, NEW.updated, NEW.state, NEW.reason); END;
CREATE TRIGGER intents_log_change AFTER UPDATE OF state, reason ON intents
WHEN NEW.state <> OLD.state OR NEW.reason <> OLD.reason
BEGIN INSERT INTO intent_log (payment_hash, at, state, reason)
      VALUES (NEW.payment_hash, NEW.updated, NEW.state, NEW.reason); END;
CREATE TRIGGER requests_begin_sealed BEFORE INSERT ON requests
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL
    AND NOT (substr(NEW.head, 1, 4) = x'004C5301'
             AND coalesce(substr(NEW.body, 1, 4) = x'004C5301', 1))
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
CREATE TRIGGER requests_stay_sealed BEFORE UPDATE OF head, body ON requests
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL
    AND NOT (substr(NEW.head, 1, 4) = x'004C5301'
             AND coalesce(substr(NEW.body, 1, 4) = x'004C5301', 1))
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
CREATE TRIGGER intents_begin_sealed BEFORE INSERT ON intents
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL
    AND NOT (substr(NEW.token, 1, 4) = x'004C5301' AND substr(NEW.challenge, 1, 4) = x'004C5301'
             AND coalesce(substr(NEW.preimage, 1, 4) = x'004C5301', 1))
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
CREATE TRIGGER intents_stay_sealed BEFORE UPDATE OF token, challenge, preimage ON intents
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL
    AND NOT (substr(NEW.token, 1, 4) = x'004C5301' AND substr(NEW.challenge, 1, 4) = x'004C5301'
             AND coalesce(substr(NEW.preimage, 1, 4) = x'004C5301', 1))
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
CREATE TRIGGER credentials_begin_sealed BEFORE INSERT ON credentials
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL AND substr(NEW.token, 1, 4) <> x'004C5301'
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
"""

FINGERPRINT = "94a6dbf94070bcfa0a19afdc5719c5f15afaad141fc7280b901541b4fda71dbf"
HEAD = (
    b'{"method":"GET","scheme":"https","host":"shop.example","port":443,'
    b'"path":"/weather","query":"","headers":[]}'
)

ROWS = """
INSERT INTO requests VALUES (
    1, :fingerprint, 'https://shop.example', 'GET', '/weather', '', :head, 0, :body
);
INSERT INTO intents VALUES (
    1, :paid, 'active', '', 1, 'https://shop.example', '/weather', :payee, 'L402', :token_1,
    :challenge_1, 'lnbcrt100n1p1', 10000, 1000, 250, 'practice:-', :now, :now + 3600, :now + 2,
    :now + 1, NULL, NULL, :preimage
);
INSERT INTO intents VALUES (
    2, :lost, 'held', 'slow', 1, 'https://shop.example', '/weather', NULL, 'LSAT', :token_2,
    :challenge_2, 'lnbcrt100n1p2', 10000, 1000, NULL, 'practice:-', :now + 5, :now + 3600,
    :now + 700, :now + 6, 800000, :now + 86400, NULL
);
INSERT INTO credentials VALUES (
    1, :paid, 'https://shop.example', '/weather', '', 'L402', :bought, :now + 1
);
INSERT INTO credential_uses VALUES (1, 'GET', '/weather', '', :now + 2, NULL, :now + 2, 0);
INSERT INTO exchanges VALUES (
    1, 1, :now, :now + 2, 'paid', 'Money was spent.', 'Paid and delivered.', 200, 10250, :paid
);
INSERT INTO bills_seen VALUES (
    :other, 'https://shop.example', '/weather', 7000, :payee, :now + 9, :now + 9999999
);
"""
SEAL = "UPDATE vault_seal SET key_id = ?, keyring = 'the ring of this test', proof = ?"

Closing = Callable[[str, bytes, bytes], bytes]


def sealed(place: str, row: bytes, value: bytes) -> bytes:
    """XChaCha20-Poly1305; the key's id, the place and the row are authenticated with it."""
    bound = KEY_ID.hex().encode() + b"\0" + place.replace(".", "\0").encode() + b"\0" + row
    return b"\0LS\x01" + bytes(Aead(KEY).encrypt(value, bound))


def searched(fingerprint: str) -> str:
    inner = blake2b(b"fingerprints", key=KEY, person=b"l402tui").digest()
    return blake2b(fingerprint.encode(), key=inner, digest_size=32).hexdigest()


def values(close: Closing) -> dict[str, object]:
    return {
        "head": close("requests.head", b"#1", HEAD),
        "body": close("requests.body", b"#1", b""),
        "token_1": close("intents.token", hash_of(1), b"token-1"),
        "token_2": close("intents.token", hash_of(2), b"token-2"),
        "challenge_1": close("intents.challenge", hash_of(1), b'L402 version="0"'),
        "challenge_2": close("intents.challenge", hash_of(2), b""),
        "preimage": close("intents.preimage", hash_of(1), proof(1).reveal()),
        "bought": close("credentials.token", b"#1", b"token-1"),
        "paid": hash_of(1),
        "lost": hash_of(2),
        "other": hash_of(3),
        "payee": node("shop"),
        "now": NOW,
    }


def build(folder: Path, *, seal: bool = False) -> Path:
    """One paid request, one payment that is held, one bill that was only shown."""
    folder.mkdir(0o700)
    path = folder / "vault.db"
    row = values(sealed if seal else lambda place, row, value: value)
    row["fingerprint"] = searched(FINGERPRINT) if seal else FINGERPRINT
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        if seal:
            db.execute(SEAL, (KEY_ID, sealed("vault_seal.proof", KEY_ID, KEY_ID)))
        for statement in ROWS.split(";\n"):
            used = {name: value for name, value in row.items() if f":{name}" in statement}
            db.execute(statement, used)
        db.execute("PRAGMA application_id = 0x4c343032")
        db.execute("PRAGMA user_version = 3")
        db.commit()
    os.chmod(path, 0o600)
    return path
