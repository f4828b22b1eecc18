"""The bill in the header, in the ways in which servers write it."""

from __future__ import annotations

from l402tui.practice.samples.workshop import Sample, Workshop

__all__ = ["challenges"]


def challenges(shop: Workshop) -> dict[str, Sample]:
    """From the usual one to those that must not be paid."""
    token, invoice = shop.token, shop.invoice.text
    other = shop.bill().text
    both = f'macaroon="{token}", invoice="{invoice}"'
    return {
        "challenge.txt": Sample(
            "What a 402 carries: a token, and the invoice whose payment makes it good.",
            f"WWW-Authenticate: {shop.challenge}",
        ),
        "challenge-token-param.txt": Sample(
            "The form of the 2026 specification: version= and token= instead of macaroon=.",
            f'WWW-Authenticate: L402 version="0", token="{token}", invoice="{invoice}"',
        ),
        "challenge-two-lines.txt": Sample(
            "The same bill twice, under the old name LSAT first, so that old clients find it too.",
            f"WWW-Authenticate: LSAT {both}\nWWW-Authenticate: L402 {both}",
        ),
        "challenge-among-others.txt": Sample(
            "One header line with three schemes: only the middle one is L402.",
            f'WWW-Authenticate: Bearer realm="a shop, or \\"account\\"", L402 {both}, '
            'Basic realm="old"',
        ),
        "challenge-unquoted.txt": Sample(
            "Not quoted, lower-case scheme, no comma: each deviation is named, and so is who can "
            "still read it.",
            f"WWW-Authenticate: l402 macaroon={token} invoice={invoice}",
        ),
        "challenge-wrong-invoice.txt": Sample(
            "The invoice is not the token's: paying it would buy nothing. Look for MISMATCH.",
            f'WWW-Authenticate: L402 macaroon="{token}", invoice="{other}"',
        ),
        "challenge-two-bills.txt": Sample(
            "Two challenges that ask for different payments. Nobody can say which one counts, so "
            "neither is paid.",
            f'WWW-Authenticate: LSAT {both}\nWWW-Authenticate: L402 macaroon="{token}", '
            f'invoice="{other}"',
        ),
    }
