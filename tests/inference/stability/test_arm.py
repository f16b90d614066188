"""An arm's numbers, against published examples and other programs."""

import numpy as np
import pytest

from inference.stability import CaseFindings, Settings, measure_arm
from readerstudy.imaging.stability_measures import MEASURES

SETTINGS = Settings(resamples=200)

# Shrout & Fleiss 1979 (doi:10.1037/0033-2909.86.2.420), table 2: six targets, four
# judges. Their ICC(1,1) is .17. Its interval by their formula, from the mean squares
# 11.24 and 6.26 and F.975(5, 18) = 3.38, F.975(18, 5) = 6.36 of a printed table, is
# −.13 to .72.
SHROUT_FLEISS = (
    (9, 2, 5, 8),
    (6, 1, 3, 2),
    (8, 4, 6, 8),
    (7, 1, 2, 6),
    (10, 5, 6, 9),
    (6, 2, 4, 7),
)


def findings(code: str, *, patient: str = "", **changes: object) -> CaseFindings:
    nothing: dict[str, dict] = {"numbers": {}, "reasons": {}, "details": {}}
    return CaseFindings(
        code=code, patient=patient or code, maps={}, **{**nothing, **changes}
    )


def with_binding(
    code: str, reference: float, output: float, *, patient: str = "", grade: int = 4
) -> CaseFindings:
    return findings(
        code,
        patient=patient,
        details={
            "sbr-reference-right": reference,
            "sbr-output-right": output,
            "grade-right": grade,
        },
    )


def test_the_intraclass_correlation_is_that_of_shrout_and_fleiss() -> None:
    cases = [
        findings(
            f"S{number}",
            numbers={"repeat-sbr-sd-left": float(np.std(row, ddof=1))},
            details={"repeat-mean-left": float(np.mean(row)), "repeats": 4},
        )
        for number, row in enumerate(SHROUT_FLEISS)
    ]

    found = measure_arm(cases, settings=SETTINGS).measures["repeat-icc-left"]

    assert found.value == pytest.approx(0.1657, abs=5e-4)
    assert found.low == pytest.approx(-0.133, abs=5e-3)
    assert found.high == pytest.approx(0.723, abs=5e-3)
    assert found.n == 6


@pytest.mark.parametrize(
    ("means", "value", "reason"),
    [((2.0, 5.0), 1.0, ""), ((3.0, 3.0), None, "The output's binding ratios do not")],
)
def test_repeats_that_never_differ_agree_where_patients_do(
    means: tuple[float, ...], value: float | None, reason: str
) -> None:
    cases = [
        findings(
            f"S{number}",
            numbers={"repeat-sbr-sd-left": 0.0},
            details={"repeat-mean-left": mean, "repeats": 4},
        )
        for number, mean in enumerate(means)
    ]

    found = measure_arm(cases, settings=SETTINGS).measures["repeat-icc-left"]

    assert found.value == value
    assert found.reason.startswith(reason)
    assert bool(found.reason) == (value is None)


def test_the_slope_and_its_interval_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    reference = rng.uniform(0.5, 8, 30)
    patients = np.repeat(np.arange(15), 2)
    output = 0.8 * reference + 0.5 + rng.normal(0, 0.4, 15)[patients]
    output += rng.normal(0, 0.2, 30)
    cases = [
        with_binding(f"C{n}", reference[n], output[n], patient=f"P{patients[n]}")
        for n in range(30)
    ]

    found = measure_arm(cases, settings=SETTINGS).measures["severity-slope"]

    fit = sm.OLS(output - reference, sm.add_constant(reference)).fit(
        cov_type="cluster", cov_kwds={"groups": patients}, use_t=True
    )
    assert found.value == pytest.approx(fit.params[1])
    assert [found.low, found.high] == pytest.approx(list(fit.conf_int()[1]))
    assert found.n == 30


def test_binding_is_weighed_over_all_patients_and_not_patient_by_patient() -> None:
    cases = [with_binding("C1", 8.0, 8.8), with_binding("C2", 0.1, 0.2, grade=1)]

    arm = measure_arm(cases, settings=SETTINGS)

    assert arm.measures["striatal-emphasis"].value == pytest.approx(100 * 0.9 / 8.1)
    assert [row["grade"] for row in arm.series["grades"]] == [1, 4]
    assert [row["bias"] for row in arm.series["grades"]] == pytest.approx([0.1, 0.8])
    assert len(arm.series["severity"]) == 2


def test_the_interval_of_over_emphasis_is_that_of_statsmodels() -> None:
    """The ratio of sums is a line through 0, weighed by 1 / reference."""
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    reference = rng.uniform(0.5, 8, 30)
    patients = np.repeat(np.arange(15), 2)
    output = 1.1 * reference + rng.normal(0, 0.4, 15)[patients]
    cases = [
        with_binding(f"C{n}", reference[n], output[n], patient=f"P{patients[n]}")
        for n in range(30)
    ]

    found = measure_arm(cases, settings=SETTINGS).measures["striatal-emphasis"]

    fit = sm.WLS(output - reference, reference, weights=1 / reference).fit(
        cov_type="cluster", cov_kwds={"groups": patients}, use_t=True
    )
    assert found.value == pytest.approx(100 * fit.params[0])
    assert [found.low, found.high] == pytest.approx(list(100 * fit.conf_int()[0]))


def test_the_bias_of_a_grade_counts_a_patient_once() -> None:
    cases = [
        with_binding("C1", 8.0, 8.2, patient="P1"),
        with_binding("C2", 8.0, 8.4, patient="P1"),
        with_binding("C3", 8.0, 8.9, patient="P2"),
    ]

    (row,) = measure_arm(cases, settings=SETTINGS).series["grades"]

    assert row["bias"] == pytest.approx(0.6)
    reach = 12.706 * 0.3  # t of one degree of freedom; 0.3 and 0.9 lie 0.3 from it
    assert (row["low"], row["high"]) == pytest.approx((0.6 - reach, 0.6 + reach), 1e-3)
    assert row["n"] == 3


@pytest.mark.parametrize(
    ("key", "worst"),
    [
        ("deformation", ["C3", "C2", "C1"]),  # at most
        ("insert-shown", ["C1", "C2", "C3"]),  # at least
        ("counts-kept", ["C1", "C3", "C2"]),  # within
    ],
)
def test_the_worst_cases_are_furthest_on_the_wrong_side(
    key: str, worst: list[str]
) -> None:
    values = {"C1": -9.0, "C2": 1.0, "C3": 3.0}
    cases = [findings(code, numbers={key: value}) for code, value in values.items()]

    assert list(measure_arm(cases, settings=SETTINGS).worst[key]) == worst


def test_a_patient_with_two_cases_counts_once() -> None:
    cases = [
        findings("C1", patient="P1", numbers={"deformation": 2.0}),
        findings("C2", patient="P1", numbers={"deformation": 4.0}),
        findings("C3", patient="P2", numbers={"deformation": 9.0}),
    ]

    arm = measure_arm(cases, settings=SETTINGS)

    found = arm.measures["deformation"]
    assert (found.value, found.n) == (pytest.approx(6.0), 3)
    assert found.low < 6 < found.high
    assert list(arm.worst["deformation"]) == ["C3", "C2", "C1"]


def test_every_measure_has_a_value_or_a_reason() -> None:
    for cases in ([], [findings("C1", reasons={"deformation": "It has no edges."})]):
        arm = measure_arm(cases, settings=SETTINGS)

        assert set(arm.measures) == set(MEASURES)
        assert all(f.value is not None or f.reason for f in arm.measures.values())
    assert arm.measures["deformation"].reason == "It has no edges."


def test_cases_beyond_the_peak_have_the_interval_of_wilson() -> None:
    from statsmodels.stats.proportion import proportion_confint

    cases = [
        findings(f"C{n}", numbers={"omission-peak": 5.1 if n < 2 else 4.9})
        for n in range(20)
    ]

    found = measure_arm(cases, settings=SETTINGS).measures["omission-cases"]

    low, high = proportion_confint(2, 20, method="wilson")
    assert found.value == pytest.approx(10)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))


def test_where_it_breaks_lies_between_two_doses() -> None:
    """Errors 40, 20, 10 at 0.1, 0.2, 0.4; the input has 30 as it is: half-way between
    the first two, by their logarithm."""
    settings = Settings(doses=(0.1, 0.2, 0.4), resamples=50)
    outputs = {"dose-0.1": 40.0, "dose-0.2": 20.0, "dose-0.4": 10.0, "short": 20.0}
    inputs = {"dose-0.1": 50.0, "dose-0.2": 30.0, "dose-0.4": 20.0, "short": 30.0}
    details = {f"output-{key}": value for key, value in outputs.items()}
    details |= {f"input-{key}": value for key, value in inputs.items()}

    arm = measure_arm([findings("C1", details=details)], settings=settings)

    assert arm.measures["dose-break"].value == pytest.approx(0.1 * 2**0.5)
    assert arm.measures["dose-reversal"].value == 0


def test_a_rise_of_the_error_is_a_share_of_that_at_the_scan_s_own_dose() -> None:
    """Errors 30, 10, 16 and 12: from 10 to 16, of the 20 that the scan as it is has."""
    settings = Settings(doses=(0.1, 0.2, 0.4, 1.0), resamples=50)
    outputs = {"dose-0.1": 30.0, "dose-0.2": 10.0, "dose-0.4": 16.0, "dose-1": 12.0}
    details = {f"output-{key}": value for key, value in outputs.items()}
    details |= {f"input-{key}": 40.0 for key in outputs}
    details |= {"output-short": 20.0, "input-short": 25.0}

    arm = measure_arm([findings("C1", details=details)], settings=settings)

    assert arm.measures["dose-reversal"].value == pytest.approx(30)


def test_where_it_breaks_has_no_interval_where_it_may_well_help_at_no_dose() -> None:
    """Of five patients it makes two much worse at every dose: in one of seven samples
    of them the mean is never as near to the reference as the input."""
    settings = Settings(doses=(0.1, 0.2), resamples=500)
    cases = []
    for number, output in enumerate((10.0, 10.0, 10.0, 55.0, 55.0)):
        keys = ("dose-0.1", "dose-0.2", "short")
        details = {f"output-{key}": output for key in keys}
        details |= {f"input-{key}": 40.0 for key in keys}
        cases.append(findings(f"C{number}", details=details))

    found = measure_arm(cases, settings=settings).measures["dose-break"]

    assert found.value == 0.1
    assert (found.low, found.high) == (None, None)
    assert "no dose" in found.reason


def test_findings_come_back_from_what_was_stored() -> None:
    case = with_binding("C1", 8.0, 8.8)

    again = CaseFindings.from_json("C1", case.to_json())

    assert again == case


def test_settings_come_back_from_what_was_stored() -> None:
    settings = Settings(repeats=20, doses=(0.2, 1.0))

    assert Settings.from_json(settings.to_json()) == settings
    with pytest.raises(ValueError, match="unknown settings"):
        Settings.from_json({"repeat": 3})
