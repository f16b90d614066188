"""The blinding tables of a report: what readers took the images for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from readerstudy.cases.selectors import patients_of
from readerstudy.reading.models import Arm, ArmGuess, Membership, Study

from .. import selectors
from ..bias.blinding_index import (
    BalancedIndex,
    BlindingIndex,
    ConfidenceCounts,
    Guess,
    Truth,
    balanced_index,
    bang_index,
    confidence_counts,
)
from ..outcomes import Interval, NotEstimable
from .arms import ArmName, arm_name


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: which of a reader's reads it was about, and what was said."""

    reader: str
    arm: int  # pk
    truth: Truth
    patient: str  # keyed digest
    guess: Guess
    confidence: int | None


@dataclass(frozen=True)
class IndexLine:
    """Bang's index of one reader, or of all of them, in one arm or several."""

    reader: str  # empty: all readers
    index: BlindingIndex

    @property
    def interval(self) -> Interval | NotEstimable:
        """Bang's where every read is of another patient; else clustered by patient."""
        one = self.index
        return one.interval if one.reads == one.patients else one.interval_clustered


@dataclass(frozen=True)
class ArmBlinding:
    """One arm, or all comparison arms together (arm None): by reader, and all."""

    arm: ArmName | None
    readers: tuple[IndexLine, ...]
    pooled: IndexLine
    confidence: ConfidenceCounts


@dataclass(frozen=True)
class Blinding:
    """when, percent: as the protocol has them. asked: planned guesses."""

    when: str
    percent: int
    asked: int
    answered: int
    arms: tuple[ArmBlinding, ...]  # the reference first
    others: ArmBlinding
    balanced: BalancedIndex
    balanced_readers: tuple[tuple[str, BalancedIndex], ...]


def blinding(study: Study, readers: Sequence[Membership]) -> Blinding | None:
    """The blinding tables; None where the protocol asks for no guesses."""
    planned = ArmGuess.objects.filter(read__session__study=study)
    asked = planned.count()
    if study.guesses == Study.Guesses.NEVER and not asked:
        return None
    given = guesses_given(study)
    codes = [reader.code for reader in readers]
    arms = [selectors.reference_arm(study), *selectors.compared_arms(study)]
    return Blinding(
        when=study.guesses,
        percent=study.guess_percent,
        asked=asked,
        answered=len(given),
        arms=tuple(_arm(arm, given, codes) for arm in arms),
        others=_lines(
            None, "comparison", [g for g in given if g.truth == "comparison"], codes
        ),
        balanced=_balanced(given, codes),
        balanced_readers=tuple(
            (code, _balanced([one for one in given if one.reader == code], [code]))
            for code in codes
        ),
    )


def guesses_given(study: Study) -> list[Given]:
    """By reader and position, first and second readings alike."""
    answered = (
        ArmGuess.objects.filter(read__session__study=study)
        .exclude(guess="")
        .order_by("read__reader__code", "read__position")
        .values_list(
            "read__reader__code",
            "read__arm_id",
            "read__arm__role",
            "read__case",
            "guess",
            "confidence",
        )
    )
    patients = patients_of(selectors.study_cases(study))
    return [
        Given(
            reader,
            arm,
            cast(Truth, role),
            patients[case],
            cast(Guess, guess),
            confidence,
        )
        for reader, arm, role, case, guess, confidence in answered
    ]


def _arm(arm: Arm, given: Sequence[Given], codes: Sequence[str]) -> ArmBlinding:
    of_arm = [one for one in given if one.arm == arm.pk]
    return _lines(arm_name(arm), cast(Truth, arm.role), of_arm, codes)


def _lines(
    arm: ArmName | None, truth: Truth, given: Sequence[Given], codes: Sequence[str]
) -> ArmBlinding:
    return ArmBlinding(
        arm=arm,
        readers=tuple(
            IndexLine(code, _index([g for g in given if g.reader == code], truth))
            for code in codes
        ),
        pooled=IndexLine("", _index(given, truth)),
        confidence=confidence_counts(
            [one.guess for one in given],
            [one.confidence for one in given],
            truth=truth,
        ),
    )


def _index(given: Sequence[Given], truth: Truth) -> BlindingIndex:
    return bang_index(
        [one.guess for one in given],
        truth=truth,
        patients=[one.patient for one in given],
    )


def _balanced(given: Sequence[Given], codes: Sequence[str]) -> BalancedIndex:
    return balanced_index(
        [one.guess for one in given],
        truths=[one.truth for one in given],
        readers=[one.reader for one in given],
        patients=[one.patient for one in given],
        everyone=codes,
    )
