"""What changed with schema 4? The vault remembers which token was made from which, and for whom."""

from __future__ import annotations

from typing import Final

__all__ = ["V4"]

V4: Final = """
-- One row a token: a child that was made here, or a token from outside that children were made of.
CREATE TABLE delegations (
    number       INTEGER PRIMARY KEY,
    name         BLOB NOT NULL UNIQUE CHECK (length(name) = 32),  -- SHA-256 of the signature
    parent       INTEGER REFERENCES delegations (number),  -- NULL: a payment's token, or outside
    payment_hash BLOB CHECK (length(payment_hash) = 32),   -- NULL: the token names none
    token        BLOB NOT NULL,     -- secret, as in intents
    scheme       TEXT NOT NULL,
    first_added  INTEGER NOT NULL,  -- caveats before this one are the parent's
    from_outside INTEGER NOT NULL,
    at           REAL NOT NULL,
    to_whom      TEXT NOT NULL,
    why          TEXT NOT NULL,
    verifier     TEXT NOT NULL,
    predicted    INTEGER,           -- 1: it would be taken, 0: refused; NULL: left open
    url          TEXT NOT NULL,
    CHECK (parent IS NULL OR parent < number)  -- no token is its own ancestor
);
CREATE INDEX delegations_by_parent ON delegations (parent);
CREATE INDEX delegations_by_payment ON delegations (payment_hash);

-- What a server did with it.
CREATE TABLE rehearsals (
    number     INTEGER PRIMARY KEY,
    delegation INTEGER NOT NULL REFERENCES delegations (number),
    at         REAL NOT NULL,
    method     TEXT NOT NULL,
    url        TEXT NOT NULL,
    verifier   TEXT NOT NULL,
    predicted  INTEGER,
    seen       TEXT NOT NULL,
    status     INTEGER,
    note       TEXT NOT NULL
);
CREATE INDEX rehearsals_by_delegation ON rehearsals (delegation);

CREATE TRIGGER delegations_are_kept BEFORE DELETE ON delegations
BEGIN SELECT RAISE(ABORT, 'what was handed out is never forgotten'); END;

CREATE TRIGGER delegations_stay BEFORE UPDATE ON delegations
BEGIN SELECT RAISE(ABORT, 'what was handed out does not change'); END;

CREATE TRIGGER rehearsals_are_kept BEFORE DELETE ON rehearsals
BEGIN SELECT RAISE(ABORT, 'what was seen stays written'); END;

CREATE TRIGGER rehearsals_stay BEFORE UPDATE ON rehearsals
BEGIN SELECT RAISE(ABORT, 'what was seen stays written'); END;

CREATE TRIGGER delegations_begin_sealed BEFORE INSERT ON delegations
WHEN (SELECT key_id FROM vault_seal) IS NOT NULL AND substr(NEW.token, 1, 4) <> x'004C5301'
BEGIN SELECT RAISE(ABORT, 'this vault is sealed'); END;
"""
