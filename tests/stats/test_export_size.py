"""Exports of any length: what is held in memory does not grow with the reads."""

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readerstudy.reading.models import Membership, Read, Score, Study
from stats import selectors
from stats.exporting import answers as answers_file
from stats.exporting import reads
from stats.exporting import reads as reads_file
from stats.exporting.answers import answers
from stats.exporting.lines import Line
from stats.reporting.report import Report

from .filled import add_readers, fill_study
from .studies import answer_again

Rows = Callable[[Study, Report], Iterator[Line]]


class Asked:
    """As much of a report as these files ask for."""

    question = "grade"
    asked = ()
    is_graded = True


REPORT: Report = Asked()  # type: ignore[assignment]
FILES: tuple[Rows, ...] = (reads.reads, answers)


@pytest.fixture
def filled(db: None) -> Study:
    """Two readers of ten cases in four arms, the last one twice."""
    return fill_study(cases=10, arms=4, readers=2)


def peak(act: Callable[[], object]) -> int:
    """Bytes held at the highest point of the act, beside what was there before."""
    tracemalloc.start()
    act()
    _now, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest


def through(rows: Iterator[Line]) -> int:
    """How many lines there are, each let go at once."""
    return sum(1 for _ in rows)


@pytest.mark.parametrize("rows", FILES)
def test_memory_does_not_grow_with_the_reads(
    db: None, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    for module in (reads_file, answers_file):
        monkeypatch.setattr(module, "CHUNK", 50)
    peaks = []
    for arms in (4, 24):
        study = fill_study(cases=20, arms=arms, readers=4, slug=f"filled-{arms}")
        through(rows(study, REPORT))  # what is loaded once
        peaks.append(peak(partial(through, rows(study, REPORT))))
    assert Read.objects.filter(session__study=study).count() == 2000
    # bytes a read, titles of the arms among them; a row alone would be a thousand
    assert (peaks[1] - peaks[0]) / 1600 < 70


@pytest.mark.parametrize("rows", FILES)
def test_reads_are_fetched_by_the_chunk(
    filled: Study, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    for module in (reads_file, answers_file):
        monkeypatch.setattr(module, "CHUNK", 25)
    queries = []
    for readers in (0, 4):
        if readers:
            add_readers(filled, readers)
        with CaptureQueriesContext(connection) as found:
            assert through(rows(filled, REPORT)) == 2 * Read.objects.count()
        queries.append(len(found))
    # two chunks a reader, of three queries each at most, and one that finds no more
    assert queries[1] - queries[0] <= 4 * (2 * 3 + 1)


def test_grades_are_held_in_a_few_bytes_each(filled: Study) -> None:
    add_readers(filled, 18)
    selectors.readings(filled)
    found = selectors.readings(filled)
    held = sum(one.numbers.nbytes + one.values.nbytes for one in found.by_key.values())
    assert held == 9 * Score.objects.count()


def test_readings_are_those_of_the_rows(filled: Study) -> None:
    """Reader by reader, arm by arm, the latest version of each side."""
    first = Read.objects.order_by("pk")[0]
    answer_again(first, right=1, left="cut off")
    found = selectors.readings(filled)
    for reader in Membership.objects.filter(study=filled):
        for arm in filled.arms.all():
            for repeat in (0, 1) if arm.repeated else (0,):
                rows = Score.objects.filter(
                    answer__read__reader=reader,
                    answer__read__arm=arm,
                    answer__read__repeat=repeat,
                ).order_by("answer__version")
                latest = {
                    (case, side): value
                    for case, side, value in rows.values_list(
                        "answer__read__case", "side", "value"
                    )
                }
                one = found.of(reader.pk, arm.pk, repeat)
                assert dict(one.grades) == {
                    place: value for place, value in latest.items() if value
                }
                assert one.answered == frozenset(latest)
    declined = found.of(first.reader_id, first.arm_id, first.repeat).declined
    assert declined == {(first.case_id, "left")}
