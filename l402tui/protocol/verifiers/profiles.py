"""Which verifiers are known, and what does each do?

Data only, each profile with its source. ``RUN`` means that tests/regtest holds every row against
the real program; the others were read in the source or the documentation of that name and not run
here. What is not known is written as not known.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from l402tui.protocol.verifiers.model import (
    Effect,
    Meaning,
    Profile,
    Proof,
    Repeat,
    Row,
    Spacing,
    Template,
)

__all__ = ["PROFILES"]

_ENFORCED, _IGNORED, _BREAKS, _UNKNOWN = Effect


def _enforced(word: str, meaning: Meaning, repeat: Repeat = Repeat.ALL, why: str = "") -> Row:
    return Row(word, _ENFORCED, meaning, repeat, why)


def _ignored(word: str, why: str) -> Row:
    return Row(word, _IGNORED, why=why)


_OTHER_SERVICE: Final = "It ends another service than the one that is asked for."

_APERTURE: Final = Profile(
    name="aperture",
    title="aperture, the reference server",
    source="aperture v0.3.8: mint/mint.go, l402/satisfier.go, l402/caveat.go",
    proof=Proof.RUN,
    rows=(
        _enforced(
            "services",
            Meaning.SERVICES,
            Repeat.NARROWS,
            "Written as name:tier,name:tier without spaces; the tiers do not count.",
        ),
        _enforced("{service}_valid_until", Meaning.SECONDS, Repeat.NARROWS),
        _ignored("*_valid_until", _OTHER_SERVICE),
        _ignored("*_capabilities", "What may be done is left to the service behind it."),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_BREAKS,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "{service}_valid_until={seconds}",
            Template.SERVICES: "services={services}",
            Template.CAPABILITY: "{service}_capabilities={names}",
        }
    ),
    notes=(
        "A refusal says nothing of its reason: it is a 402 with a fresh bill.",
        "Where prices depend on the path, the service is named with its path.",
        "It takes 1 MiB of headers in all; what stands before or behind it commonly takes less.",
    ),
)

_SPECIFICATION: Final = Profile(
    name="spec",
    title="the L402 specification",
    source="L402 protocol specification: macaroon-spec.md, agent-spec.md",
    proof=Proof.READ,
    rows=(
        _enforced("services", Meaning.SERVICES, Repeat.NARROWS),
        _enforced("{service}_valid_until", Meaning.SECONDS, Repeat.NARROWS),
        _ignored("*_valid_until", _OTHER_SERVICE),
        Row(
            "{service}_capabilities",
            _ENFORCED,
            Meaning.OTHER,
            Repeat.NARROWS,
            "Which capability a request needs is the service's own matter.",
        ),
        _ignored("*_capabilities", "It is for another service than the one that is asked for."),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_UNKNOWN,
    clock="the verifier's own clock",
    templates=_APERTURE.templates,
    notes=("Conditions that a verifier does not know must be skipped, so they restrict nothing.",),
)

_LND: Final = Profile(
    name="lnd",
    title="an LND node, for its own macaroons",
    source="lnd v0.21.0: macaroons/constraints.go, macaroons/service.go",
    proof=Proof.RUN,
    rows=(
        _enforced("time-before", Meaning.DATE),
        _enforced("ipaddr", Meaning.ADDRESS),
        _enforced("iprange", Meaning.NETWORK),
        Row("lnd-custom", _BREAKS, why="Unless a program beside the node handles it."),
        Row("error", _BREAKS, why="It is there to be refused."),
        Row(
            "declared",
            _UNKNOWN,
            why="A note, which restricts nothing; two that differ break the token.",
        ),
    ),
    unknown=_BREAKS,
    bare=_BREAKS,
    third_party=_BREAKS,
    spacing=Spacing.WORD,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "time-before {date}",
            Template.ADDRESS: "ipaddr {address}",
        }
    ),
    notes=(
        "Permissions are in the identifier and cannot be narrowed by a caveat: bake another "
        "macaroon for fewer.",
        "Over REST the node sees its own gateway as the caller, whoever asks: there an address "
        "lets everybody in, or nobody.",
    ),
)

_BOLTWALL: Final = Profile(
    name="boltwall",
    title="boltwall (lsat-js)",
    source="boltwall and lsat-js: satisfiers for expiration, ip and route",
    proof=Proof.READ,
    rows=(
        _enforced("expiration", Meaning.MILLISECONDS, Repeat.NARROWS),
        _enforced("ip", Meaning.ADDRESS),
        _enforced("route", Meaning.PATH),
        Row("services", _UNKNOWN, why="It depends on what the server has been set up with."),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_UNKNOWN,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "expiration={milliseconds}",
            Template.PATH: "route={path}",
            Template.ADDRESS: "ip={address}",
        }
    ),
)

_NGINX: Final = Profile(
    name="ngx-l402",
    title="ngx_l402 and l402_middleware",
    source="ngx_l402: src/lib.rs, manifest.rs; l402_middleware: verification of caveats",
    proof=Proof.READ,
    rows=(
        _enforced("RequestPath", Meaning.PATH),
        _enforced("RequestMethod", Meaning.METHOD),
        _enforced("ExpiresAt", Meaning.SECONDS),
        _enforced("Realm", Meaning.OTHER),
    ),
    unknown=_BREAKS,
    bare=_BREAKS,
    third_party=_BREAKS,
    spacing=Spacing.SPACED,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "ExpiresAt = {seconds}",
            Template.PATH: "RequestPath = {path}",
            Template.METHOD: "RequestMethod = {method}",
        }
    ),
    notes=("Older releases of the middleware take only the exact list of caveats they issued.",),
)

_BOLTHUB: Final = Profile(
    name="bolthub",
    title="bolthub's gateway",
    source="bolthub: client and gateway rules for caveats (caveat_vectors.json)",
    proof=Proof.READ,
    rows=(
        _enforced("method", Meaning.METHOD),
        _enforced("path_prefix", Meaning.PREFIX, Repeat.NARROWS),
        _enforced("valid_until", Meaning.MILLISECONDS, Repeat.NARROWS),
        _enforced("n_uses", Meaning.COUNT, Repeat.NARROWS),
        _enforced("max_sats", Meaning.COUNT, Repeat.NARROWS),
        _enforced("tenantId", Meaning.OTHER),
        _enforced("endpointId", Meaning.OTHER),
    ),
    unknown=_UNKNOWN,
    bare=_UNKNOWN,
    third_party=_UNKNOWN,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "valid_until={milliseconds}",
            Template.PATH: "path_prefix={path}",
            Template.METHOD: "method={method}",
            Template.USES: "n_uses={number}",
            Template.AMOUNT: "max_sats={number}",
        }
    ),
)

_PAYGATE: Final = Profile(
    name="paygate",
    title="paygate",
    source="paygate: caveat verification",
    proof=Proof.READ,
    rows=(
        _enforced("services", Meaning.SERVICES, Repeat.NARROWS),
        _enforced("{service}_valid_until", Meaning.SECONDS, Repeat.NARROWS),
        _ignored("*_valid_until", _OTHER_SERVICE),
        _enforced("{service}_capabilities", Meaning.OTHER, Repeat.NARROWS),
        _enforced("path", Meaning.PATTERNS, Repeat.NARROWS),
        _enforced("method", Meaning.METHODS, Repeat.NARROWS),
        _enforced("client_ip", Meaning.ADDRESSES, Repeat.NARROWS),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_UNKNOWN,
    templates=MappingProxyType(
        {
            Template.EXPIRY: "{service}_valid_until={seconds}",
            Template.SERVICES: "services={services}",
            Template.CAPABILITY: "{service}_capabilities={names}",
            Template.PATH: "path={path}",
            Template.METHOD: "method={method}",
            Template.ADDRESS: "client_ip={address}",
        }
    ),
    notes=(
        "Credentials are kept by the token's id: a child may be refused while its parent is kept "
        "there. Try it before you rely on it.",
    ),
)

_TOOLKIT: Final = Profile(
    name="l402-toolkit",
    title="l402-toolkit",
    source="l402-toolkit: caveats it writes",
    proof=Proof.READ,
    rows=(
        Row("resource_id", _UNKNOWN),
        Row("expires_at", _UNKNOWN),
        Row("service", _UNKNOWN),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_UNKNOWN,
    spacing=Spacing.SPACED,
    templates=MappingProxyType({Template.EXPIRY: "expires_at = {seconds}"}),
    notes=("What becomes of a caveat that somebody has added is not known for its own words.",),
)

_FEWSATS: Final = Profile(
    name="fewsats",
    title="Fewsats' L402-python",
    source="L402-python: a verifier without satisfiers",
    proof=Proof.READ,
    rows=(),
    unknown=_BREAKS,
    bare=_BREAKS,
    third_party=_BREAKS,
    notes=("Every caveat makes the token useless there, so nothing can be delegated with less.",),
)

_BLOCKBUSTER: Final = Profile(
    name="blockbuster",
    title="blockbuster and Fewsats' hosted service of 2024",
    source="blockbuster: video/manager.go, l402/authenticator.go",
    proof=Proof.READ,
    rows=(
        _ignored("external_id", "It names what was bought."),
        _ignored("file_id", "It names what was bought."),
        _ignored("expires_at", "Its form is looked at: an RFC 3339 date."),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    third_party=_UNKNOWN,
    clock="none",
)

_PLEBAI: Final = Profile(
    name="plebai-l402",
    title="plebai-l402",
    source="plebai-l402: caveats bodyHash and expiration",
    proof=Proof.READ,
    rows=(
        _enforced("expiration", Meaning.MILLISECONDS),
        _enforced("bodyHash", Meaning.OTHER, why="The hash of the request's body."),
    ),
    unknown=_UNKNOWN,
    bare=_UNKNOWN,
    third_party=_UNKNOWN,
    templates=MappingProxyType({Template.EXPIRY: "expiration={milliseconds}"}),
)

_GRID: Final = Profile(
    name="settlegrid",
    title="SettleGrid",
    source="SettleGrid: its JSON tokens and their chain",
    proof=Proof.READ,
    rows=(
        _enforced("service", Meaning.OTHER),
        _enforced("expires_at", Meaning.SECONDS),
        _ignored("amount_sats", "It says what was paid."),
        _ignored("amount_cents", "It says what was paid."),
        _ignored("created_at", "It says when the token was made."),
    ),
    unknown=_IGNORED,
    bare=_IGNORED,
    attenuates="Its tokens are JSON with a chain of their own, not macaroons.",
)

_CASHU: Final = Profile(
    name="cashu-l402",
    title="cashu-l402",
    source="cashu-l402: src/conditions.ts",
    proof=Proof.READ,
    rows=(
        _enforced("service", Meaning.SERVICE),
        _enforced("expires_at", Meaning.SECONDS),
        _enforced("payment_method", Meaning.OTHER),
        _enforced("condition_kind", Meaning.OTHER),
        _enforced("locktime", Meaning.OTHER),
        _enforced("max_ttl_seconds", Meaning.OTHER),
    ),
    unknown=_UNKNOWN,
    bare=_UNKNOWN,
    attenuates="Its tokens are signed in one piece: only the server can make one with less.",
)

_ALL: Final = (
    *(_APERTURE, _SPECIFICATION, _LND, _BOLTWALL, _NGINX, _BOLTHUB, _PAYGATE),
    *(_TOOLKIT, _FEWSATS, _BLOCKBUSTER, _PLEBAI, _GRID, _CASHU),
)

PROFILES: Final = MappingProxyType({profile.name: profile for profile in _ALL})
"""Every profile that comes along, by name."""
