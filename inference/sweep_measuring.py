"""A point of a sweep: the images it is given, and what it reaches on them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from readerstudy.imaging.preprocessing import to_eight_bit

from .prediction import predict
from .quality import psnr_db, ssim
from .sweeps.conditions import conditioned
from .training import Pairs

# Case → {"psnr": dB, "ssim": …}, means of its slices, 8 bits, range 255.
Results = dict[str, dict[str, float]]


def under(pairs: Pairs, given: Mapping[str, Any], *, part: int) -> Pairs:
    """The pairs under a point's conditions; the reference stays as it is."""
    short = conditioned(pairs.short, pairs.reference, given, part=part)
    return replace(pairs, short=short)


def measured(
    network: nn.Module, pairs: Pairs, codes: Sequence[str], *, in_channels: int
) -> Results:
    """What a network reaches on each case. Without PSNR where a slice is equal to its
    reference, and so infinitely near."""
    output = to_eight_bit(predict(network, pairs.short, in_channels=in_channels))
    psnr = psnr_db(output, pairs.reference, data_range=255).mean(axis=1)
    similar = ssim(output, pairs.reference, data_range=255).mean(axis=1)
    found: Results = {}
    for code, near, alike in zip(codes, psnr, similar, strict=True):
        found[code] = {"ssim": round(float(alike), 6)}
        if math.isfinite(near):
            found[code]["psnr"] = round(float(near), 5)
    return found
