"""Studies: made, watched, closed and unblinded by who runs or analyses them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .export import Export
from .told import moment, told
from .transport import Transport, part


@dataclass(frozen=True)
class Session:
    """One sitting of a reader."""

    number: int
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None


def session_of(plain: Mapping[str, Any]) -> Session:
    times = {name: moment(plain[name]) for name in ("started_at", "finished_at")}
    return told(Session, plain, **times)


@dataclass(frozen=True)
class ReaderProgress:
    """How far one reader is: counts, never a score or an arm."""

    code: str
    simulated: bool
    done: int
    total: int
    sessions: tuple[Session, ...]


@dataclass(frozen=True)
class Finding:
    message: str
    cure: str  # "study" or "cohort": where it can be cured


@dataclass(frozen=True)
class Preflight:
    """findings: why the study cannot open. hints: no hindrance."""

    findings: tuple[Finding, ...]
    hints: tuple[Finding, ...]


@dataclass(frozen=True)
class Agreement:
    role: str
    user: str  # empty as long as nobody has agreed
    at: datetime | None


@dataclass(frozen=True)
class Unblinding:
    """The two agreements; `state` is the study's."""

    state: str
    agreements: tuple[Agreement, ...]
    may_give: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Study:
    """One study as it was when it was asked for; `plain` is all that was told of it.

    What changes it gives the study as it is then.
    """

    slug: str
    title: str
    state: str  # draft, open, closed, unblinded
    plain: dict[str, Any]
    transport: Transport

    def _path(self, rest: str = "") -> str:
        return f"studies/{part(self.slug)}/{rest}"

    def _study(self, plain: Any) -> "Study":
        return study_of(plain, self.transport)

    def refresh(self) -> "Study":
        return self._study(self.transport.get(self._path()))

    # the draft

    def protocol(self) -> dict[str, Any]:
        """As it stands, amendments included; docs/protocol.md describes it."""
        found: dict[str, Any] = self.transport.get(self._path("protocol/"))
        return found

    def protocol_yaml(self) -> str:
        path = self._path("protocol/")
        return self.transport.request("GET", path, accept="application/yaml").decode()

    def rewrite(self, protocol: Mapping[str, Any] | str) -> "Study":
        """Write the draft anew: a dict, or the text of a YAML file."""
        path = self._path("protocol/")
        return self._study(_send_protocol(self.transport, "PUT", path, protocol))

    def change(self, **sections: Any) -> "Study":
        """Merge these sections into the draft's protocol; None: its default again."""
        return self._study(self.transport.send("PATCH", self._path(), sections))

    def preflight(self) -> Preflight:
        plain = self.transport.get(self._path("preflight/"))
        found = {
            name: tuple(told(Finding, one) for one in plain[name])
            for name in ("findings", "hints")
        }
        return Preflight(**found)

    # its life

    def open(self) -> "Study":
        """Freeze the protocol and draw the plan."""
        return self._study(self.transport.send("POST", self._path("open/")))

    def close(self) -> "Study":
        return self._study(self.transport.send("POST", self._path("close/")))

    def unblinding(self) -> Unblinding:
        return _unblinding(self.transport.get(self._path("unblinding/")))

    def agree(self) -> Unblinding:
        """Agree to unblind; a coordinator and a statistician have to."""
        return _unblinding(self.transport.send("POST", self._path("unblinding/")))

    def withdraw(self) -> Unblinding:
        return _unblinding(self.transport.send("DELETE", self._path("unblinding/")))

    # while it is read

    def progress(self) -> list[ReaderProgress]:
        return [
            told(ReaderProgress, one, sessions=tuple(map(session_of, one["sessions"])))
            for one in self.transport.pages(self._path("progress/"))
        ]

    def conduct(self) -> Iterator[dict[str, Any]]:
        """When each reader read, and how fast."""
        return self.transport.pages(self._path("conduct/"))

    def deviations(self) -> Iterator[dict[str, Any]]:
        """What did not go as the protocol wants it, newest first."""
        return self.transport.pages(self._path("deviations/"))

    def comments(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages(self._path("comments/"))

    def members(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages(self._path("members/"))

    def log(self, *, answers: bool = True) -> Iterator[dict[str, Any]]:
        """What was done, newest first; answers: those of readers as well."""
        brief = None if answers else "no"
        return self.transport.pages(self._path("log/"), answers=brief)

    def amendments(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages(self._path("amendments/"))

    def amend(
        self, *, reason: str, amends: str | None = None, **settings: Any
    ) -> dict[str, Any]:
        """amends: the SHA-256 of the protocol that was looked at before."""
        given = {"reason": reason, "settings": settings}
        given |= {"amends": amends} if amends else {}
        done: dict[str, Any] = self.transport.send(
            "POST", self._path("amendments/"), given
        )
        return done

    def appoint(self, user: str, *, role: str, reason: str) -> dict[str, Any]:
        given = {"user": user, "role": role, "reason": reason}
        done: dict[str, Any] = self.transport.send(
            "POST", self._path("members/"), given
        )
        return done

    def reopen(self, reader: str, session: int, number: int, *, reason: str) -> None:
        """Have a reader (by code) answer a read once more."""
        given = {"reader": reader, "session": session, "number": number}
        given["reason"] = reason
        self.transport.send("POST", self._path("reopenings/"), given)

    def waive(self, reader: str, session: int, *, reason: str) -> None:
        """Let a reader begin a session before its washout is over."""
        given = {"reader": reader, "session": session, "reason": reason}
        self.transport.send("POST", self._path("waivers/"), given)

    # once it is unblinded

    def report(self) -> dict[str, Any]:
        """The frozen report. ConflictError while it is still being computed."""
        found: dict[str, Any] = self.transport.get(self._path("report/"))
        return found

    def export(self) -> Export:
        """All tables and the report, as one archive. ConflictError as with `report`."""
        path = self._path("export/")
        return Export(self.transport.request("GET", path, accept="application/zip"))


def study_of(plain: dict[str, Any], transport: Transport) -> Study:
    return told(Study, plain, plain=plain, transport=transport)


def _unblinding(plain: Mapping[str, Any]) -> Unblinding:
    agreements = tuple(
        told(Agreement, one, at=moment(one["at"])) for one in plain["agreements"]
    )
    return told(Unblinding, plain, agreements=agreements)


def _send_protocol(
    transport: Transport, method: str, path: str, protocol: Mapping[str, Any] | str
) -> Any:
    if isinstance(protocol, str):
        return transport.send_text(method, path, protocol, "application/yaml")
    return transport.send(method, path, dict(protocol))


class Studies:
    """The studies that the caller coordinates or analyses."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __iter__(self) -> Iterator[Study]:
        for plain in self._transport.pages("studies/"):
            yield study_of(plain, self._transport)

    def get(self, slug: str) -> Study:
        plain = self._transport.get(f"studies/{part(slug)}/")
        return study_of(plain, self._transport)

    def create(self, protocol: Mapping[str, Any] | str) -> Study:
        """Make a draft of a protocol: a dict, or the text of a YAML file."""
        plain = _send_protocol(self._transport, "POST", "studies/", protocol)
        return study_of(plain, self._transport)
