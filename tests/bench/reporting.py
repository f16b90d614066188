"""What a study's report computes, and how sure its intervals are."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

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
    """Case by case as a study is measured; every number equal to scikit-image's."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    from stats.image_quality import differences, psnr

    rng = np.random.default_rng(0)
    reference = rng.integers(0, 256, (250, 64, 64), dtype=np.uint8)
    noise = rng.normal(0, 20, (13, *reference.shape))
    arms = np.clip(reference + noise, 0, 255).astype(np.uint8)
    ranges = (255, 1)

    def ours() -> NDArray[np.float64]:
        found = []
        for start in range(0, 250, 5):
            case = slice(start, start + 5)
            one = differences(
                reference[case], arms[:, case], data_ranges=ranges, absolute=False
            )
            errors = one.mean_squared_error[0]
            levels = [[psnr(e, data_range=255) for e in arm] for arm in errors]
            found.append([levels, *one.similarity[:, 0]])
        return np.concatenate(found, axis=-1)

    def loop(arm: int) -> NDArray[np.float64]:
        found = []
        for a, b in zip(reference, arms[arm], strict=True):
            similarities = [
                structural_similarity(
                    a,
                    b,
                    data_range=data_range,
                    gaussian_weights=True,
                    use_sample_covariance=False,
                )
                for data_range in ranges
            ]
            found.append([peak_signal_noise_ratio(a, b, data_range=255), *similarities])
        return np.transpose(found)

    apart = np.abs(ours()[:, 0] - loop(0)).max()
    assert apart < 1e-9, f"not scikit-image's numbers: {apart}"
    yield Line(
        "PSNR, SSIM at 2 ranges, 250 images × 13 arms",
        cpu_seconds(ours, repeat=5),
        "CPU s",
        cpu_seconds(lambda: loop(0), repeat=3) * len(arms),
        "scikit-image, image by image",
        "promised: at most 0.1; equal to 1e-9",
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
