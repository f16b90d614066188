"""How fast patients are resampled, and how sure the intervals made of them are."""

from collections.abc import Iterator

import numpy as np

from .lines import Line, cpu_seconds

READERS, ARMS, PATIENTS, REPLICATES = 3, 7, 50, 10_000
LOOPED = 10  # replicates of the loop that are measured; the others take as long


def bootstrap() -> Iterator[Line]:
    from sklearn.metrics import cohen_kappa_score

    from stats.agreement.bootstrap import (
        bootstrap_kappa,
        resampled_kappas,
        resampled_patients,
    )
    from tests.stats.grade_tables import drawn_table

    table = drawn_table(readers=READERS, arms=ARMS, patients=PATIENTS)
    counts = resampled_patients(patients=PATIENTS, replicates=LOOPED, seed=1)
    kappas = np.empty((LOOPED, READERS, ARMS))

    def loop() -> None:
        for number, drawn in enumerate(counts):
            sides = np.repeat(np.arange(2 * PATIENTS), np.repeat(drawn, 2))
            for reader, standard in enumerate(table.standard[:, sides]):
                for arm, grades in enumerate(table.grades[reader][:, sides]):
                    kappas[number, reader, arm] = cohen_kappa_score(
                        standard, grades, labels=[0, 1, 2, 3], weights="quadratic"
                    )

    looped = cpu_seconds(loop) * REPLICATES / LOOPED
    apart = resampled_kappas(table, weighting="quadratic", replicates=LOOPED, seed=1)
    yield Line(
        "kappa of resamples, largest difference",
        float(np.abs(apart.replicates - kappas).max()),
        "",
        note="from scikit-learn; promised: at most 1e-12",
    )
    kind = f"{REPLICATES} resamples, {READERS} × {ARMS}"
    for name, act in (("kappa", resampled_kappas), ("intervals", bootstrap_kappa)):
        own = cpu_seconds(lambda act=act: act(table, weighting="quadratic"), repeat=5)
        yield Line(
            f"{name} of {kind}",
            own * 1e3,
            "CPU ms",
            looped * 1e3,
            "scikit-learn in a loop",
            f"{looped / own:,.0f} times as fast; promised: 2,000",
        )


def bootstrap_coverage() -> Iterator[Line]:
    from tests.stats.coverage import interval_coverage

    found = interval_coverage(replicates=2000, seed=1, resamples=1000)
    for name in ("percentile", "bca", "jackknife"):
        yield Line(
            f"the same, {name} by resampled patients",
            100 * getattr(found, name),
            "%",
            100 * found.clustered,
            "the default interval",
        )
