"""The charts of docs/stability.md: their numbers, and that they can be drawn."""

from pathlib import Path

from readerstudy.imaging.stability_measures import MEASURES

from . import psnr_and_stability
from .psnr_is_not_enough import draw, shown


def test_what_misleads_has_the_better_psnr_and_the_suite_sees_it(
    tmp_path: Path,
) -> None:
    _, (noise, nodule, vessels) = shown()
    most = MEASURES["hallucination-peak"].limit
    assert most is not None

    for fault in (nodule, vessels):
        assert fault.psnr > noise.psnr
        assert fault.ssim > noise.ssim
    assert max(noise.invented, noise.lost) < most
    assert nodule.invented > 5 * most
    assert vessels.lost > 5 * most
    draw(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 10_000


def test_the_higher_the_psnr_of_the_shipped_arms_the_less_of_a_spot_they_show(
    tmp_path: Path,
) -> None:
    arms = sorted(psnr_and_stability.shown().values(), key=lambda one: one.psnr)
    spots = [one.measures["insert-shown"][0] for one in arms]
    assert spots == sorted(spots, reverse=True)
    psnr_and_stability.draw(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 10_000
