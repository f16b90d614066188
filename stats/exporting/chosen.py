"""Which files an export has: those that its study has something for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from readerstudy.reading.models import Study

from ..reporting.report import Report
from . import (
    bias_files,
    choice_files,
    confidence_mrmc,
    mrmc,
    multireader_files,
    rating_files,
    reliability_files,
    several_files,
    stability_files,
    stack_files,
    striatum_files,
)
from .columns import FILES
from .lines import Line
from .rows import ROWS
from .shared_columns import Column
from .whole_reads import with_answers

Lines = Callable[[Study, Report], Iterator[Line]]

# of grades alone, and of three central slices alone
GRADED = (
    *("kappa.csv", "primary_comparison.csv", "intra_reader.csv"),
    *several_files.FILES,
    *multireader_files.FILES,
    *bias_files.FILES,
    *mrmc.FILES,
)
SLICES = ("image_quality.csv", *striatum_files.FILES)
DICTIONARY = "data_dictionary.csv"
READS = ("reads.csv", "answers.csv")

# of every study, whatever it has
MORE: Mapping[str, tuple[Column, ...]] = {
    **stack_files.FILES,
    **choice_files.PREFERENCE_FILES,
    **rating_files.RATING_FILES,
    **rating_files.CONFIDENCE_FILES,
    **choice_files.FIDELITY_FILES,
    **reliability_files.FILES,
    **stability_files.FILES,
}
MORE_ROWS: Mapping[str, Lines] = {
    **stack_files.ROWS,
    **choice_files.PREFERENCE_ROWS,
    **rating_files.RATING_ROWS,
    **rating_files.CONFIDENCE_ROWS,
    **choice_files.FIDELITY_ROWS,
    **reliability_files.ROWS,
    **stability_files.ROWS,
}


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    lines: Lines


def tables(report: Report) -> dict[str, Table]:
    """File name → table, in the order of the bundle; the dictionary comes last."""
    absent = _absent(report)
    columns = {**FILES, **MORE, **confidence_mrmc.columns(report)}
    rows: dict[str, Lines] = {
        **ROWS,
        **MORE_ROWS,
        **confidence_mrmc.rows(report),
        DICTIONARY: data_dictionary,
    }
    names = [name for name in columns if name not in absent and name != DICTIONARY]
    return {
        name: Table(_columns(name, columns[name], report), rows[name])
        for name in (*names, DICTIONARY)
    }


def _absent(report: Report) -> set[str]:
    sections = (
        (report.stacks, stack_files.FILES),
        (report.preferences, choice_files.PREFERENCE_FILES),
        (report.ratings, rating_files.RATING_FILES),
        (report.confidence, rating_files.CONFIDENCE_FILES),
        (report.fidelity, choice_files.FIDELITY_FILES),
        (report.reliability, reliability_files.FILES),
        (report.stability, stability_files.FILES),
    )
    found = {name for section, names in sections if not section for name in names}
    if not report.is_graded:
        found |= set(GRADED)
    return found | set(SLICES) if report.stacks else found


def _columns(
    name: str, columns: tuple[Column, ...], report: Report
) -> tuple[Column, ...]:
    """Those of reads and answers depend on what was asked."""
    return with_answers(columns, report) if report.asked and name in READS else columns


def data_dictionary(study: Study, report: Report) -> Iterator[Line]:
    """Every column of every table: meaning, unit, values."""
    found = {name: table.columns for name, table in tables(report).items()}
    if report.is_graded:
        found[mrmc.IMRMC] = mrmc.IMRMC_COLUMNS
    for name in confidence_mrmc.imrmc_files(report):
        found[name] = confidence_mrmc.IMRMC_COLUMNS
    for file, columns in found.items():
        for column in columns:
            yield {
                "file": file,
                "column": column.name,
                "meaning": column.meaning,
                "unit": column.unit,
                "values": column.values,
            }
