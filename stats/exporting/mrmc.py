"""The reads for programs that compare areas under ROC curves: iMRMC and RJafroc.

Such programs want a truth and a rating. The truth here comes from readings, not from
a diagnosis: a side is abnormal where the median of all readers' first grades of it in
the reference arm (of an even number the lower one of the middle two) is not the
highest grade. The rating is the highest grade minus the given one, plus the lowest:
with grades 1 to 4, 5 minus the grade, so that larger is more abnormal. First readings
of every arm but the reference, which would be compared with itself.

An item is one side of one case, under a number of this export: RJafroc takes
integers only. Both programs take items as independent, which the sides of one patient
are not; for standard errors that hold, analyse one side at a time (mrmc_items.csv).

Formats: https://didsr.github.io/iMRMC/000_iMRMC/userManualHTMLdraft/
4_1_1_study_raw_data.htm; https://dpc10ster.github.io/RJafrocQuickStart/
quick-start-data-format.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.reading.models import Study
from readerstudy.reading.questions import SIDES

from .. import selectors
from ..agreement.standards import standard_of
from ..readings import MISSING, GradeTable, Integers
from ..reporting.grade_tables import grade_table
from ..reporting.report import Report
from .codes import Codes, codes_of
from .kept import once_per_report, readings_of
from .lines import Line
from .shared_columns import CASE, PATIENT, SIMULATED, STUDY, Column

READER = Column("ReaderID", "code of the reader", "", "text")
MODALITY = Column("ModalityID", "code of the arm", "", "text")
ITEM = Column(
    "CaseID",
    "one side of one case, see mrmc_items.csv; only items that every reader graded in "
    "every arm, as RJafroc needs them",
    "",
    "integer from 1",
)
DESIGN = (
    Column("ReaderID", "codes of all readers", "", "text, parted by commas"),
    Column("ModalityID", "codes of all arms", "", "text, parted by commas"),
    Column(
        "Paradigm",
        "kind of data, then design, in the first two lines",
        "",
        "ROC, FCTRL (factorial) or empty",
    ),
)
RATING = (
    "highest grade minus the given one, plus the lowest: larger is more abnormal",
    "",
    "1 (grade 4, normal) to 4 (grade 1)",
)

FILES: dict[str, tuple[Column, ...]] = {
    "mrmc_items.csv": (
        STUDY,
        SIMULATED,
        Column(
            "item", "one side of one case, in the files below", "", "integer from 1"
        ),
        CASE,
        PATIENT,
        Column("side", "side of the patient", "", "right or left"),
        Column(
            "standard",
            "median of all readers' first grades in the reference arm; of an even "
            "number the lower one of the middle two",
            "",
            "1, 2, 3 or 4; empty when nobody graded it",
        ),
        Column(
            "abnormal",
            "the truth of the files below: whether standard is less than the highest "
            "grade; by readings, not by a diagnosis",
            "",
            "1 abnormal, 0 normal; empty when nobody graded it",
        ),
        Column(
            "graded_by_all",
            "whether every reader graded it in every arm; only such are in the "
            "RJafroc files",
            "",
            "TRUE or FALSE",
        ),
    ),
    "rjafroc_Truth.csv": (
        ITEM,
        Column("LesionID", "truth of the item", "", "1 abnormal, 0 normal"),
        Column("Weight", "not used for ROC data", "", "1 abnormal, 0 normal"),
        *DESIGN,
    ),
    "rjafroc_TP.csv": (
        READER,
        MODALITY,
        ITEM,
        Column("LesionID", "abnormal items have one", "", "1"),
        Column("TP_Rating", *RATING),
    ),
    "rjafroc_FP.csv": (READER, MODALITY, ITEM, Column("FP_Rating", *RATING)),
}
IMRMC = "imrmc.imrmc"
# It has no line of names; the dictionary has its columns from the left.
IMRMC_COLUMNS = (
    Column("1: reader", "code of the reader; -1: the line is the truth", "", "text"),
    Column("2: case", "one side of one case, see mrmc_items.csv", "", "integer from 1"),
    Column("3: modality", "code of the arm; truth in lines of truth", "", "text"),
    Column("4: score", f"{RATING[0]}; in lines of truth 1 or 0", "", RATING[2]),
)


@dataclass(frozen=True)
class Ratings:
    """Of n items; readers and arms are those with at least one.

    places: (n,) case pk and side, by case code. standard: (n,) places within the
    categories. truth: (n,) 1 abnormal, 0 normal; both MISSING where nobody graded the
    item. ratings: (readers, arms, n), MISSING where there is none.
    """

    codes: Codes
    readers: tuple[str, ...]
    arms: tuple[str, ...]
    places: tuple[tuple[int, str], ...]
    categories: tuple[int, ...]
    standard: Integers
    truth: Integers
    ratings: Integers

    @property
    def complete(self) -> Integers:
        """Places of the items that everybody graded in every arm, with a truth."""
        graded = (self.ratings != MISSING).all(axis=(0, 1)) & (self.truth != MISSING)
        return np.flatnonzero(graded)


@once_per_report
def ratings_of(study: Study, report: Report) -> Ratings:
    readings = readings_of(study, report)
    readers = list(selectors.study_readers(study))
    arms = selectors.compared_arms(study)
    table: GradeTable = grade_table(
        readings,
        readers,
        arms,
        categories=report.categories,
        sides=SIDES,
    )
    standard = np.full(len(table.patients), MISSING)
    if readers:
        standard = standard_of(table, "median")[0]
    top = len(report.categories) - 1
    rated = table.grades != MISSING
    read, shown = rated.any(axis=(1, 2)), rated.any(axis=(0, 2))
    return Ratings(
        codes=codes_of(study),
        readers=names_of([one.code for one in readers], read),
        arms=names_of([arm.code for arm in arms], shown),
        places=tuple((case, side) for case in readings.patients for side in SIDES),
        categories=report.categories,
        standard=standard,
        truth=np.where(standard == MISSING, MISSING, standard < top),
        ratings=np.where(rated, _rating(report.categories)[table.grades], MISSING)[
            np.ix_(read, shown)
        ],
    )


def _rating(categories: tuple[int, ...]) -> Integers:
    """Of each place within the categories."""
    given = np.array(categories, dtype=np.int64)
    ratings: Integers = given.max() + given.min() - given
    return ratings


def names_of(codes: Sequence[str], there: NDArray[np.bool_]) -> tuple[str, ...]:
    """Of those who are there. Both programs part names at commas, RJafroc at blanks."""
    chosen = (code for code, one in zip(codes, there.tolist(), strict=True) if one)
    return tuple("_".join(code.replace(",", " ").split()) for code in chosen)


def items(study: Study, report: Report) -> Iterator[Line]:
    """One line a side of a case: its number in the files for iMRMC and RJafroc."""
    found = ratings_of(study, report)
    complete = set(found.complete.tolist())
    for place, (case, side) in enumerate(found.places):
        known = found.truth[place] != MISSING
        yield {
            "study": report.slug,
            "simulated": report.simulated,
            "item": place + 1,
            "case": found.codes.cases[case],
            "patient": found.codes.patients[case],
            "side": side,
            "standard": found.categories[found.standard[place]] if known else None,
            "abnormal": int(found.truth[place]) if known else None,
            "graded_by_all": place in complete,
        }


def truth(study: Study, report: Report) -> Iterator[Line]:
    """RJafroc's sheet Truth: one line an item that is graded by all."""
    yield from truth_lines(ratings_of(study, report))


def truth_lines(found: Ratings) -> Iterator[Line]:
    paradigm = iter(("ROC", "FCTRL"))
    for place in found.complete.tolist():
        abnormal = int(found.truth[place])
        yield {
            "CaseID": place + 1,
            "LesionID": abnormal,
            "Weight": abnormal,
            "ReaderID": ", ".join(found.readers),
            "ModalityID": ", ".join(found.arms),
            "Paradigm": next(paradigm, None),
        }


def mark_lines(found: Ratings, of: int, rating: str, **more: int) -> Iterator[Line]:
    """Reader by reader and arm by arm the items whose truth is `of`."""
    places = found.complete[found.truth[found.complete] == of].tolist()
    for reader, by_arm in zip(found.readers, found.ratings, strict=True):
        for arm, ratings in zip(found.arms, by_arm.tolist(), strict=True):
            for place in places:
                yield {
                    "ReaderID": reader,
                    "ModalityID": arm,
                    "CaseID": place + 1,
                    **more,
                    rating: ratings[place],
                }


def true_positives(study: Study, report: Report) -> Iterator[Line]:
    """RJafroc's sheet TP: one line a reader, arm and abnormal item graded by all."""
    yield from mark_lines(ratings_of(study, report), 1, "TP_Rating", LesionID=1)


def false_positives(study: Study, report: Report) -> Iterator[Line]:
    """RJafroc's sheet FP: one line a reader, arm and normal item graded by all."""
    yield from mark_lines(ratings_of(study, report), 0, "FP_Rating")


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    "mrmc_items.csv": items,
    "rjafroc_Truth.csv": truth,
    "rjafroc_TP.csv": true_positives,
    "rjafroc_FP.csv": false_positives,
}


def imrmc(study: Study, report: Report) -> Iterator[str]:
    """The lines of the iMRMC file: a head, the truth of each item, then the scores."""
    title = f"{report.slug}: truth and scores come from readings, see README.txt"
    yield from imrmc_lines(ratings_of(study, report), title=title)


def imrmc_lines(found: Ratings, *, title: str) -> Iterator[str]:
    known = np.flatnonzero(found.truth != MISSING).tolist()
    abnormal = int((found.truth == 1).sum())
    yield title
    yield f"N0: {len(known) - abnormal}"
    yield f"N1: {abnormal}"
    yield f"NR: {len(found.readers)}"
    yield f"NM: {len(found.arms)}"
    yield ""
    yield "BEGIN DATA:"
    for place in known:
        yield f"-1,{place + 1},truth,{found.truth[place]}"
    for reader, by_arm in zip(found.readers, found.ratings, strict=True):
        for arm, ratings in zip(found.arms, by_arm.tolist(), strict=True):
            for place in known:
                if ratings[place] != MISSING:
                    yield f"{reader},{place + 1},{arm},{ratings[place]}"
