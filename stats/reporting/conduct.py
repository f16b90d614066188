"""How a study was conducted, as its report and files tell it: counts, not people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from readerstudy.reading.models import (
    CodeBreak,
    Deviation,
    Membership,
    Reopening,
    Study,
    TrainingAttempt,
    ViewingCheck,
)
from readerstudy.reading.protocol.frozen import PLACES
from readerstudy.reading.selectors.studies import leak_oracle_last


@dataclass(frozen=True)
class Approval:
    """Who agreed to unblind, by role."""

    role: str
    at: datetime


@dataclass(frozen=True)
class Change:
    setting: str
    before: str
    after: str


# settings that decide what a report computes
PLANNED = frozenset(name for name, place in PLACES.items() if place[0] == "analysis")


@dataclass(frozen=True)
class AmendmentLine:
    number: int
    at: datetime
    reason: str
    changes: tuple[Change, ...]
    sha256: str  # of the protocol from then on

    @property
    def of_plan(self) -> tuple[Change, ...]:
        """Those of its changes that are of the analysis plan."""
        return tuple(one for one in self.changes if one.setting in PLANNED)


@dataclass(frozen=True)
class BrokenCode:
    """A read whose arm and case were disclosed; number: within its session."""

    reader: str
    session: int
    number: int
    at: datetime
    reason: str


@dataclass(frozen=True)
class ReaderConduct:
    """What is counted of one reader.

    attempts: at the training. reached, passed: of the first attempt that passed, or
    of the last one that was finished where none did. displays, room_lights: the values
    of viewing checks that were passed, in order. misread: checks failed.
    """

    reader: str
    attempts: int
    reached: float | None
    passed: bool | None
    displays: tuple[str, ...]
    room_lights: tuple[str, ...]
    misread: int
    deviations: tuple[int, ...]  # of each kind of Deviation.Kind
    reopened_by_reader: int
    reopened_by_coordinator: int


@dataclass(frozen=True)
class LeakFinding:
    target: str
    family: str
    auc: float
    by_design: float
    low: float
    high: float
    leaks: bool


LEAK_FIELDS = tuple(field.name for field in fields(LeakFinding))


@dataclass(frozen=True)
class LeakResult:
    at: datetime
    reads: int
    draws: int
    confidence: float
    p: float
    leaks: int
    findings: tuple[LeakFinding, ...]


@dataclass(frozen=True)
class Conduct:
    approvals: tuple[Approval, ...]
    amendments: tuple[AmendmentLine, ...]
    broken_codes: tuple[BrokenCode, ...]
    gate: str  # as the study has it; empty: none
    gate_minimum: float | None
    asks_conditions: bool
    readers: tuple[ReaderConduct, ...]
    not_answered_again: int  # of the reads opened again; the answer before counts
    leak_oracle: LeakResult | None  # the last one

    @property
    def deviation_rows(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Kind by kind: how many of each reader's."""
        return tuple(
            (kind, tuple(one.deviations[place] for one in self.readers))
            for place, kind in enumerate(KINDS)
        )

    @property
    def plan_amendments(self) -> tuple[AmendmentLine, ...]:
        """What of the analysis plan was not written down before the study opened."""
        return tuple(one for one in self.amendments if one.of_plan)

    @property
    def kappa_replanned(self) -> bool:
        return self._replanned("kappa_weights", "kappa_interval")

    @property
    def quality_replanned(self) -> bool:
        return self._replanned("control_arm", "image_metrics")

    def _replanned(self, *settings: str) -> bool:
        return any(
            change.setting in settings
            for one in self.amendments
            for change in one.changes
        )

    @property
    def has_conditions(self) -> bool:
        return any(one.displays or one.misread for one in self.readers)

    @property
    def reopened(self) -> int:
        return sum(
            one.reopened_by_reader + one.reopened_by_coordinator for one in self.readers
        )


KINDS: tuple[str, ...] = tuple(Deviation.Kind.values)


def conduct(study: Study, readers: Sequence[Membership]) -> Conduct:
    return Conduct(
        approvals=tuple(Approval(one.role, one.at) for one in study.approvals.all()),
        amendments=tuple(
            AmendmentLine(
                one.number,
                one.at,
                one.reason,
                changes(one.changes),
                one.protocol_sha256,
            )
            for one in study.amendments.all()
        ),
        broken_codes=_broken_codes(study),
        gate=study.gate,
        gate_minimum=None if study.gate_minimum is None else float(study.gate_minimum),
        asks_conditions=study.asks_conditions,
        readers=_readers(study, readers),
        not_answered_again=Reopening.objects.filter(
            read__session__study=study, answered_at__isnull=True
        ).count(),
        leak_oracle=_leak_result(study),
    )


def changes(stored: dict[str, Any]) -> tuple[Change, ...]:
    """What an amendment changed, by setting; nothing there before: empty."""
    return tuple(
        Change(setting, _text(before), _text(after))
        for setting, (before, after) in sorted(stored.items())
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()  # as in the protocol
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _broken_codes(study: Study) -> tuple[BrokenCode, ...]:
    broken = CodeBreak.objects.filter(read__session__study=study)
    return tuple(
        BrokenCode(
            reader=one.read.reader.code,
            session=one.read.session.number,
            number=one.read.position - one.read.session.first_position + 1,
            at=one.at,
            reason=one.reason,
        )
        for one in broken.select_related("read__session", "read__reader")
    )


def _readers(study: Study, readers: Sequence[Membership]) -> tuple[ReaderConduct, ...]:
    deviations = Counter(
        Deviation.objects.filter(session__study=study).values_list("reader", "kind")
    )
    reopened = Counter(
        Reopening.objects.filter(read__session__study=study).values_list(
            "read__reader", "by_reader"
        )
    )
    attempts = list(
        TrainingAttempt.objects.filter(reader__study=study).order_by("number")
    )
    checks = list(
        ViewingCheck.objects.filter(session__study=study)
        .select_related("session")
        .order_by("session__number", "shown_at", "pk")
    )
    return tuple(
        _reader(
            reader,
            [one for one in attempts if one.reader_id == reader.pk],
            [one for one in checks if one.session.reader_id == reader.pk],
            tuple(deviations[reader.pk, kind] for kind in KINDS),
            (reopened[reader.pk, True], reopened[reader.pk, False]),
        )
        for reader in readers
    )


def _reader(
    reader: Membership,
    attempts: Sequence[TrainingAttempt],
    checks: Sequence[ViewingCheck],
    deviations: tuple[int, ...],
    reopened: tuple[int, int],
) -> ReaderConduct:
    finished = [one for one in attempts if one.finished_at]
    deciding = next((one for one in finished if one.passed), None)
    deciding = deciding or (finished[-1] if finished else None)
    passed = [one for one in checks if one.passed]
    return ReaderConduct(
        reader=reader.code,
        attempts=len(attempts),
        reached=deciding.reached if deciding else None,
        passed=deciding.passed if deciding else None,
        displays=tuple(dict.fromkeys(one.display for one in passed)),
        room_lights=tuple(dict.fromkeys(one.room_light for one in passed)),
        misread=sum(one.passed is False for one in checks),
        deviations=deviations,
        reopened_by_reader=reopened[0],
        reopened_by_coordinator=reopened[1],
    )


def _leak_result(study: Study) -> LeakResult | None:
    run = leak_oracle_last(study)
    if run is None:
        return None
    return LeakResult(
        at=run.at,
        reads=run.reads,
        draws=run.draws,
        confidence=run.confidence,
        p=run.p,
        leaks=run.leaks,
        findings=tuple(
            LeakFinding(**{name: finding[name] for name in LEAK_FIELDS})
            for finding in run.findings
        ),
    )
