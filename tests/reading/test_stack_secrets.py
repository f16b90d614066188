"""What neither the numbers nor the time of a stack may tell: how it is kept."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest

from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.reading.leaks.copying import study_copy
from readerstudy.reading.models import Read
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.questions import own_question_set
from readerstudy.reading.selectors import read_pixels
from tests.cast import Cast, reader_membership
from tests.factory import make_stack_cohort
from tests.stacks import make_stack_study

BRAIN = {"value_low": 0.0, "value_high": 80.0}


def reads_of(cast: Cast, **settings: object) -> list[Read]:
    study = make_stack_study(cast, **settings)
    return list(reader_membership(study, cast.reader).reads.all())


def test_levels_do_not_tell_a_scan_from_what_a_network_made(cast):
    """A scan has whole Hounsfield units, a network's image anything between them."""
    levels = {}
    for read in reads_of(cast, **BRAIN):
        shown = np.frombuffer(read_pixels(read), "<u2")
        levels.setdefault(read.arm.method, set()).update(shown.tolist())
    possible = {round(value * 4095 / 80) for value in range(81)}
    assert set(levels) == {"reference", "short"}
    for method, found in levels.items():
        assert found <= possible, method
        assert len(found) > 20


def test_the_leak_oracle_is_shown_what_readers_are_shown(cast):
    """Else it would find gaps between levels that no reader sees."""
    reads = reads_of(cast, **BRAIN)
    shown = {read.token: read_pixels(read) for read in reads[:4]}
    with study_copy(reads[0].reader.study):
        for read in Read.objects.filter(token__in=shown):
            assert read_pixels(read) == shown[read.token]


def count_cohort(cast: Cast) -> Cohort:
    """Counts of 0 to 60, and what a filter makes of them, shown from 0 to 255."""

    def counts(number: int, index: int, shape: Sequence[int]) -> np.ndarray:
        whole = np.random.default_rng(number).integers(0, 61, shape)
        return whole if index == 0 else whole * 0.9

    cohort = make_stack_cohort("Counts", coordinators=[cast.coordinator], image=counts)
    Series.objects.filter(case__cohort=cohort).update(unit="counts")
    return cohort


def test_levels_do_not_tell_counts_from_what_a_filter_made_of_them(cast):
    found = {}
    window = {"key": "all", "title": "all", "low": 0, "high": 60}
    shown = {"value_low": 0.0, "value_high": 255.0, "windows": [window]}
    for read in reads_of(cast, cohort=count_cohort(cast), **shown):
        levels = np.frombuffer(read_pixels(read), "<u2")
        found.setdefault(read.arm.method, set()).update(levels.tolist())
    possible = {round(value * 4095 / 255) for value in range(61)}
    assert set(found) == {"reference", "short"}
    for method, levels in found.items():
        assert levels <= possible, method
        assert len(levels) > 20


def scan_cohort(cast: Cast, step: float) -> Cohort:
    """Scans of multiples of `step`, in counts; 0: of whatever numbers there are."""

    def scans(number: int, index: int, shape: Sequence[int]) -> np.ndarray:
        chance = np.random.default_rng(number)
        made = chance.uniform(0, 60, shape)
        return np.floor(made) * step if step else made

    cohort = make_stack_cohort("Counts", coordinators=[cast.coordinator], image=scans)
    Series.objects.filter(case__cohort=cohort).update(unit="counts")
    if step % 1 or not step:  # references are kept as fractions, as the others are
        for row in Rendition.objects.filter(case__cohort=cohort, method="gaussian"):
            scans_of = Rendition.objects.filter(case=row.case, method="reference")
            scans_of.update(values=row.values.name, sha256=row.sha256)
    return cohort


@pytest.mark.parametrize(
    ("step", "high", "least"),
    [
        (1, 60, 255),
        (1, 255, None),
        (0.5, 60, 255),  # as a rescale slope makes them
        (0.5, 255, None),  # rounded in every arm
        (8, 500, 8 * 4095),
        (8, 40_000, None),  # what one level is, is more
        (0, 60, None),
    ],
)
def test_a_range_in_which_gaps_would_tell_the_scans_is_refused(cast, step, high, least):
    shown = {"value_low": 0.0, "value_high": high, "windows": []}
    cohort = scan_cohort(cast, step)
    study = make_stack_study(cast, cohort=cohort, opened=False, **shown)
    said = [one.message for one in preflight(study) if "its gaps" in one.message]
    wanted = f"between 0 and {high} an arm could be told by its gaps. Show a range of "
    assert [wanted in one and f"{least} at least" in one for one in said] == (
        [True] if least else []
    )


def test_as_much_is_hashed_for_a_scan_as_for_what_a_network_made(cast, monkeypatch):
    """A scan is kept in half the bytes; what takes longest must not tell that."""
    reads = reads_of(cast)
    hashed: list[int] = []
    plain = hashlib.sha256

    def counting(content: bytes = b"", **rest: bool):
        hashed.append(len(content))
        return plain(content, **rest)

    monkeypatch.setattr(hashlib, "sha256", counting)
    work = {}
    for read in reads:
        hashed.clear()
        read_pixels(read)
        work.setdefault(read.arm.method, set()).add(sum(hashed))
    (scan,), (made,) = work["reference"], work["short"]
    assert abs(scan - made) < 0.01 * made


@pytest.mark.parametrize("when", ["after-grade", "at-end"])
def test_readers_of_stacks_are_asked_for_no_guess_that_they_could_not_give(cast, when):
    study = make_stack_study(cast, guesses=when, opened=False)
    assert "Readers of whole stacks cannot be asked for arm guesses." in {
        one.message for one in preflight(study)
    }


def test_there_are_no_more_grades_than_keys_for_each_side():
    answers = [{"value": value, "words": str(value)} for value in range(5)]
    own = {"key": "uptake", "words": "Uptake", "kind": "grade"}
    with pytest.raises(Refused, match="2 to 4 of them"):
        own_question_set([{**own, "answers": answers}])
    assert own_question_set([{**own, "answers": answers[:4]}])


def test_no_question_has_a_key_that_a_form_has_another_use_for():
    own = {"key": "why-noise", "words": "Why?", "kind": "confidence"}
    with pytest.raises(Refused, match="may not begin with “why-”"):
        own_question_set([own])
