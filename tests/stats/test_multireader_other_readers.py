"""The analysis for readers beyond these, held to the printout of another program.

OR-DBM MRMC 2.51 (Schartz, Hillis, Pesce, Berbaum; University of Iowa), trapezoidal
ROC areas, error covariances by jackknife: its printouts of the study of Van Dyke et
al. 1993 (2 treatments, 5 readers, 114 cases) and of “FedRoc” (5 treatments, 4 readers,
200 cases), as kept with the R package RJafroc. Areas and covariances are entered as
printed, so results agree to the last printed digit or so.
"""

from dataclasses import replace

import numpy as np
import pytest

from stats.multireader import (
    Analysis,
    ErrorCovariances,
    ObuchowskiRockette,
    analyse,
    cut_means,
    jackknife_replicates,
    joint_kappas,
    obuchowski_rockette,
)
from stats.multireader.obuchowski_rockette import Generalises
from stats.multireader.variance_components import error_covariances, mean_squares
from stats.outcomes import NotEstimable, Reason

from .test_multireader import some_table

pytestmark = pytest.mark.pure

VAN_DYKE = np.array(
    [
        [0.91964573, 0.94782609],
        [0.85877617, 0.90531401],
        [0.90386473, 0.92173913],
        [0.97310789, 0.99935588],
        [0.82979066, 0.92995169],
    ]
)
VAN_DYKE_ERRORS = ErrorCovariances(
    variance=0.00080229,
    cov1=0.00034661,
    cov2=0.00034407,
    cov3=0.00023903,
    of_arm=((0.00101410, 0.00048396), (0.00059047, 0.00020419)),
)
FED_ROC = np.array(
    [
        [0.90425, 0.86425, 0.81295, 0.90235, 0.84140],
        [0.79820, 0.84470, 0.81635, 0.83150, 0.77300],
        [0.81175, 0.82050, 0.75275, 0.78865, 0.77115],
        [0.86645, 0.87160, 0.85730, 0.87980, 0.84800],
    ]
)
FED_ROC_ERRORS = ErrorCovariances(
    variance=0.00078912,
    cov1=0.00029480,
    cov2=0.00023331,
    cov3=0.00021213,
    of_arm=(
        (0.00071053, 0.00021119),
        (0.00075106, 0.00026649),
        (0.00087587, 0.00024646),
        (0.00072652, 0.00022043),
        (0.00088163, 0.00022200),
    ),
)


def analyses(figures: np.ndarray, errors: ErrorCovariances) -> list[Analysis]:
    found = analyse(figures, errors, patients=114).analyses
    assert [one.generalises_to for one in found] == list(Generalises)
    return list(found)


def test_van_dyke_for_readers_and_cases_beyond_these() -> None:
    one = analyses(VAN_DYKE, VAN_DYKE_ERRORS)[0]
    assert one.degrees_of_freedom == pytest.approx(15.26, abs=0.005)
    assert one.statistic == pytest.approx(4.46, abs=0.005)
    assert one.p == pytest.approx(0.0517, abs=5e-5)
    (difference,) = one.differences
    assert difference.difference == pytest.approx(-0.04380032, abs=1e-8)
    assert one.standard_error == pytest.approx(0.02075, abs=5e-6)
    assert difference.t == pytest.approx(-2.11, abs=0.005)
    assert difference.p == pytest.approx(one.p)  # F of two arms is t squared
    assert difference.interval.low == pytest.approx(-0.08796, abs=5e-6)
    assert difference.interval.high == pytest.approx(0.00036, abs=5e-6)
    first, second = one.means
    assert first.standard_error == pytest.approx(0.03317360, abs=2e-7)
    assert first.degrees_of_freedom == pytest.approx(12.74, abs=0.006)
    assert first.interval.low == pytest.approx(0.82522360, abs=1e-6)
    assert second.interval.high == pytest.approx(0.98753689, abs=1e-6)


def test_van_dyke_with_readers_or_cases_fixed() -> None:
    _both, readers_fixed, cases_fixed = analyses(VAN_DYKE, VAN_DYKE_ERRORS)
    assert readers_fixed.statistic == pytest.approx(5.47595, abs=2e-4)
    assert readers_fixed.degrees_of_freedom is None
    assert readers_fixed.p == pytest.approx(0.0193, abs=5e-5)
    assert readers_fixed.differences[0].interval.low == pytest.approx(
        -0.08049, abs=6e-6
    )
    assert readers_fixed.means[0].standard_error == pytest.approx(0.02428971, abs=2e-7)
    assert cases_fixed.statistic == pytest.approx(8.70, abs=0.005)
    assert cases_fixed.degrees_of_freedom == 4
    assert cases_fixed.p == pytest.approx(0.0420, abs=5e-5)
    assert cases_fixed.differences[0].interval.low == pytest.approx(-0.08502, abs=6e-6)
    assert cases_fixed.means[1].standard_error == pytest.approx(0.01615303, abs=1e-8)


def test_five_treatments_have_hillis_degrees_of_freedom() -> None:
    one, readers_fixed, _cases_fixed = analyses(FED_ROC, FED_ROC_ERRORS)
    assert (one.degrees_of_freedom_arms, len(one.differences)) == (4, 10)
    assert one.degrees_of_freedom == pytest.approx(16.80, abs=0.005)
    assert one.statistic == pytest.approx(3.47, abs=0.005)
    assert one.p == pytest.approx(0.0305, abs=5e-5)
    assert one.standard_error == pytest.approx(0.01654, abs=5e-6)
    found = one.between(0, 4)
    assert found.difference == pytest.approx(0.036775, abs=1e-8)
    assert found.p == pytest.approx(0.0402, abs=5e-5)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (0.00185, 0.07170), abs=6e-6
    )
    turned = one.between(4, 0)
    assert turned.interval.low == -found.interval.high and turned.p == found.p
    assert one.means[1].degrees_of_freedom == pytest.approx(27.72, abs=0.02)
    assert one.means[1].interval.low == pytest.approx(0.80942311, abs=1e-6)
    assert readers_fixed.statistic == pytest.approx(13.60126, abs=2e-3)
    assert readers_fixed.p == pytest.approx(0.0087, abs=5e-5)
    assert readers_fixed.between(2, 3).interval.low == pytest.approx(-0.07347, abs=1e-5)
    with pytest.raises(ValueError, match="itself"):
        one.between(1, 1)


def test_covariances_that_turn_out_the_wrong_way_do_not_shrink_the_error() -> None:
    """With Cov2 below Cov3 D is MS(TR), and E is Var - Cov1."""
    wrong = replace(FED_ROC_ERRORS, cov2=0.0001, cov3=0.0002)
    one, readers_fixed, cases_fixed = analyses(FED_ROC, wrong)
    assert one.standard_error == cases_fixed.standard_error
    assert one.degrees_of_freedom == pytest.approx(12)
    expected = np.sqrt(2 / 4 * (0.00078912 - 0.00029480))
    assert readers_fixed.standard_error == pytest.approx(expected)


def test_mean_squares_are_those_of_r() -> None:
    """In R 4.2.2: print(anova(lm(y ~ t + r))$`Mean Sq`, digits = 10) of FED_ROC."""
    found = mean_squares(FED_ROC)
    assert (found.arms, found.readers, found.interaction) == pytest.approx(
        (0.001896957375, 0.007294177500, 0.000462206875), rel=1e-9
    )
    assert found.readers_within[3] == pytest.approx(0.00257777, abs=5e-9)


def test_covariances_are_means_over_readers_and_arms() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(12, 12))
    covariance = (root @ root.T).reshape(4, 3, 4, 3)
    found = error_covariances(covariance)
    sums: dict[tuple[bool, bool], list[float]] = {}
    for r in range(4):
        for a in range(3):
            for s in range(4):
                for b in range(3):
                    sums.setdefault((r == s, a == b), []).append(covariance[r, a, s, b])
    assert found.variance == pytest.approx(np.mean(sums[True, True]))
    assert found.cov1 == pytest.approx(np.mean(sums[True, False]))
    assert found.cov2 == pytest.approx(np.mean(sums[False, True]))
    assert found.cov3 == pytest.approx(np.mean(sums[False, False]))
    assert np.mean([own for own, _ in found.of_arm]) == pytest.approx(found.variance)
    assert np.mean([cov2 for _, cov2 in found.of_arm]) == pytest.approx(found.cov2)


def kappa_analysis(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    table = some_table(seed)
    figures = np.array(joint_kappas(table, weighting="quadratic").kappas)
    return figures, jackknife_replicates(table, weighting="quadratic")


def test_kappa_is_a_figure_of_merit_like_any_other() -> None:
    figures, replicates = kappa_analysis()
    found = obuchowski_rockette(figures, replicates)
    assert isinstance(found, ObuchowskiRockette)
    assert (found.readers, found.arms, found.patients) == (3, 4, 40)
    # order of readers and arms, and any shift or stretch of the figure, do not matter
    turned = obuchowski_rockette(
        1 - 2 * figures[::-1, ::-1], 1 - 2 * replicates[:, ::-1, ::-1]
    )
    for one, other in zip(found.analyses, turned.analyses, strict=True):
        assert one.statistic == pytest.approx(other.statistic)
        assert one.p == pytest.approx(other.p)
        assert one.between(0, 1).difference == pytest.approx(
            -other.between(3, 2).difference / 2
        )


@pytest.mark.parametrize(
    ("readers", "arms", "patients", "reason"),
    [
        (1, 4, 40, Reason.ONE_READER),
        (3, 1, 40, Reason.ONE_ARM),
        (3, 4, 1, Reason.ONE_PATIENT),
    ],
)
def test_what_it_needs_is_said(
    readers: int, arms: int, patients: int, reason: Reason
) -> None:
    figures, replicates = kappa_analysis()
    found = obuchowski_rockette(
        figures[:readers, :arms], replicates[:patients, :readers, :arms]
    )
    assert found == NotEstimable(reason)


def test_figures_that_hang_on_one_patient_have_no_covariance() -> None:
    figures, replicates = kappa_analysis()
    replicates[3, 1, 1] = np.nan
    found = obuchowski_rockette(figures, replicates)
    assert found == NotEstimable(Reason.ONE_PATIENT_DECIDES)
    figures[0, 0] = np.nan
    assert obuchowski_rockette(figures, replicates) == NotEstimable(
        Reason.READER_MISSING
    )


@pytest.mark.parametrize("how", ["perfect", "constant"])
def test_a_kappa_whose_error_is_unknown_is_not_taken_for_one_without_error(
    how: str,
) -> None:
    table = some_table()
    grades = table.grades.copy()
    grades[0, 0] = table.standard[0] if how == "perfect" else 2
    table = replace(table, grades=grades)
    figures = np.array(joint_kappas(table, weighting="quadratic").kappas)
    found = obuchowski_rockette(
        figures, jackknife_replicates(table, weighting="quadratic")
    )
    assert found == NotEstimable(Reason.NO_VARIATION)


def test_no_interval_of_a_mean_kappa_goes_beyond_one() -> None:
    found = analyse(FED_ROC + 0.1, FED_ROC_ERRORS, patients=200)
    cut = cut_means(found, low=-1, high=1)
    for one, other in zip(found.analyses[0].means, cut.analyses[0].means, strict=True):
        assert other.interval.high == min(one.interval.high, 1)
        assert other.interval.low == one.interval.low
        assert ("cut" in other.interval.method) == (one.interval.high > 1)
    assert found.analyses[0].means[0].interval.high > 1


def test_readers_who_differ_in_nothing_say_nothing_about_others() -> None:
    figures = np.tile([0.5, 0.6, 0.7], (4, 1))
    replicates = figures + 0.01 * np.random.default_rng(0).normal(size=(20, 1, 3))
    both, readers_fixed, cases_fixed = obuchowski_rockette(
        figures, np.broadcast_to(replicates, (20, 4, 3))
    ).analyses
    assert both == cases_fixed == NotEstimable(Reason.READERS_ALIKE)
    assert isinstance(readers_fixed, Analysis)
