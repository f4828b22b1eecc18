"""What changed with schema 3? Secrets may be sealed, and the vault says whether they are.

A sealed value is longer than what is in it, which the tables of schema 1 forbid: ``requests`` and
``intents`` are made anew. (SQLite cannot take a CHECK away, https://www.sqlite.org/lang_altertable.html
tells how this is done.) Payments get a number of their own by the way: their order outlives VACUUM.
"""

from __future__ import annotations

from typing import Final

__all__ = ["V3"]

V3: Final = """
-- Whether the secrets in this file are sealed. Tokens, preimages, challenges, heads and bodies are
-- then those bytes in a box (x'004C5301', 24 bytes of nonce, the box), and fingerprints are keyed.
CREATE TABLE vault_seal (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    key_id  BLOB CHECK (length(key_id) = 16),     -- names the key in the keyring; NULL: not sealed
    keyring TEXT NOT NULL DEFAULT '',             -- where the key was put, in words
    proof   BLOB,                                 -- opens with the right key and with no other
    swept   INTEGER NOT NULL DEFAULT 1,  -- 0: unused parts may hold what was there before sealing
    CHECK ((key_id IS NULL) = (proof IS NULL))
);
INSERT INTO vault_seal (only) VALUES (1);

CREATE TABLE requests_3 (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,     -- the same for "the very same request"; keyed where sealed
    origin      TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    query       TEXT NOT NULL,
    head        BLOB NOT NULL,     -- JSON in UTF-8: method, url in parts, headers in order
    body_length INTEGER NOT NULL,  -- bytes
    body        BLOB,              -- NULL: too long for the history, and no payment needs it
    CHECK (body IS NULL OR length(body) IN (body_length, body_length + 44))
);
INSERT INTO requests_3
    SELECT id, fingerprint, origin, method, path, query, head, body_length, body
    FROM requests ORDER BY id;
DROP TABLE requests;
ALTER TABLE requests_3 RENAME TO requests;
CREATE INDEX requests_by_fingerprint ON requests (fingerprint);

CREATE TABLE intents_3 (
    number       INTEGER PRIMARY KEY,  -- in the order in which they were reserved first
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
INSERT INTO intents_3 (payment_hash, state, reason, request_id, origin, path, payee, scheme, token,
        challenge, invoice, amount_msat, fee_cap_msat, fee_msat, wallet, created, expires, updated,
        sent, end_block, end_at, preimage)
    SELECT payment_hash, state, reason, request_id, origin, path, payee, scheme, token,
        challenge, invoice, amount_msat, fee_cap_msat, fee_msat, wallet, created, expires, updated,
        sent, end_block, end_at, preimage
    FROM intents ORDER BY rowid;
DROP TABLE intents;
ALTER TABLE intents_3 RENAME TO intents;

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

-- The rules of schema 1 and 2, for the table that is there now.
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

-- A sealed vault takes nothing in that is not sealed.
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
