"""What will the server that checks a token make of a caveat?

Profiles of verifiers (:data:`PROFILES`, :func:`read_profile`), the prediction (:func:`predict`) and
how a wish is written in a verifier's own words (:func:`write`).
"""

from l402tui.protocol.verifiers.meanings import Target
from l402tui.protocol.verifiers.model import (
    HEADER_LIMIT,
    Effect,
    Meaning,
    Profile,
    Proof,
    Repeat,
    Row,
    Spacing,
    Template,
)
from l402tui.protocol.verifiers.predict import Prediction, Verdict, predict, service_of
from l402tui.protocol.verifiers.profiles import PROFILES
from l402tui.protocol.verifiers.wishes import NoWord, Wish, write
from l402tui.protocol.verifiers.written import ProfileError, read_profile, write_profile

__all__ = [
    "HEADER_LIMIT",
    "PROFILES",
    "Effect",
    "Meaning",
    "NoWord",
    "Prediction",
    "Profile",
    "ProfileError",
    "Proof",
    "Repeat",
    "Row",
    "Spacing",
    "Target",
    "Template",
    "Verdict",
    "Wish",
    "predict",
    "read_profile",
    "service_of",
    "write",
    "write_profile",
]
