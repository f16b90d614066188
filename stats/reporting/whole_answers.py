"""What was answered about whole images: latest versions, as rows and as tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from readerstudy.reading.models import Arm, Membership, Score, Study
from readerstudy.reading.questions import IMAGE

from .. import selectors
from ..preference import Choices
from ..preference.choices import LEFT, RIGHT
from ..ratings import RatingTable

FIELDS = (
    *("answer__read__reader_id", "answer__read__arm_id", "answer__read__second_arm_id"),
    *("answer__read__case_id", "answer__read__repeat", "answer__read__position"),
    *("question", "value", "text", "marks", "unassessable"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where on the image, from 0; slice 0 is the lowest."""

    slice: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Said:
    """The latest answer to one question about one read. Keys of rows, but question.

    second: of a pair the arm on the right of the screen, `arm` on its left. value: None
    where it could not be assessed, or was answered in words.
    """

    reader: int
    arm: int
    second: int | None
    case: int
    repeat: int
    position: int
    question: str
    value: int | None
    text: str
    marks: tuple[Mark, ...]
    unassessable: str


NAMES = tuple(field.name for field in fields(Said))


def said(study: Study) -> list[Said]:
    """By reader, position and question; an answer that was given anew counts alone."""
    rows = Score.objects.filter(
        answer__read__session__study=study,
        answer__read__submitted_at__isnull=False,
        side=IMAGE,
    )
    found: dict[tuple[int, int], tuple[int, dict[str, Said]]] = {}
    ordered = rows.order_by("answer__version").values_list("answer__version", *FIELDS)
    for version, *row in ordered.iterator():
        one = _said(row)
        read = one.reader, one.position
        if read not in found or found[read][0] < version:
            found[read] = version, {}
        found[read][1][one.question] = one
    return [
        answers[question]
        for _read, (_version, answers) in sorted(found.items(), key=lambda one: one[0])
        for question in sorted(answers)
    ]


def _said(row: Sequence[Any]) -> Said:
    told = dict(zip(NAMES, row, strict=True))
    marks = (Mark(one["slice"], one["row"], one["column"]) for one in told["marks"])
    return Said(**{**told, "marks": tuple(marks)})


@dataclass(frozen=True)
class WholeAnswers:
    """All of a study, with what is needed to make tables of them.

    cases: pks, by code. patients: of each case, numbered from 0 by first case code.
    arms: the reference first, then in the order of the protocol.
    """

    said: tuple[Said, ...]
    readers: tuple[Membership, ...]
    arms: tuple[Arm, ...]
    cases: tuple[int, ...]
    codes: tuple[str, ...]
    patients: tuple[int, ...]

    def of(self, question: str) -> Iterator[Said]:
        """First readings."""
        return (one for one in self.said if one.question == question and not one.repeat)

    def ratings(self, question: str) -> RatingTable:
        """First readings: (readers, arms, cases), as in `readers`, `arms`, `cases`."""
        return self._ratings(self.of(question))

    def repeated(self, question: str) -> RatingTable:
        """The same of second readings."""
        return self._ratings(
            one for one in self.said if one.question == question and one.repeat == 1
        )

    def _ratings(self, answers: Iterable[Said]) -> RatingTable:
        reader, arm, case = self._places()
        ratings = np.full((len(reader), len(arm), len(case)), np.nan)
        for one in answers:
            if one.value is not None and one.reader in reader and one.case in case:
                ratings[reader[one.reader], arm[one.arm], case[one.case]] = one.value
        return RatingTable(ratings, np.array(self.patients, dtype=np.int64))

    def preferred(
        self, question: str, pairs: Sequence[tuple[int, int]], *, repeat: int = 0
    ) -> RatingTable:
        """(readers, pairs, cases): 1 where the first arm of the pair was preferred, 3
        where the second was, 2 for no difference; whichever was on the left.

        pairs: of places of `arms`.
        """
        reader, arm, case = self._places()
        place = {pair: number for number, pair in enumerate(pairs)}
        ratings = np.full((len(reader), len(pairs), len(case)), np.nan)
        for one in self.said:
            if one.question != question or one.repeat != repeat or one.value is None:
                continue
            if one.second is None or one.reader not in reader or one.case not in case:
                continue
            left, right = arm[one.arm], arm[one.second]
            pair = min(left, right), max(left, right)
            if pair in place:
                turned = left > right
                value = {LEFT: 3 if turned else 1, RIGHT: 1 if turned else 3}
                where = reader[one.reader], place[pair], case[one.case]
                ratings[where] = value.get(one.value, 2)
        return RatingTable(ratings, np.array(self.patients, dtype=np.int64))

    def _places(self) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
        """Place of each reader, arm and case, by primary key."""
        reader, arm, case = (
            {pk: place for place, pk in enumerate(pks)}
            for pks in (
                [one.pk for one in self.readers],
                [one.pk for one in self.arms],
                self.cases,
            )
        )
        return reader, arm, case

    def choices(self, question: str) -> Choices:
        """Pairs that were answered, first readings."""
        readers = {one.pk: place for place, one in enumerate(self.readers)}
        arms = {one.pk: place for place, one in enumerate(self.arms)}
        patients = dict(zip(self.cases, self.patients, strict=True))
        rows = [
            (arms[one.arm], arms[one.second], one.value, readers[one.reader], whose)
            for one in self.of(question)
            if one.value is not None
            and one.second is not None
            and one.reader in readers
            and (whose := patients.get(one.case)) is not None
        ]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        return Choices(len(arms), *columns)


def whole_answers(study: Study, readers: Sequence[Membership]) -> WholeAnswers:
    reference = selectors.reference_arm(study)
    cases = selectors.study_cases(study).values_list("pk", "code")
    pks, codes = zip(*cases, strict=True) if cases else ((), ())
    digests = selectors.patients_by_case(study)
    numbers: dict[str, int] = {}
    for case in pks:
        numbers.setdefault(digests[case], len(numbers))
    return WholeAnswers(
        said=tuple(said(study)),
        readers=tuple(readers),
        arms=(reference, *selectors.compared_arms(study)),
        cases=pks,
        codes=codes,
        patients=tuple(numbers[digests[case]] for case in pks),
    )
