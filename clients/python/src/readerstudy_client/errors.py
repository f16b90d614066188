"""What can go wrong, as the site tells it (RFC 9457)."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    field: str
    detail: str


class UnreachableError(Exception):
    """The site did not answer, or not as such a site does."""


class ProblemError(Exception):
    """The site said no. `detail` says why, `errors` which fields are wrong."""

    def __init__(
        self, status: int, detail: str, errors: tuple[FieldError, ...] = ()
    ) -> None:
        self.status, self.detail, self.errors = status, detail, errors
        lines = [f"{status}: {detail}"]
        lines += [f"  {one.field}: {one.detail}" for one in errors]
        super().__init__("\n".join(lines))


class InvalidError(ProblemError):
    """400, 413, 415, 422: what was sent cannot be used."""


class NotSignedInError(ProblemError):
    """401: no token, or one that is unknown, expired or revoked."""


class NotAllowedError(ProblemError):
    """403: the token was not made for this."""


class NotFoundError(ProblemError):
    """404: there is nothing, or it is not for you."""


class ConflictError(ProblemError):
    """409: not possible as things stand."""


class TooManyRequestsError(ProblemError):
    """429, and waiting for it did not help."""


KINDS: dict[int, type[ProblemError]] = {
    **dict.fromkeys((400, 413, 415, 422), InvalidError),
    401: NotSignedInError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    429: TooManyRequestsError,
}


def problem_of(status: int, body: bytes) -> ProblemError:
    """From the answer of the site, or of whatever stands before it."""
    told: Any = None
    with contextlib.suppress(ValueError):
        told = json.loads(body)
    if not isinstance(told, dict):
        told = {}
    errors = tuple(
        FieldError(str(one.get("field", "")), str(one.get("detail", "")))
        for one in told.get("errors") or ()
        if isinstance(one, dict)
    )
    detail = str(told.get("detail") or "The site gives no reason.")
    return KINDS.get(status, ProblemError)(status, detail, errors)
