"""The way in: `Client("https://studies.example.org", "rs_…")`."""

import ssl
from collections.abc import Iterator
from typing import Any

from .cohorts import Cohort, cohort_of
from .reading import Reading, ReadingState, state_of
from .studies import Studies
from .transport import Transport


class Client:
    """One person at one site, by a token that this person has made there.

    context: how the site proves who it is; by default as Python's own. timeout: in
    seconds, of each request. tries: how often a request is sent while the site is busy
    or does not answer.
    """

    def __init__(
        self,
        site: str,
        token: str,
        *,
        timeout: float = 60.0,
        tries: int = 4,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.transport = Transport(
            site, token, timeout=timeout, tries=tries, context=context
        )
        self.studies = Studies(self.transport)

    def me(self) -> dict[str, Any]:
        """Whose token it is, what it is for and when it expires."""
        found: dict[str, Any] = self.transport.get("me/")
        return found

    def cohorts(self) -> Iterator[Cohort]:
        for plain in self.transport.pages("cohorts/"):
            yield cohort_of(plain, self.transport)

    def cohort(self, name: str) -> Cohort:
        """The cohort of this name, with all that the site tells of it."""
        for one in self.cohorts():
            if one.name == name:
                return one.refresh()
        raise LookupError(f"You coordinate no cohort named {name!r}.")

    def methods(self) -> Iterator[dict[str, Any]]:
        """Filters and networks that this site knows."""
        return self.transport.pages("methods/")

    def readings(self) -> Iterator[ReadingState]:
        """The studies that the owner of the token reads."""
        return map(state_of, self.transport.pages("reading/"))

    def reading(self, slug: str) -> Reading:
        return Reading(slug, self.transport)
