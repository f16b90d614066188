"""The only name under which a reader's browser knows a read."""

import secrets

TOKEN_BYTES = 16
TOKEN_LENGTH = 22


def new_token() -> str:
    """128 random bits as 22 URL-safe characters; never derived from anything."""
    return secrets.token_urlsafe(TOKEN_BYTES)
