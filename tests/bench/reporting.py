"""What a study's report computes, and how sure its intervals are."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from .lines import THIRTEEN, Line, cpu_seconds


def report() -> Iterator[Line]:
    """What the report computes of 3 readers of the cohort that `opening` has made."""
    from readerstudy.cases.models import Cohort
    from stats import selectors
    from stats.reporting.agreement_tables import kappa_lines
    from stats.reporting.analysis_plan import analysis_plan
    from stats.reporting.blinding_tables import blinding, guesses_given
    from stats.reporting.primary import primary_comparison
    from tests.stats.conducted import add_guesses, give_plan
    from tests.stats.studies import make_study

    study = make_study(
        Cohort.objects.get(name="Fifty"), methods=THIRTEEN, repeated="network-1"
    )
    give_plan(study, primary_arm="network-1")
    add_guesses(study)
    readers = list(selectors.study_readers(study))
    readings, plan = selectors.readings(study), analysis_plan(study.protocol)

    primary = partial(primary_comparison, study, plan, readings, readers)
    assert primary().control is not None
    yield Line(
        "blinding index, 3 readers × 14 × 50 reads",
        cpu_seconds(lambda: blinding(study, readers), repeat=3) * 1e3,
        "CPU ms",
        cpu_seconds(lambda: guesses_given(study), repeat=3) * 1e3,
        "fetching the guesses alone",
    )
    yield Line(
        "primary comparison, 3 readers × 50 patients",
        cpu_seconds(primary, repeat=3) * 1e3,
        "CPU ms",
        cpu_seconds(
            lambda: kappa_lines(study, readings, readers, weighting=plan.weighting),
            repeat=3,
        )
        * 1e3,
        "kappa of all arms and readers",
    )


def image_quality() -> Iterator[Line]:
    from skimage.metrics import structural_similarity

    from stats.image_quality.similarity import structural_similarities

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 256, (2, 250, 64, 64), dtype=np.uint8)

    def loop() -> None:
        for a, b in zip(first, second, strict=True):
            structural_similarity(
                a, b, data_range=255, gaussian_weights=True, use_sample_covariance=False
            )

    yield Line(
        "SSIM of 250 images at two ranges",
        cpu_seconds(
            lambda: structural_similarities(first, second, data_ranges=[255, 1]),
            repeat=3,
        ),
        "CPU s",
        cpu_seconds(loop, repeat=3) * 2,
        "scikit-image, image by image",
    )


def coverage() -> Iterator[Line]:
    from tests.stats.coverage import interval_coverage

    found = interval_coverage(replicates=4000, seed=1)
    yield Line(
        "coverage of kappa's 95 % interval, 50 patients",
        100 * found.clustered,
        "%",
        100 * found.plain,
        "the plain interval of 1969",
        "promised: 94 to 96 %",
    )
