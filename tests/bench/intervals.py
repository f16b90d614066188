"""How fast, and how sure, the comparison of arms over readers is."""

from collections.abc import Iterator

import numpy as np

from .lines import Line, cpu_seconds


def study_intervals() -> Iterator[Line]:
    """The clustered intervals of the first study: 3 readers × 7 arms × 50 cases."""
    from sklearn.metrics import cohen_kappa_score

    from stats.multireader import (
        compare_with_control,
        joint_kappas,
        mean_kappa,
        swap_test,
    )
    from stats.readings import GradeTable

    rng = np.random.default_rng(0)
    standard = rng.integers(0, 4, (3, 100))
    error = rng.integers(-1, 2, (3, 7, 100))
    table = GradeTable(
        (1, 2, 3, 4),
        np.clip(standard[:, None] + error, 0, 3),
        standard,
        np.repeat(np.arange(50), 2),
    )

    def ours() -> None:
        joint = joint_kappas(table, weighting="quadratic")
        for arm in range(7):
            mean_kappa(joint, arm)
        compare_with_control(table, 0, weighting="quadratic", permutations=1)

    def one_by_one() -> None:
        """The jackknife, which leaves out one patient after the other."""
        for reader in range(3):
            for arm in range(7):
                for patient in range(50):
                    kept = table.patients != patient
                    cohen_kappa_score(
                        standard[reader, kept],
                        table.grades[reader, arm, kept],
                        labels=range(4),
                        weights="quadratic",
                    )

    ours()
    yield Line(
        "means and differences with intervals, 3 × 7 × 50",
        cpu_seconds(ours, repeat=3),
        "CPU s",
        cpu_seconds(one_by_one),
        "scikit-learn's kappas without each patient",
        "promised: under 1 s",
    )
    yield Line(
        "9,999 swaps of two arms, 3 readers × 50 patients",
        cpu_seconds(lambda: swap_test(table, 0, 1, weighting="quadratic"), repeat=3),
        "CPU s",
        cpu_seconds(ours, repeat=3),
        "the line above",
    )


def arms_coverage() -> Iterator[Line]:
    """Nominal 95 % and 5 %; the Monte Carlo standard error of a share is 0.7 %."""
    from tests.stats.difference_coverage import difference_coverage
    from tests.stats.multireader_coverage import errors_of_arms_compared

    found = errors_of_arms_compared(replicates=1000, seed=1)
    apart = difference_coverage(replicates=1000, seed=1, errors=(0.5, 0.5))
    for name, share, note in (
        ("coverage of a mean kappa's 95 % interval", found.mean, "nominal 95 %"),
        ("equal arms called different: difference", found.these, "nominal 5 %"),
        ("equal arms called different: arms swapped", found.swapped, "nominal 5 %"),
        ("equal arms called different: other readers", found.others, "nominal 5 %"),
    ):
        yield Line(name, 100 * share, "%", note=note)
    yield Line(
        "coverage of a difference's 95 % interval",
        100 * found.difference,
        "%",
        100 * apart.apart,
        "arms taken as independent",
        "nominal 95 %",
    )
