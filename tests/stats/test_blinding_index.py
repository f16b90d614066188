"""Bang's index against printed results, fractions by hand and its own invariants."""

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.bias.blinding_index import (
    CLIPPED,
    BalancedIndex,
    BlindingIndex,
    Guess,
    Truth,
    balanced_index,
    bang_index,
    confidence_counts,
)
from stats.outcomes import Interval, NotEstimable, Reason

from .blinding_coverage import interval_coverage

pytestmark = pytest.mark.pure


def index_of(
    reference: int, comparison: int, unknown: int, *, truth: Truth
) -> BlindingIndex:
    """The index of so many answers of each kind, every one about another patient."""
    guesses = answers(reference, comparison, unknown)
    return bang_index(guesses, truth=truth, patients=range(len(guesses)))


def answers(reference: int, comparison: int, unknown: int) -> list[Guess]:
    return (
        ["reference"] * reference + ["comparison"] * comparison + ["unknown"] * unknown
    )


# Printed by BlindingIndex.jl, bi([48 22; 4 30; 330 319]), in the README of
# github.com/JuliaHealth/BlindingIndex.jl (commit 1efb959a): estimate, SE, limits at
# 95 %, three decimals. The counts are the investigators' of table 2 of Houweling et
# al. (2014) Clin Trials 11:547-552.
@pytest.mark.parametrize(
    ("counts", "truth", "printed"),
    [
        ((48, 4, 330), "reference", (0.115, 0.018, 0.080, 0.150)),
        ((22, 30, 319), "comparison", (0.022, 0.019, -0.016, 0.060)),
    ],
)
def test_index_error_and_interval_are_those_that_another_program_prints(
    counts: tuple[int, int, int], truth: Truth, printed: tuple[float, ...]
) -> None:
    result = index_of(*counts, truth=truth)
    assert isinstance(result.interval, Interval)
    assert result.interval.degrees_of_freedom is None
    found = (
        result.index,
        result.standard_error,
        result.interval.low,
        result.interval.high,
    )
    assert found == pytest.approx(printed, abs=5.1e-4)


# Counts of table 7 of Bang et al. (2004), CRISP: 82 correct, 25 wrong, 170 unknown
# under lovastatin and 29, 27, 83 under placebo, as in the examples of R's package BI
# 1.2.0 (man/BI.Rd). The expected fractions are worked out by hand.
@pytest.mark.parametrize(
    ("counts", "truth", "index", "variance"),
    [
        ((82, 25, 170), "reference", Fraction(57, 277), Fraction(26390, 277**3)),
        ((27, 29, 83), "comparison", Fraction(2, 139), Fraction(7780, 139**3)),
    ],
)
def test_crisp_has_the_index_and_variance_of_the_formula(
    counts: tuple[int, int, int], truth: Truth, index: Fraction, variance: Fraction
) -> None:
    result = index_of(*counts, truth=truth)
    assert result.index == pytest.approx(float(index), abs=1e-15)
    assert result.standard_error == pytest.approx(sqrt(variance), abs=1e-15)


def test_variance_clustered_by_patient_is_that_worked_out_by_hand() -> None:
    # scores of patients a (1, 1), b (-1), c (0): mean 1/4, deviations 3/2, -5/4, -1/4;
    # 3/2 of their squares' sum 31/8 (36/16 + 25/16 + 1/16) over 4²
    result = bang_index(
        ["comparison", "comparison", "reference", "unknown"],
        truth="comparison",
        patients=["a", "a", "b", "c"],
    )
    assert result.index == 0.25
    assert result.standard_error_clustered == pytest.approx(
        sqrt(Fraction(3, 2) * Fraction(62, 16) / 16)
    )
    assert isinstance(result.interval_clustered, Interval)
    assert result.interval_clustered.degrees_of_freedom == 2


def test_limits_beyond_what_is_possible_are_cut_and_it_is_said() -> None:
    result = index_of(9, 1, 0, truth="reference")
    assert isinstance(result.interval, Interval)
    assert result.interval.high == 1
    assert result.interval.method.endswith(CLIPPED)
    assert isinstance(result.interval_clustered, Interval)
    assert result.interval_clustered.high == 1
    whole = index_of(5, 5, 5, truth="reference").interval
    assert isinstance(whole, Interval)
    assert CLIPPED not in whole.method


def errors(result: BlindingIndex) -> set[object]:
    return {
        result.standard_error,
        result.interval,
        result.standard_error_clustered,
        result.interval_clustered,
    }


def test_nobody_asked_has_no_index() -> None:
    result = bang_index([], truth="reference", patients=[])
    nothing = NotEstimable(Reason.NO_GUESSES)
    assert result.index == nothing
    assert errors(result) == {nothing}


@pytest.mark.parametrize(
    ("counts", "index"), [((0, 0, 6), 0), ((6, 0, 0), 1), ((0, 6, 0), -1)]
)
def test_answers_that_are_all_the_same_have_an_index_and_no_interval(
    counts: tuple[int, int, int], index: int
) -> None:
    result = index_of(*counts, truth="reference")
    assert result.index == index
    assert errors(result) == {NotEstimable(Reason.ALL_ALIKE)}


def test_one_patient_has_bang_s_interval_only() -> None:
    result = bang_index(["reference", "unknown"], truth="reference", patients=[7, 7])
    assert isinstance(result.interval, Interval)
    assert result.interval_clustered == NotEstimable(Reason.ONE_PATIENT)


def test_patients_who_all_contribute_the_same_have_no_clustered_interval() -> None:
    result = bang_index(
        ["reference", "comparison"] * 3, truth="reference", patients=[1, 1, 2, 2, 3, 3]
    )
    assert result.interval_clustered == NotEstimable(Reason.NO_VARIATION)


def test_anything_but_a_guess_is_an_error() -> None:
    with pytest.raises(ValueError, match="one length"):
        bang_index(["unknown"], truth="reference", patients=[])
    with pytest.raises(ValueError, match="perhaps"):
        bang_index(["perhaps"], truth="reference", patients=[1])
    with pytest.raises(ValueError, match="one length"):
        balanced_index(["unknown"], truths=[], readers=[1], patients=[1])


lists = st.lists(
    st.tuples(
        st.sampled_from(["reference", "comparison", "unknown"]), st.integers(0, 5)
    ),
    min_size=1,
    max_size=40,
)
SWAPPED = {"reference": "comparison", "comparison": "reference", "unknown": "unknown"}


def numbers(result: BlindingIndex | BalancedIndex) -> list[object]:
    """All of it, an interval as its limits, a reason as itself."""
    found: list[object] = []
    for value in result.__dict__.values():
        is_interval = isinstance(value, Interval)
        found += value.__dict__.values() if is_interval else [value]
    return found


def assert_same(first: list[object], second: list[object]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        close = pytest.approx(one, abs=1e-9) if isinstance(one, float) else one
        assert other == close


@given(lists, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_index_depends_neither_on_order_nor_on_which_arm_is_called_what(
    items: list[tuple[Guess, int]], random: object
) -> None:
    guesses, patients = [g for g, _ in items], [p for _, p in items]
    result = bang_index(guesses, truth="reference", patients=patients)
    assert -1 <= result.index <= 1
    for interval in (result.interval, result.interval_clustered):
        if isinstance(interval, Interval):
            assert -1 <= interval.low <= result.index <= interval.high <= 1
    swapped = [SWAPPED[guess] for guess in guesses]
    renamed = bang_index(swapped, truth="comparison", patients=patients)
    assert_same(numbers(renamed), numbers(result))
    opposite = bang_index(swapped, truth="reference", patients=patients)
    assert opposite.index == -result.index
    random.shuffle(items)
    shuffled = bang_index(
        [g for g, _ in items], truth="reference", patients=[p for _, p in items]
    )
    assert_same(numbers(shuffled), numbers(result))


@given(lists)
@settings(max_examples=60)
def test_with_every_read_of_another_patient_only_the_correction_differs(
    items: list[tuple[Guess, int]],
) -> None:
    n = len(items)
    result = bang_index(
        [guess for guess, _ in items], truth="comparison", patients=range(n)
    )
    if not isinstance(result.standard_error_clustered, NotEstimable):
        expected = result.standard_error * sqrt(n / (n - 1))
        assert result.standard_error_clustered == pytest.approx(expected)


def asked(
    *cells: tuple[str, Truth, Sequence[Guess]],
) -> tuple[list[Guess], dict[str, list[object]]]:
    """Guesses, truths and readers of (reader, truth, guesses); patients 0, 1, …"""
    guesses: list[Guess] = []
    rest: dict[str, list[object]] = {"truths": [], "readers": [], "patients": []}
    for reader, truth, given_ in cells:
        guesses += given_
        rest["truths"] += [truth] * len(given_)
        rest["readers"] += [reader] * len(given_)
        rest["patients"] += range(len(given_))
    return guesses, rest


def balanced(*cells: tuple[str, Truth, Sequence[Guess]]) -> BalancedIndex:
    guesses, rest = asked(*cells)
    return balanced_index(guesses, **rest)


@pytest.mark.parametrize("leaning", [(1, 9, 0), (9, 1, 0), (2, 3, 5), (1, 0, 9)])
def test_leaning_alone_moves_both_indices_and_not_the_balanced_one(
    leaning: tuple[int, int, int],
) -> None:
    """The same answers in every arm: how a blinded reader guesses."""
    result = balanced(
        ("A", "reference", answers(*leaning)),
        ("A", "comparison", answers(*leaning) * 9),
    )
    toward = (leaning[0] - leaning[1]) / 10
    assert result.reference == pytest.approx(toward)
    assert result.comparison == pytest.approx(-toward)
    assert result.index == pytest.approx(0, abs=1e-12)


def test_readers_who_lean_apart_and_were_asked_unequally_do_not_move_it() -> None:
    """Pooled over readers it would be 0.25: A saw most reference images."""
    result = balanced(
        ("A", "reference", answers(30, 10, 0)),
        ("A", "comparison", answers(6, 2, 0)),
        ("B", "reference", answers(2, 6, 0)),
        ("B", "comparison", answers(10, 30, 0)),
    )
    assert result.index == pytest.approx(0, abs=1e-12)
    assert (result.readers, result.reads, result.patients) == (2, 96, 40)


def test_who_knows_everything_has_one_and_no_interval() -> None:
    result = balanced(
        ("A", "reference", answers(4, 0, 0)), ("A", "comparison", answers(0, 9, 0))
    )
    assert result.index == 1
    assert result.interval == NotEstimable(Reason.NO_VARIATION)


@pytest.mark.parametrize("counts", [(0, 0, 5), (0, 5, 0)])
def test_one_answer_to_everything_is_no_knowledge_and_has_no_interval(
    counts: tuple[int, int, int],
) -> None:
    result = balanced(
        ("A", "reference", answers(*counts)), ("A", "comparison", answers(*counts))
    )
    assert result.index == 0
    assert result.interval == NotEstimable(Reason.ALL_ALIKE)


def test_reads_of_different_patients_have_the_error_of_two_independent_means() -> None:
    """Welch's: a quarter of the sum of both variances (n - 1) over n."""
    guesses, rest = asked(
        ("A", "reference", answers(3, 1, 1)), ("A", "comparison", answers(2, 4, 2))
    )
    rest["patients"] = list(range(len(guesses)))
    result = balanced_index(guesses, **rest)
    # scores 3×1, -1, 0: variance 0.8; 4×1, 2×-1, 2×0: variance 11/14
    assert result.standard_error == pytest.approx(sqrt((0.8 / 5 + 11 / 14 / 8) / 4))
    assert isinstance(result.interval, Interval)
    assert result.interval.degrees_of_freedom == 4


def test_guesses_of_one_patient_that_go_together_widen_the_interval() -> None:
    """The same answers of a reader in both roles: independent, or of one patient."""
    cells = (
        ("A", "reference", answers(4, 4, 0)),
        ("A", "comparison", answers(4, 4, 0)[::-1]),
    )
    guesses, rest = asked(*cells)
    together = balanced_index(guesses, **rest)
    rest["patients"] = list(range(len(guesses)))
    apart = balanced_index(guesses, **rest)
    assert together.standard_error == pytest.approx(apart.standard_error * sqrt(2))


def test_a_reader_not_asked_about_the_reference_leaves_no_mean_over_readers() -> None:
    result = balanced(
        ("A", "reference", answers(3, 2, 0)),
        ("A", "comparison", answers(3, 2, 0)),
        ("B", "comparison", answers(3, 2, 0)),
    )
    nothing = NotEstimable(Reason.READER_MISSING)
    assert (result.index, result.reference, result.interval) == (nothing,) * 3
    assert balanced().index == NotEstimable(Reason.NO_GUESSES)


def test_a_reader_asked_about_one_reference_image_has_no_interval() -> None:
    result = balanced(
        ("A", "reference", answers(0, 1, 0)), ("A", "comparison", answers(3, 2, 0))
    )
    assert result.index == pytest.approx(-0.6)
    assert result.interval == NotEstimable(Reason.ONE_PATIENT_A_READER)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["reference", "comparison", "unknown"]),
            st.sampled_from(["reference", "comparison"]),
            st.integers(0, 2),
            st.integers(0, 6),
        ),
        min_size=1,
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=100)
def test_the_balanced_index_depends_neither_on_order_nor_on_names(
    items: list[tuple[Guess, Truth, int, int]], random: object
) -> None:
    def of(rows: list[tuple[Guess, Truth, int, int]]) -> BalancedIndex:
        guesses, truths, readers, patients = zip(*rows, strict=True)
        return balanced_index(
            guesses, truths=truths, readers=readers, patients=patients
        )

    result = of(items)
    if not isinstance(result.index, NotEstimable):
        assert -1 <= result.index <= 1
    if isinstance(result.interval, Interval):
        assert -1 <= result.interval.low <= result.index + 1e-12
        assert result.index - 1e-12 <= result.interval.high <= 1
    renamed = of([(SWAPPED[g], SWAPPED[t], r, p) for g, t, r, p in items])
    assert_same([renamed.index, renamed.standard_error], numbers(result)[5:7])
    random.shuffle(items)
    assert_same(numbers(of(items)), numbers(result))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # 1,000 replicates: a standard error of 0.7 %. docs/statistics.md has 6,000.
    coverage = interval_coverage(replicates=1000, seed=3)
    assert 0.92 <= coverage.clustered <= 0.97
    assert 0.92 <= coverage.balanced <= 0.97
    assert coverage.bang < coverage.clustered - 0.03


def test_blinded_readers_have_a_balanced_interval_that_holds_zero() -> None:
    coverage = interval_coverage(replicates=600, seed=4, knowledge=0.0)
    assert coverage.index == pytest.approx(0, abs=0.005)
    assert coverage.comparison > 0.3  # by leaning alone
    assert 0.91 <= coverage.balanced <= 0.97


def test_confidence_is_counted_for_correct_and_for_wrong_guesses() -> None:
    counts = confidence_counts(
        ["comparison", "comparison", "reference", "unknown"],
        [5, 5, 2, None],
        truth="comparison",
    )
    assert counts.correct == (0, 0, 0, 0, 2)
    assert counts.wrong == (0, 1, 0, 0, 0)


def test_a_guess_without_its_confidence_is_an_error() -> None:
    with pytest.raises(ValueError, match="confidence"):
        confidence_counts(["reference"], [None], truth="reference")
