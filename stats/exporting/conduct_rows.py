"""The lines of the files about conduct and blinding, as name → value."""

from collections.abc import Iterator

from readerstudy.reading.models import (
    ArmGuess,
    Deviation,
    Reopening,
    Study,
    TrainingRead,
    ViewingCheck,
)
from readerstudy.reading.questions import SIDES

from .. import selectors
from ..bias.blinding_index import BalancedIndex
from ..outcomes import NotEstimable
from ..reporting.blinding_tables import ArmBlinding, IndexLine
from ..reporting.conduct import changes
from ..reporting.primary import Compared
from ..reporting.report import Report
from .codes import PLACE, codes_of
from .lines import Line, interval_cells, reasons

UNITS = {
    Deviation.Kind.WASHOUT: "h",
    Deviation.Kind.LONG_PAUSE: "s",
    Deviation.Kind.FOCUS: "s",
    Deviation.Kind.VIEWPORT: "px",
}


def _beginning(report: Report) -> Line:
    return {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "simulated": report.simulated,
    }


def primary_comparison(study: Study, report: Report) -> Iterator[Line]:
    """One line, where the plan names both arms and a margin; one more of own sides."""
    planned = report.primary
    if planned.same is not None:
        counts = (planned.left_out, planned.missing)
        yield _compared(report, "same", planned.same, *counts)
    if planned.own is not None:
        yield _compared(report, "own", planned.own, None, None)


def _compared(
    report: Report,
    sides: str,
    compared: Compared,
    left_out: int | None,
    missing: int | None,
) -> Line:
    planned, found = report.primary, compared.difference
    numbers: dict[str, float | NotEstimable] = {
        "kappa_primary": found.first,
        "kappa_control": found.second,
        "difference": found.difference,
        "se_clustered": found.standard_error,
    }
    return {
        **_beginning(report),
        "primary": planned.primary.code if planned.primary else None,
        "control": planned.control.code if planned.control else None,
        "weighting": report.plan.weighting,
        "sides": sides,
        "n_readers": found.readers,
        "n_sides_primary": compared.pairs[0],
        "n_sides_control": compared.pairs[1],
        "n_not_assessable": left_out,
        "n_not_read": missing,
        "n_patients": found.patients,
        **numbers,
        **interval_cells(found.interval),
        "margin": planned.margin,
        "not_inferior": compared.is_not_inferior,
        "plan_amendments": " ".join(
            str(one.number) for one in report.conduct.plan_amendments
        ),
        "not_estimable": reasons({**numbers, "interval": found.interval}),
    }


def blinding_index(study: Study, report: Report) -> Iterator[Line]:
    """Arm by arm each reader, then all; the same of the others; the balanced index."""
    if report.blinding is None:
        return
    for arm in (*report.blinding.arms, report.blinding.others):
        for one in (*arm.readers, arm.pooled):
            yield {**_beginning(report), **_index(arm, one)}
    for reader, balanced in (
        *report.blinding.balanced_readers,
        ("", report.blinding.balanced),
    ):
        yield {**_beginning(report), **_balanced(reader, balanced)}


def _index(arm: ArmBlinding, one: IndexLine) -> Line:
    found = one.index
    numbers: dict[str, float | NotEstimable] = {
        "index": found.index,
        "se_multinomial": found.standard_error,
        "se_clustered": found.standard_error_clustered,
    }
    return {
        "estimate": "arm" if arm.arm else "others",
        "arm": arm.arm.code if arm.arm else None,
        "arm_title": arm.arm.title if arm.arm else None,
        "reader": one.reader,
        "n_reads": found.reads,
        "n_patients": found.patients,
        "correct": found.correct,
        "wrong": found.wrong,
        "unknown": found.unknown,
        **numbers,
        **interval_cells(one.interval),
        "not_estimable": reasons({**numbers, "interval": one.interval}),
    }


def _balanced(reader: str, found: BalancedIndex) -> Line:
    numbers: dict[str, float | NotEstimable] = {
        "index": found.index,
        "se_clustered": found.standard_error,
    }
    return {
        "estimate": "balanced",
        "arm": None,
        "arm_title": None,
        "reader": reader,
        "n_reads": found.reads,
        "n_patients": found.patients,
        "correct": None,
        "wrong": None,
        "unknown": None,
        "se_multinomial": None,
        **numbers,
        **interval_cells(found.interval),
        "not_estimable": reasons({**numbers, "interval": found.interval}),
    }


def guesses(study: Study, report: Report) -> Iterator[Line]:
    """One line a planned guess, by reader and position."""
    codes = codes_of(study)
    for reader in selectors.answering_readers(study):
        planned = ArmGuess.objects.filter(read__reader=reader)
        rows = planned.order_by("read__position").values_list(
            *(f"read__{name}" for name in PLACE),
            *("guess", "confidence", "first_shown_at", "guessed_at"),
        )
        for *place, guess, confidence, shown_at, guessed_at in rows.iterator(
            chunk_size=2000
        ):
            role = codes.arms[place[PLACE.index("arm_id")]].role
            told = guess not in ("", ArmGuess.Guess.UNKNOWN)
            yield {
                **codes.cells(*place),
                "arm_role": role,
                "guess": guess,
                "confidence": confidence,
                "correct": guess == role if told else None,
                "first_shown_at": shown_at,
                "guessed_at": guessed_at,
            }


def deviations(study: Study, report: Report) -> Iterator[Line]:
    """One line a deviation, by reader and time."""
    found = Deviation.objects.filter(session__study=study)
    found = found.select_related("reader", "session", "read")
    for one in found.order_by("reader__code", "at", "pk"):
        yield {
            "study": study.slug,
            "reader": one.reader.code,
            "session": one.session.number,
            "position": one.read.position if one.read else None,
            "kind": one.kind,
            "amount": one.amount,
            "unit": UNITS.get(Deviation.Kind(one.kind), ""),
            "at": one.at,
        }


def reopenings(study: Study, report: Report) -> Iterator[Line]:
    """One line each time that a read was opened again, by reader and time."""
    found = Reopening.objects.filter(read__session__study=study)
    found = found.select_related("read__reader", "read__session")
    for one in found.order_by("read__reader__code", "at", "pk"):
        yield {
            "study": study.slug,
            "reader": one.read.reader.code,
            "session": one.read.session.number,
            "position": one.read.position,
            "by": "reader" if one.by_reader else "coordinator",
            "reason": one.reason,
            "at": one.at,
            "answered_at": one.answered_at,
        }


def amendments(study: Study, report: Report) -> Iterator[Line]:
    """One line an amendment and setting."""
    for one in study.amendments.order_by("number"):
        for change in changes(one.changes):
            yield {
                "study": study.slug,
                "number": one.number,
                "at": one.at,
                "reason": one.reason,
                "setting": change.setting,
                "before": change.before,
                "after": change.after,
                "amended_sha256": one.protocol_sha256,
            }


def viewing_conditions(study: Study, report: Report) -> Iterator[Line]:
    """One line a test pattern that was shown, by reader, session and time."""
    checks = ViewingCheck.objects.filter(session__study=study)
    checks = checks.select_related("session__reader")
    devices: dict[str, dict[str, int]] = {}  # reader → digest → number
    ordered = checks.order_by(
        "session__reader__code", "session__number", "shown_at", "pk"
    )
    for one in ordered:
        reader = one.session.reader.code
        known = devices.setdefault(reader, {})
        if one.device:
            known.setdefault(one.device, len(known) + 1)
        yield {
            "study": study.slug,
            "reader": reader,
            "session": one.session.number,
            "shown_at": one.shown_at,
            "answered_at": one.answered_at,
            "display": one.display,
            "room_light": one.room_light,
            "screen": one.screen,
            "device": known.get(one.device),
            "passed": one.passed,
        }


def training(study: Study, report: Report) -> Iterator[Line]:
    """One line a training image, side and attempt of a reader."""
    reads = TrainingRead.objects.filter(attempt__reader__study=study)
    reads = reads.select_related("attempt__reader", "item__case")
    for one in reads.order_by("attempt__reader__code", "attempt__number", "position"):
        for question, key in one.item.key.items():
            given = (one.answers or {}).get(question, {})
            for side in SIDES:
                yield {
                    "study": study.slug,
                    "reader": one.attempt.reader.code,
                    "attempt": one.attempt.number,
                    "position": one.position,
                    "case": one.item.case.code,
                    "method": one.item.method,
                    "side": side,
                    "question": question,
                    "key": key[side],
                    "answer": given.get(side),
                    "submitted_at": one.submitted_at,
                    "reached": one.attempt.reached,
                    "passed": one.attempt.passed,
                }
