"""See, use, teach and delegate L402: HTTP 402 + a macaroon + a Lightning invoice."""

__version__ = "0.1.0"
