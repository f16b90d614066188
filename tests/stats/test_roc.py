"""Areas, differences and curves, held to their definitions and to scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from stats.multireader import jackknife_covariance
from stats.outcomes import Interval, NotEstimable, Reason
from stats.ratings import RatingTable
from stats.roc import (
    RocCurve,
    area,
    area_difference,
    mean_area,
    mean_curve,
    roc_curve,
)
from stats.roc.areas import cell
from stats.roc.placements import Placed, covariance, left_one_out

from .van_dyke import van_dyke

pytestmark = pytest.mark.pure

Flags = NDArray[np.bool_]


def some_study(
    *, seed: int = 3, patients: int = 30, cases: int = 1, readers: int = 2
) -> tuple[RatingTable, Flags]:
    """Two arms, ratings 0 to 10 with many ties; cases examinations a patient."""
    rng = np.random.default_rng(seed)
    items = patients * cases
    finding = rng.random(items) < 0.4
    shared = np.repeat(rng.normal(size=patients), cases)
    ratings = shared + rng.normal(size=(readers, 2, items)) + finding * [[[1.2], [0.8]]]
    return (
        RatingTable(
            np.clip(np.round(2 * ratings + 4), 0, 10), np.arange(items) // cases
        ),
        finding,
    )


def delong(ratings: NDArray[np.float64], finding: Flags) -> NDArray[np.float64]:
    """(k, k) covariance of the areas of ratings (k, items), as the paper writes it."""
    high, low = ratings[:, finding], ratings[:, ~finding]
    psi = (high[:, :, None] > low[:, None, :]) + 0.5 * (
        high[:, :, None] == low[:, None, :]
    )
    found: NDArray[np.float64] = np.cov(psi.mean(axis=2)) / high.shape[1]
    return found + np.cov(psi.mean(axis=1)) / low.shape[1]


def test_an_area_is_that_of_scikit_learn_and_its_error_that_of_delong() -> None:
    table, finding = some_study()
    errors = np.sqrt(np.diag(delong(table.ratings.reshape(4, -1), finding)))
    for place, (reader, arm) in enumerate(np.ndindex(2, 2)):
        found = area(table, finding, reader=reader, arm=arm)
        assert found.area == pytest.approx(
            roc_auc_score(finding, table.ratings[reader, arm]), abs=1e-12
        )
        assert found.standard_error == pytest.approx(errors[place], abs=1e-12)
        assert (found.with_finding, found.without) == (finding.sum(), (~finding).sum())


def test_a_difference_of_one_reader_is_the_paired_test_of_delong() -> None:
    table, finding = some_study()
    matrix = delong(table.ratings[0], finding)
    found = area_difference(table, finding, first=0, second=1, readers=[0])
    one, two = (roc_auc_score(finding, table.ratings[0, arm]) for arm in (0, 1))
    error = np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])
    assert found.difference == pytest.approx(one - two, abs=1e-12)
    assert found.standard_error == pytest.approx(error, abs=1e-12)
    assert found.z == pytest.approx((one - two) / error, abs=1e-9)
    assert isinstance(found.interval, Interval)
    assert found.interval.high - (one - two) == pytest.approx(
        1.959964 * error, abs=1e-6
    )


def test_a_mean_over_readers_follows_each_patient_through_all_of_them() -> None:
    table, finding = some_study(readers=3)
    matrix = delong(table.ratings[:, 0], finding)
    found = mean_area(table, finding, arm=0)
    assert found.standard_error == pytest.approx(np.sqrt(matrix.sum()) / 3, abs=1e-12)
    apart = np.sqrt(np.trace(matrix)) / 3
    assert found.standard_error > 1.2 * apart  # the readers share the patients


def test_several_cases_of_a_patient_are_one_cluster() -> None:
    """Obuchowski's covariance, written out; and nearly the jackknife by patient."""
    table, finding = some_study(patients=40, cases=3)
    ratings, owners = table.ratings[0, 0], table.patients
    high, low = ratings[finding], ratings[~finding]
    psi = (high[:, None] > low) + 0.5 * (high[:, None] == low)
    m, n, middle = len(high), len(low), psi.mean()
    s10 = s01 = s11 = 0.0
    for patient in range(40):
        own = psi.mean(axis=1)[owners[finding] == patient] - middle
        theirs = psi.mean(axis=0)[owners[~finding] == patient] - middle
        s10, s01 = s10 + own.sum() ** 2, s01 + theirs.sum() ** 2
        s11 += own.sum() * theirs.sum()
    i10, i01 = (len(np.unique(owners[kind])) for kind in (finding, ~finding))
    expected = i10 / (i10 - 1) * s10 / m**2 + i01 / (i01 - 1) * s01 / n**2
    expected += 2 * 40 / 39 * s11 / (m * n)
    found = area(table, finding, reader=0, arm=0)
    assert found.standard_error == pytest.approx(np.sqrt(expected), abs=1e-12)
    assert found.patients == 40
    one = cell(table, finding, 0, 0)
    assert isinstance(one, Placed)
    left_out = jackknife_covariance(left_one_out(one)[:, None])[0, 0]
    assert np.sqrt(left_out) == pytest.approx(found.standard_error, rel=0.05)


def test_leaving_out_a_patient_gives_the_area_of_the_others() -> None:
    table, finding = some_study(patients=12, cases=2)
    one = cell(table, finding, 1, 0)
    assert isinstance(one, Placed)
    found = left_one_out(one)
    for patient in range(12):
        kept = table.patients != patient
        expected = roc_auc_score(finding[kept], table.ratings[1, 0, kept])
        assert found[patient] == pytest.approx(expected, abs=1e-12)


def test_turning_the_scale_turns_the_area_and_keeps_its_error() -> None:
    table, finding = some_study()
    turned = replace(table, ratings=-table.ratings)
    one = area(table, finding, reader=0, arm=0)
    other = area(turned, finding, reader=0, arm=0)
    assert one.area + other.area == pytest.approx(1)
    assert one.standard_error == pytest.approx(other.standard_error)
    assert isinstance(one.interval, Interval) and isinstance(other.interval, Interval)
    assert one.interval.low == pytest.approx(1 - other.interval.high)


def test_ratings_that_a_reader_lacks_in_one_arm_are_out_of_the_difference_only() -> (
    None
):
    table, finding = some_study()
    ratings = table.ratings.copy()
    ratings[0, 1, :7] = np.nan
    found = area_difference(
        replace(table, ratings=ratings), finding, first=0, second=1, readers=[0]
    )
    same = RatingTable(table.ratings[:, :, 7:], table.patients[7:] - 7)
    expected = area_difference(same, finding[7:], first=0, second=1, readers=[0])
    assert found.patients == expected.patients == 23
    assert found.difference == pytest.approx(expected.difference, abs=1e-12)
    assert found.standard_error == pytest.approx(expected.standard_error, abs=1e-12)
    whole = area(replace(table, ratings=ratings), finding, reader=0, arm=0)
    assert whole == area(table, finding, reader=0, arm=0)


def test_the_curve_has_the_points_of_scikit_learn_and_the_area() -> None:
    table, finding = some_study()
    found = roc_curve(table, finding, reader=0, arm=0)
    assert isinstance(found, RocCurve)
    x, y, cuts = sklearn_curve(finding, table.ratings[0, 0], drop_intermediate=False)
    assert found.false_positives == pytest.approx(x)
    assert found.sensitivity == pytest.approx(y)
    assert found.cuts == pytest.approx(cuts)
    assert found.area == pytest.approx(area(table, finding, reader=0, arm=0).area)


@pytest.mark.parametrize("arm", [0, 1])
def test_the_area_of_the_mean_curve_is_the_mean_area(arm: int) -> None:
    for table, finding in (van_dyke(), some_study(readers=3)):
        found = mean_curve(table, finding, arm=arm)
        assert isinstance(found, RocCurve)
        assert found.area == pytest.approx(mean_area(table, finding, arm=arm).area)
        assert (found.false_positives[0], found.sensitivity[0]) == (0, 0)
        assert (found.false_positives[-1], found.sensitivity[-1]) == (1, 1)
        assert (np.diff(found.sensitivity) >= 0).all()
        assert (np.diff(found.false_positives) >= 0).all()


def test_equal_arms_have_no_difference_to_test() -> None:
    table, finding = some_study()
    ratings = np.repeat(table.ratings[:, :1], 2, axis=1)
    found = area_difference(replace(table, ratings=ratings), finding, first=0, second=1)
    assert found.difference == pytest.approx(0, abs=1e-12)
    assert found.p == found.standard_error == NotEstimable(Reason.NO_VARIATION)


@pytest.mark.parametrize(
    ("ratings", "finding", "expected", "reason"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0, Reason.NO_OVERLAP),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0, Reason.NO_OVERLAP),
        ([3, 3, 3, 3], [0, 0, 1, 1], 0.5, Reason.NO_VARIATION),
        ([1, 3, 2, 4], [0, 0, 0, 1], 1.0, Reason.ONE_OF_A_KIND),
        ([1, 2, 3, 4], [0, 0, 0, 0], None, Reason.NO_WITH),
        ([1, 2, 3, 4], [1, 1, 1, 1], None, Reason.NO_WITHOUT),
        ([np.nan] * 4, [0, 0, 1, 1], None, Reason.NO_RATINGS),
    ],
)
def test_what_is_not_estimable_says_why(
    ratings: list[float], finding: list[int], expected: float | None, reason: Reason
) -> None:
    table = RatingTable(np.array([[ratings]], dtype=float), np.arange(4))
    found = area(table, np.array(finding, dtype=bool), reader=0, arm=0)
    nothing = NotEstimable(reason)
    assert found.area == (nothing if expected is None else expected)
    assert found.standard_error == found.interval == nothing
    curve = roc_curve(table, np.array(finding, dtype=bool), reader=0, arm=0)
    assert (curve == nothing) == (expected is None)


def test_a_mean_needs_every_reader() -> None:
    table, finding = some_study()
    ratings = table.ratings.copy()
    ratings[1, 0] = np.nan
    lacking = replace(table, ratings=ratings)
    assert mean_area(lacking, finding, arm=0).area == NotEstimable(
        Reason.READER_MISSING
    )
    assert mean_curve(lacking, finding, arm=0) == NotEstimable(Reason.READER_MISSING)
    assert isinstance(mean_area(lacking, finding, arm=1).area, float)


def test_covariances_of_cells_are_those_of_delong() -> None:
    table, finding = some_study(readers=3)
    cells = [cell(table, finding, *place) for place in np.ndindex(3, 2)]
    found = covariance([one for one in cells if isinstance(one, Placed)])
    assert found == pytest.approx(delong(table.ratings.reshape(6, -1), finding))


def test_a_mean_curve_is_missing_for_the_same_reason_as_the_mean_area() -> None:
    table, finding = some_study()
    for known, reason in (
        (np.zeros_like(finding), Reason.NO_WITH),
        (np.ones_like(finding), Reason.NO_WITHOUT),
    ):
        assert mean_area(table, known, arm=0).area == NotEstimable(reason)
        assert mean_curve(table, known, arm=0) == NotEstimable(reason)
