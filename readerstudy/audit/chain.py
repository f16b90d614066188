"""How an event is hashed, and how the hashes make a chain.

Each event holds the hash of the one before, so that changing, removing or inserting
one shows at that place. Who can write to the database can make the whole chain
anew; an anchor, the last hash kept elsewhere, shows that and a cut tail.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NoReturn

FORMAT = 1
FIRST_PREVIOUS_HASH = "0" * 64  # what the first event follows


def event_hash(
    *,
    sequence: int,
    at: datetime,
    actor_id: int | None,
    actor_name: str,
    action: str,
    subject_type: str,
    subject_key: str,
    study: str,
    before: Any,
    after: Any,
    reason: str,
    previous_hash: str,
) -> str:
    """SHA-256 of everything that the event says, as 64 hexadecimal digits.

    Over ASCII JSON with sorted keys and no spaces; the time in UTC to the
    microsecond, as both databases keep it.
    """
    fields = {
        "format": FORMAT,
        "sequence": sequence,
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor_id": actor_id,
        "actor_name": actor_name,
        "action": action,
        "subject_type": subject_type,
        "subject_key": subject_key,
        "study": study,
        "before": before,
        "after": after,
        "reason": reason,
        "previous_hash": previous_hash,
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def plain_json(value: Any) -> Any:
    """`value` as it will be read from any database. Raises for what might differ.

    PostgreSQL keeps numbers as decimals, so a float could come back otherwise.
    """

    def refuse(number: str) -> NoReturn:
        raise ValueError(f"{number}: an event holds whole numbers and text only")

    return json.loads(json.dumps(value), parse_float=refuse, parse_constant=refuse)
