"""The seed of a schedule: drawn once, committed to, revealed at unblinding."""

import hashlib
import secrets


def new_seed() -> str:
    """256 bits from the operating system as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def commitment(seed: str) -> str:
    """SHA-256 of the seed's characters in hexadecimal, published at opening.

    The seed has 256 bits of entropy, so the commitment hides it without a salt;
    `printf %s SEED | sha256sum` checks it.
    """
    return hashlib.sha256(seed.encode("ascii")).hexdigest()
