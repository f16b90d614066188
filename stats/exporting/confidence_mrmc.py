"""Confidence in a finding for iMRMC and RJafroc: one set of files a question.

An item is one case, under a number of this export. Its truth is the one that the
protocol gives; cases of which it says nothing are in none of the files but the list of
items. The rating is the answer, 0 to 100. First readings of every arm, the reference
among them. `mrmc` has the formats and where they are described.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from readerstudy.reading.models import Study

from .. import selectors
from ..readings import MISSING
from ..reporting.confidence_section import given_truth
from ..reporting.report import Report
from ..reporting.whole_answers import WholeAnswers, whole_answers
from .codes import codes_of
from .kept import once_per_report
from .lines import Line
from .mrmc import (
    DESIGN,
    MODALITY,
    READER,
    Ratings,
    imrmc_lines,
    mark_lines,
    names_of,
    truth_lines,
)
from .shared_columns import CASE, PATIENT, SIMULATED, STUDY, Column

Lines = Callable[[Study, Report], Iterator[Line]]
ITEM = Column(
    "CaseID",
    "one case, see the list of items; only cases with a truth that every reader rated "
    "in every arm, as RJafroc needs them",
    "",
    "integer from 1",
)
RATING = ("how sure the reader was that the finding is there", "", "0 to 100")
TRUTH = "1: the protocol says that the finding is there, 0: that it is not"
ITEMS = (
    STUDY,
    SIMULATED,
    Column("item", "one case, in the files for ROC programs", "", "integer from 1"),
    CASE,
    PATIENT,
    Column("finding", TRUTH, "", "1, 0 or empty; empty where it says nothing"),
    Column(
        "rated_by_all",
        "whether every reader rated it in every arm; only such are in the RJafroc "
        "files",
        "",
        "TRUE or FALSE",
    ),
)
SHEET_OF_TRUTH = (
    ITEM,
    Column("LesionID", "truth of the item", "", "1 finding, 0 none"),
    Column("Weight", "not used for ROC data", "", "1 finding, 0 none"),
    *DESIGN,
)
POSITIVE = (
    READER,
    MODALITY,
    ITEM,
    Column("LesionID", "items with the finding have one", "", "1"),
    Column("TP_Rating", *RATING),
)
NEGATIVE = (READER, MODALITY, ITEM, Column("FP_Rating", *RATING))
# It has no line of names; the dictionary has its columns from the left.
IMRMC_COLUMNS = (
    Column("1: reader", "code of the reader; -1: the line is the truth", "", "text"),
    Column("2: case", "one case, see the list of items", "", "integer from 1"),
    Column("3: modality", "code of the arm; truth in lines of truth", "", "text"),
    Column("4: score", f"{RATING[0]}; in lines of truth 1 or 0", "", RATING[2]),
)


@once_per_report
def _answers(study: Study, report: Report) -> WholeAnswers:
    return whole_answers(study, list(selectors.study_readers(study)))


def ratings_of(key: str, study: Study, report: Report) -> Ratings:
    """The answers to the question, those who never answered it left out."""
    answers = _answers(study, report)
    given = given_truth(study)
    table = answers.ratings(key)
    read = np.logical_or.reduce(table.rated, axis=(1, 2))
    shown = np.logical_or.reduce(table.rated, axis=(0, 2))
    rated = np.where(table.rated, table.ratings, MISSING).astype(np.int64)
    truth = [int(given[code]) if code in given else MISSING for code in answers.codes]
    return Ratings(
        codes=codes_of(study),
        readers=names_of([one.code for one in answers.readers], read),
        arms=names_of([arm.code for arm in answers.arms], shown),
        places=tuple((case, "image") for case in answers.cases),
        categories=(),
        standard=np.array(truth, dtype=np.int64),
        truth=np.array(truth, dtype=np.int64),
        ratings=rated[np.ix_(read, shown)],
    )


def items(key: str, study: Study, report: Report) -> Iterator[Line]:
    """The number and the truth of each case in the files for ROC programs."""
    found = ratings_of(key, study, report)
    complete = set(found.complete.tolist())
    for place, (case, _image) in enumerate(found.places):
        truth = int(found.truth[place])
        yield {
            "study": report.slug,
            "simulated": report.simulated,
            "item": place + 1,
            "case": found.codes.cases[case],
            "patient": found.codes.patients[case],
            "finding": None if truth == MISSING else truth,
            "rated_by_all": place in complete,
        }


def truth(key: str, study: Study, report: Report) -> Iterator[Line]:
    """For RJafroc, a sheet of its workbook: the truth."""
    yield from truth_lines(ratings_of(key, study, report))


def positive(key: str, study: Study, report: Report) -> Iterator[Line]:
    """For RJafroc, a sheet of its workbook: answers, cases with the finding."""
    yield from mark_lines(ratings_of(key, study, report), 1, "TP_Rating", LesionID=1)


def negative(key: str, study: Study, report: Report) -> Iterator[Line]:
    """For RJafroc, a sheet of its workbook: answers, cases without the finding."""
    yield from mark_lines(ratings_of(key, study, report), 0, "FP_Rating")


# beginning and end of a file's name, with the question's key between them
FILES: dict[tuple[str, str], tuple[tuple[Column, ...], Callable[..., Iterator[Line]]]]
FILES = {
    ("mrmc_items_", ".csv"): (ITEMS, items),
    ("rjafroc_", "_Truth.csv"): (SHEET_OF_TRUTH, truth),
    ("rjafroc_", "_TP.csv"): (POSITIVE, positive),
    ("rjafroc_", "_FP.csv"): (NEGATIVE, negative),
}


def keys(report: Report) -> tuple[str, ...]:
    """Of the questions with such files: none where no case has a truth."""
    found = report.confidence
    if found is None or not found.with_finding + found.without:
        return ()
    return tuple(one.question.key for one in found.questions)


def columns(report: Report) -> dict[str, tuple[Column, ...]]:
    return {
        key.replace("-", "_").join(ends): of[0]
        for key in keys(report)
        for ends, of in FILES.items()
    }


def rows(report: Report) -> dict[str, Lines]:
    return {
        key.replace("-", "_").join(ends): partial(of[1], key)
        for key in keys(report)
        for ends, of in FILES.items()
    }


def file_of(name: str) -> Callable[..., Iterator[Line]]:
    """What makes the lines of this file."""
    return next(
        of[1]
        for (start, end), of in FILES.items()
        if name.startswith(start) and name.endswith(end)
    )


def imrmc_files(report: Report) -> dict[str, str]:
    """File name → key of its question."""
    return {f"imrmc_{key.replace('-', '_')}.imrmc": key for key in keys(report)}


def imrmc_of(key: str, study: Study, report: Report) -> Iterator[str]:
    """The lines of the iMRMC file: a head, the truth of each case, then the answers."""
    title = f"{report.slug}: truth as the protocol gives it, see README.txt"
    yield from imrmc_lines(ratings_of(key, study, report), title=title)
