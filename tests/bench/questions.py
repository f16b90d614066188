"""How fast the numbers of ratings and choices of whole images are."""

from collections.abc import Iterator

import numpy as np

from .lines import Line, cpu_seconds


def questions() -> Iterator[Line]:
    """3 readers × 5 arms × 50 cases, and all ten pairs of the arms: 1,500 choices."""
    from sklearn.metrics import roc_auc_score

    from stats.fidelity import arms_compared
    from stats.preference import bradley_terry, pair_shares, side_effect
    from stats.ratings import RatingTable
    from stats.roc import area_difference, mean_area, multireader_areas
    from stats.visual_grading import vgc
    from tests.stats.question_coverage import some_choices

    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, (3, 5, 50)).astype(np.float64)
    table, finding = RatingTable(ratings, np.arange(50)), np.arange(50) < 20

    def rated() -> None:
        multireader_areas(table, finding)
        for arm in range(5):
            mean_area(table, finding, arm=arm)
        for arm in range(1, 5):
            area_difference(table, finding, first=arm, second=0)
        vgc(table, reference=0, categories=(1, 2, 3, 4, 5))
        arms_compared(table, faithful=1)

    def one_by_one() -> None:
        """The jackknife of the areas, which leaves out one case after the other."""
        for reader, arm, case in np.ndindex(3, 5, 50):
            kept = np.arange(50) != case
            roc_auc_score(finding[kept], ratings[reader, arm, kept])

    rated()
    yield Line(
        "ROC and VGC areas and fidelity with intervals, 3 × 5 × 50",
        cpu_seconds(rated, repeat=3),
        "CPU s",
        cpu_seconds(one_by_one),
        "scikit-learn's areas without each case",
        "promised: under 1 s",
    )
    choices = some_choices(
        rng, patients=50, readers=3, abilities=(0, 0.2, 0.4, 0.6, 0.8), spread=0.5
    )

    def chosen() -> None:
        bradley_terry(choices)
        pair_shares(choices)
        side_effect(choices)

    def penalised() -> None:
        bradley_terry(choices, penalised=True)

    chosen()
    yield Line(
        "abilities, pairs and side of 1,500 choices",
        cpu_seconds(chosen, repeat=3),
        "CPU s",
        cpu_seconds(penalised),
        "the penalised estimates of the same",
        "promised: under 1 s",
    )
