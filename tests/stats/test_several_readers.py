"""Agreement of several readers against published examples, R and other libraries."""

from collections.abc import Sequence

import numpy as np
import pytest

from stats.agreement.kappa import weighted_kappa
from stats.agreement.several_readers import (
    INTRACLASS,
    NAMES,
    Coefficient,
    CoefficientName,
    several_readers,
)
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING

from .grade_tables import drawn_table

pytestmark = pytest.mark.pure

# Fleiss JL (1971), 30 psychiatric patients, 6 diagnoses each; `diagnoses` of R's irr
DIAGNOSES = """444444 222555 233335 555555 222444 113333 333355 113334 114444 555555
144444 124444 222333 144444 224445 333335 111455 111112 224444 133555 555555 244444
224555 114444 144445 222224 111155 224444 133333 555555"""
# Krippendorff K (2011), example C; Gwet KL (2014): cac.raw4raters of R's irrCAC
FOUR_RATERS = "11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3."
# Shrout PE, Fleiss JL (1979), table 2: six targets, four judges; a is 10
TARGETS = "9258 6132 8468 7126 a569 6247"


def ratings(text: str) -> np.ndarray:
    """(readers, items) places; each word holds the grades of one item."""
    rows = [[-1 if g == "." else int(g, 16) - 1 for g in word] for word in text.split()]
    return np.array(rows).T


def coefficients(
    grades: np.ndarray,
    *,
    categories: int = 5,
    names: Sequence[CoefficientName] = NAMES,
    patients: np.ndarray | None = None,
) -> dict[str, Coefficient]:
    owners = np.arange(grades.shape[1]) if patients is None else patients
    found = several_readers(grades, categories=categories, patients=owners, names=names)
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # R, irr: kappam.fleiss(diagnoses), with exact = TRUE, kappam.light(diagnoses)
        ("fleiss", 0.430),
        ("conger", 0.442),
        ("light_unweighted", 0.459),
    ],
)
def test_kappas_of_six_psychiatrists_are_those_that_were_published(
    name: CoefficientName, value: float
) -> None:
    found = coefficients(ratings(DIAGNOSES))[name]
    assert found.estimate == pytest.approx(value, abs=5.1e-4)
    assert (found.readers, found.items, found.left_out) == (6, 30, 0)


def test_fleiss_kappa_is_that_of_statsmodels() -> None:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    grades = ratings(DIAGNOSES)
    table, _names = aggregate_raters(grades.T)
    assert coefficients(grades)["fleiss"].estimate == pytest.approx(
        fleiss_kappa(table), abs=1e-12
    )


def test_light_s_kappa_and_its_jackknife_are_those_of_r_vcd() -> None:
    # R 4.2.2, vcd 1.4-11: x the 30 × 6 matrix,
    # light <- function(x) mean(combn(6, 2, function(p) Kappa(table(
    #   factor(x[,p[1]], 1:5), factor(x[,p[2]], 1:5)), "Fleiss-Cohen")$Weighted[1]))
    # v <- sapply(1:30, function(g) light(x[-g,])); sqrt(29/30 * sum((v - mean(v))^2))
    found = coefficients(ratings(DIAGNOSES))["light"]
    assert found.estimate == pytest.approx(0.3831003575, abs=5e-11)
    assert found.standard_error == pytest.approx(0.1023683653, abs=5e-11)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # R, irrCAC 1.0: gwet.ac1.raw(cac.raw4raters), and with weights = "quadratic"
        ("ac1", 0.7754441),
        ("ac2", 0.9140007),
        # Krippendorff (2011): 0.743 nominal, 0.815 ordinal; irrCAC has 0.7434211
        ("alpha_nominal", 0.7434211),
        ("alpha_ordinal", 0.815),
    ],
)
def test_what_tolerates_missing_grades_is_as_published(
    name: CoefficientName, value: float
) -> None:
    found = coefficients(ratings(FOUR_RATERS))[name]
    digits = 5e-4 if name == "alpha_ordinal" else 5.1e-8
    assert found.estimate == pytest.approx(value, abs=digits)
    assert found.items == (12 if name.startswith("ac") else 11)
    assert found.left_out == 12 - found.items


def test_what_needs_every_reader_leaves_out_items_with_a_gap() -> None:
    found = coefficients(ratings(FOUR_RATERS))
    for name in ("fleiss", "conger", *INTRACLASS):
        assert (found[name].items, found[name].left_out) == (8, 4)
    assert found["light"].items == 11


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_is_that_of_the_library_krippendorff(level: str) -> None:
    import krippendorff

    def theirs(grades: np.ndarray) -> float:
        return krippendorff.alpha(
            np.where(grades == MISSING, np.nan, grades),
            level_of_measurement=level,
            value_domain=range(5),
        )

    published = {"nominal": 0.743, "ordinal": 0.815}
    assert theirs(ratings(FOUR_RATERS)) == pytest.approx(published[level], abs=5e-4)
    rng = np.random.default_rng(1)
    for _ in range(5):
        grades = np.where(rng.random((4, 30)) < 0.3, MISSING, rng.integers(0, 5, 30))
        grades = np.where(rng.random((4, 30)) < 0.2, rng.integers(0, 5, 30), grades)
        found = coefficients(grades, names=[f"alpha_{level}"])  # type: ignore[list-item]
        assert found[f"alpha_{level}"].estimate == pytest.approx(theirs(grades))


def test_the_icc_of_six_targets_are_those_of_shrout_and_fleiss() -> None:
    # printed: ICC(2,1) = 0.29, ICC(3,1) = 0.71. R 4.2.2, y the 6 × 4 matrix:
    # m <- anova(lm(c(y) ~ factor(row(y)) + factor(col(y))))$"Mean Sq"
    # C <- (m[1]-m[3])/(m[1]+3*m[3]); A <- (m[1]-m[3])/(m[1]+3*m[3]+4*(m[2]-m[3])/6)
    # F <- m[1]/m[3]; L <- F/qf(.975,5,15); U <- F*qf(.975,15,5); (L-1)/(L+3)
    # a <- 4*A/(6*(1-A)); b <- 1+4*A*5/(6*(1-A))
    # v <- (a*m[2]+b*m[3])^2/((a*m[2])^2/3+(b*m[3])^2/15); f <- qf(.975,5,v)
    # 6*(m[1]-f*m[3])/(f*(4*m[2]+14*m[3])+6*m[1]); f <- qf(.975,v,5)
    # 6*(f*m[1]-m[3])/(4*m[2]+14*m[3]+6*f*m[1])
    found = coefficients(ratings(TARGETS), categories=10)
    absolute, consistent = (found[name] for name in INTRACLASS)
    assert absolute.estimate == pytest.approx(0.289763779528, abs=5e-13)
    assert consistent.estimate == pytest.approx(0.714840714841, abs=5e-13)
    for one, ends in (
        (absolute, (0.01878651337, 0.76108436965)),
        (consistent, (0.342464765, 0.945858260)),
    ):
        assert isinstance(one.f_interval, Interval)
        assert (one.f_interval.low, one.f_interval.high) == pytest.approx(
            ends, abs=5e-10
        )
    # v <- sapply(1:6, function(g) A of y[-g,]); sqrt(5/6 * sum((v - mean(v))^2))
    assert absolute.standard_error == pytest.approx(0.1238410236, abs=5e-11)


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_the_icc_of_any_grades_are_those_of_pingouin() -> None:
    import pandas
    import pingouin

    def theirs(grades: np.ndarray) -> np.ndarray:
        readers, items = grades.shape
        long = {
            "item": np.tile(np.arange(items), readers),
            "reader": np.repeat(np.arange(readers), items),
            "grade": grades.ravel(),
        }
        found = pingouin.intraclass_corr(
            pandas.DataFrame(long), targets="item", raters="reader", ratings="grade"
        )
        return found["ICC"].to_numpy()[1:3]

    # its second and third line are absolute agreement and consistency, single
    assert theirs(ratings(TARGETS)) == pytest.approx([0.29, 0.71], abs=5e-3)
    for seed in range(3):
        grades = drawn_table(seed=seed).grades[:, 0]
        ours = coefficients(grades, categories=4, names=INTRACLASS)
        assert [one.estimate for one in ours.values()] == pytest.approx(
            theirs(grades), abs=1e-9
        )


def test_with_two_readers_conger_and_light_are_cohen_s_kappa() -> None:
    table = drawn_table(readers=2)
    first, second = table.grades[:, 0]
    found = coefficients(table.grades[:, 0], categories=4)

    def cohen(weighting: str) -> float:
        return weighted_kappa(
            first.tolist(),
            second.tolist(),
            categories=range(4),
            patients=table.patients.tolist(),
            weighting=weighting,
        ).kappa

    assert found["conger"].estimate == pytest.approx(cohen("unweighted"), abs=1e-12)
    assert found["light"].estimate == pytest.approx(cohen("quadratic"), abs=1e-12)


def test_quadratic_kappa_is_nearly_the_icc_as_fleiss_and_cohen_showed() -> None:
    # Fleiss JL, Cohen J (1973): equal but for a term of order 1/n
    grades = drawn_table(readers=2, patients=3000).grades[:, 0]
    found = coefficients(grades, categories=4, names=["light", "icc_2_1"])
    assert found["icc_2_1"].estimate == pytest.approx(found["light"].estimate, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_jackknife_leaves_out_all_that_a_patient_has(name: CoefficientName) -> None:
    table = drawn_table(patients=12, missing=0.04)
    grades, patients = table.grades[:, 0], table.patients
    assert (grades == MISSING).any()

    def value(kept: np.ndarray) -> float:
        found = coefficients(
            grades[:, kept], categories=4, names=[name], patients=patients[kept]
        )
        return found[name].estimate

    without = np.array([value(patients != patient) for patient in range(12)])
    expected = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
    found = coefficients(grades, categories=4, names=[name], patients=patients)[name]
    assert found.standard_error == pytest.approx(expected, rel=1e-9)
    assert isinstance(found.interval, Interval)
    assert found.interval.degrees_of_freedom == 11


@pytest.mark.parametrize("name", NAMES)
def test_neither_the_order_of_readers_nor_of_cases_matters(
    name: CoefficientName,
) -> None:
    table = drawn_table(missing=0.1)
    grades, patients = table.grades[:, 1], table.patients
    order = np.random.default_rng(2).permutation(len(patients))
    one = coefficients(grades, categories=4, names=[name], patients=patients)[name]
    shuffled = grades[::-1][:, order]
    other = coefficients(
        shuffled, categories=4, names=[name], patients=patients[order]
    )[name]
    assert other.estimate == pytest.approx(one.estimate, abs=1e-12)
    assert other.standard_error == pytest.approx(one.standard_error, abs=1e-12)


@pytest.mark.parametrize("name", ["fleiss", "conger", "ac1", "alpha_nominal"])
def test_nominal_coefficients_know_no_order_of_grades(name: CoefficientName) -> None:
    grades = drawn_table().grades[:, 0]
    renamed = np.array([2, 0, 3, 1])[grades]
    one, other = (coefficients(g, categories=4)[name] for g in (grades, renamed))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-12)


def test_perfect_agreement_is_one_without_an_interval() -> None:
    grades = np.tile(np.array([0, 1, 2, 3, 3, 2]), (3, 1))
    for one in coefficients(grades, categories=4).values():
        assert one.estimate == pytest.approx(1, abs=1e-12)
        assert one.interval == NotEstimable(Reason.PERFECT)
        assert one.f_interval in (None, NotEstimable(Reason.PERFECT))


def missing(readers: int, items: int) -> np.ndarray:
    return np.full((readers, items), MISSING)


@pytest.mark.parametrize(
    ("grades", "patients", "reason"),
    [
        (missing(3, 4), [0, 1, 2, 3], Reason.NO_READS),
        (missing(3, 0), [], Reason.NO_READS),
        (missing(0, 4), [0, 1, 2, 3], Reason.NO_READS),
        (np.array([[0, 1, 2]]), [0, 1, 2], Reason.ONE_READER),
        (np.array([[0, 1], [0, 2]]), [5, 5], Reason.ONE_PATIENT),
    ],
)
def test_without_grades_readers_or_patients_nothing_is_estimable(
    grades: np.ndarray, patients: list[int], reason: Reason
) -> None:
    owners = np.array(patients, dtype=np.int64)
    for one in coefficients(grades, categories=4, patients=owners).values():
        assert one.estimate == one.interval == NotEstimable(reason)
        assert one.standard_error == NotEstimable(reason)


def test_readers_without_a_side_in_common_have_nothing_to_agree_on() -> None:
    grades = np.array([[0, MISSING, 2, MISSING], [MISSING, 1, MISSING, 3]])
    found = {name: one.estimate for name, one in coefficients(grades).items()}
    complete = ("fleiss", "conger", *INTRACLASS)
    for name, estimate in found.items():
        reason = Reason.NO_COMMON_SIDE if name in complete else Reason.NO_SHARED_SIDE
        assert estimate == NotEstimable(reason)


def test_all_grades_the_same_leave_only_gwet_s_coefficients() -> None:
    found = coefficients(np.full((3, 5), 2), categories=4)
    assert found.pop("ac1").estimate == found.pop("ac2").estimate == 1
    assert {name: one.estimate.reason for name, one in found.items()} == {
        "fleiss": Reason.ALL_SAME,
        "conger": Reason.ALL_CONSTANT,
        "light": Reason.PAIR_MISSING,
        "light_unweighted": Reason.PAIR_MISSING,
        "alpha_nominal": Reason.ALL_SAME,
        "alpha_ordinal": Reason.ALL_SAME,
        "icc_2_1": Reason.ALL_CONSTANT,
        "icc_3_1": Reason.ALL_CONSTANT,
    }


def test_readers_who_are_each_constant_have_no_kappa_of_their_margins() -> None:
    grades = np.array([[3] * 6, [2] * 6, [3] * 6])
    found = coefficients(grades, categories=4)
    assert found["conger"].estimate == NotEstimable(Reason.ALL_CONSTANT)
    assert found["light"].estimate == NotEstimable(Reason.PAIR_MISSING)
    assert found["icc_3_1"].estimate == NotEstimable(Reason.ALL_CONSTANT)


def test_two_readers_who_mirror_each_other_have_no_interval_of_the_icc() -> None:
    # MS of items and of readers are 0: (MSi - MSe)/(MSi + MSe + 2(MSr - MSe)/4) = -2
    grades = np.array([[0, 3, 1, 2], [3, 0, 2, 1]])
    absolute = coefficients(grades, categories=4)["icc_2_1"]
    assert absolute.estimate == pytest.approx(-2)
    assert absolute.f_interval == NotEstimable(Reason.NO_VARIATION)
    assert isinstance(absolute.interval, NotEstimable)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_missing_every_coefficient_is_a_number_or_a_reason(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    patients = int(rng.integers(2, 6))
    grades = rng.integers(MISSING, 3, (int(rng.integers(2, 4)), 2 * patients))
    owners = np.repeat(np.arange(patients), 2)
    for one in coefficients(grades, categories=4, patients=owners).values():
        if isinstance(one.estimate, NotEstimable):
            assert isinstance(one.interval, NotEstimable)
            continue
        assert np.isfinite(one.estimate) and one.estimate <= 1 + 1e-12
        for interval in (one.interval, one.f_interval):
            if isinstance(interval, Interval):
                assert interval.low < interval.high


def test_where_one_patient_alone_varies_there_is_no_jackknife() -> None:
    grades = np.array([[3, 3, 3, 0], [3, 3, 3, 1]])
    found = coefficients(grades, categories=4)["fleiss"]
    assert isinstance(found.estimate, float)
    assert found.interval == NotEstimable(Reason.LEFT_OUT_UNDEFINED)


def test_grades_outside_the_declared_ones_are_no_grades() -> None:
    with pytest.raises(ValueError, match="declared"):
        coefficients(np.array([[0, 4], [0, 1]]), categories=4)
    with pytest.raises(ValueError, match="items"):
        coefficients(np.zeros((2, 3), dtype=int), patients=np.arange(2))
