"""A simulated reader of whole stacks, who knows nothing but the levels on the screen.

It is honest and simple rather than wise: images are the better the less they are
grainy, and the sharper their edges are; a finding is what stands out of its
surroundings more than grain does. So it tells noisy images from smooth ones and
blurred from sharp ones, finds bright spots, and is blind to anatomy: it never says that
something moved. Bias and noise make a person of it. It imports numpy and scipy only.

Levels are 0 to 4095, (slices, rows, columns), as a browser gets them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Levels = NDArray[np.uint16]

TOP = 4095.0
GRAIN_RANGE = (0.001, 0.05)  # of all levels: from excellent to unusable
EDGE_RANGE = (0.02, 0.2)  # of the contrast, a pixel: from blurred to sharp
STANDING_OUT = 1.5  # times the brightest hundredth: as likely a finding as none
CERTAINTY = 0.15  # of it, by which the odds change e times
INVENTED = 1.8  # times the brightest hundredth: more than this is no anatomy
SAME = 0.15  # of the natural logarithm of two grains: no difference is seen
RIM = 3  # pixels of the outline at which nothing is judged
FINEST = np.outer((1.0, -2.0, 1.0), (1.0, -2.0, 1.0))
SPOT = (1.0, 3.0)  # pixels: SDs of the two Gaussians between which a finding lies
LEFT_ONE, RIGHT_ONE, NO_DIFFERENCE = 1, 2, 3


class Asked(NamedTuple):
    """A question: its key, its kind, and every value that its answer may have."""

    key: str
    kind: str
    values: Sequence[int]


@dataclass(frozen=True)
class Impression:
    """What one stack looks like.

    grain: of all levels, robust SD of what is finer than its surroundings (Immerkær
    1996, doi:10.1006/cviu.1996.0060). edges: the steepest slopes, of the contrast, a
    pixel. peak: what stands out most, against where the brightest hundredth of such
    spots begins, and where: slice, row, column.
    """

    grain: float
    edges: float
    peak: float
    place: tuple[int, int, int]


def impression_of(levels: Levels) -> Impression:
    """Each slice by itself, as a reader steps through them; empty surroundings, which
    are at the first level, count for nothing."""
    shown = levels.astype(np.float32)
    covered = ndimage.uniform_filter(shown, size=(0, 5, 5)) > 0.01 * TOP
    inside = ndimage.binary_erosion(covered, np.ones((1, 2 * RIM + 1, 2 * RIM + 1)))
    if not inside.any():
        return Impression(0.0, 0.0, 0.0, (0, 0, 0))
    fine = ndimage.convolve(shown, FINEST[None] / 6)
    smooth = ndimage.gaussian_filter(shown, (0, *(SPOT[0],) * 2))
    wide = ndimage.gaussian_filter(shown, (0, *(SPOT[1],) * 2))
    slopes = np.hypot(*np.gradient(smooth, axis=(1, 2)))
    least, most = np.percentile(smooth[inside], (1, 99))
    spots = np.where(inside, smooth - wide, 0)
    at = np.unravel_index(int(np.argmax(spots)), spots.shape)
    return Impression(
        grain=_spread(fine[inside]) / TOP,
        edges=float(np.percentile(slopes[inside], 98) / max(most - least, 1)),
        peak=float(spots[at]) / max(float(np.percentile(spots[inside], 99)), 0.5),
        place=(int(at[0]), int(at[1]), int(at[2])),
    )


def _spread(values: NDArray[np.float32]) -> float:
    """A robust SD in levels, of half a level at least: they are whole numbers."""
    return max(1.4826 * float(np.median(np.abs(values))), 0.5)


def answer_stacks(
    stacks: Sequence[Levels],
    asked: Sequence[Asked],
    *,
    bias: float,
    noise: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Question → value, or value and marks; of a pair `stacks` has the left one first.

    bias: steps of a five-step scale added to every impression. noise: SD of them.
    Questions for words get none.
    """
    seen = [impression_of(levels) for levels in stacks]
    answers: dict[str, Any] = {}
    for question in asked:
        felt = bias + rng.normal(0.0, noise)
        if question.kind == "likert":
            answers[question.key] = _quality(question, seen[0], felt)
        elif question.kind == "choice":
            answers[question.key] = _preferred(question, seen, rng.normal(0.0, noise))
        elif question.kind == "confidence":
            answers[question.key] = _confidence(seen[0], felt)
        elif question.kind == "fidelity":
            answers[question.key] = _fidelity(question, seen[0], felt)
    return answers


def _quality(question: Asked, seen: Impression, felt: float) -> int:
    """On the question's own scale, whose highest value is the best."""
    smooth = 1 - _within(np.log(max(seen.grain, 1e-6)), *np.log(GRAIN_RANGE))
    sharp = _within(seen.edges, *EDGE_RANGE)
    share = {"sharpness": sharp, "acceptability": min(smooth, (smooth + sharp) / 2)}
    ordered = sorted(question.values)
    place = share.get(question.key, smooth) * (len(ordered) - 1)
    place += felt * (len(ordered) - 1) / 4
    return ordered[int(np.clip(np.rint(place), 0, len(ordered) - 1))]


def _within(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))


def _preferred(question: Asked, seen: Sequence[Impression], felt: float) -> int:
    """The smoother one; a bias of the reader is for neither."""
    left, right = (np.log(max(one.grain, 1e-6)) for one in seen)
    better = right - left + felt
    if abs(better) < SAME and NO_DIFFERENCE in question.values:
        return NO_DIFFERENCE
    return LEFT_ONE if better > 0 else RIGHT_ONE


def _confidence(seen: Impression, felt: float) -> int:
    stands_out = (seen.peak - STANDING_OUT) / CERTAINTY + felt
    return int(np.rint(100 / (1 + np.exp(-np.clip(stands_out, -30, 30)))))


def _fidelity(question: Asked, seen: Impression, felt: float) -> Any:
    """Nothing wrong, something added where a spot is no anatomy, or too grainy."""
    ordered = sorted(question.values)
    if seen.grain > GRAIN_RANGE[1]:
        return ordered[-1]
    if seen.peak + CERTAINTY * felt < INVENTED or len(ordered) < 3:
        return ordered[0]
    mark = dict(zip(("slice", "row", "column"), seen.place, strict=True))
    return {"value": ordered[-2], "marks": [mark]}
