"""How images differ from a reference, and what they show in the striatum.

psnr, ssim, structural_similarities: as published (`similarity`)
mean_squared_errors, mean_absolute_errors, rmse, nrmse: errors (`similarity`)
differences: all of them for many images and masks at once (`differences`)
stack_differences: whole stacks in their unit, within a window (`stacks`)
striatal_regions, striatal_uptake: binding ratios of stored slices (`uptake`)
mean_spread: mean and standard deviation of what is left (`similarity`)
"""

from .differences import Differences, differences
from .similarity import (
    MeanSpread,
    NormalisedBy,
    mean_absolute_errors,
    mean_spread,
    mean_squared_errors,
    nrmse,
    psnr,
    rmse,
    ssim,
    structural_similarities,
)
from .stacks import SliceDifference, stack_differences
from .uptake import Uptake, striatal_regions, striatal_uptake
from .windows import WANG_2004, SsimSettings

__all__ = [
    "WANG_2004",
    "Differences",
    "MeanSpread",
    "NormalisedBy",
    "SliceDifference",
    "SsimSettings",
    "Uptake",
    "differences",
    "mean_absolute_errors",
    "mean_spread",
    "mean_squared_errors",
    "nrmse",
    "psnr",
    "rmse",
    "ssim",
    "stack_differences",
    "striatal_regions",
    "striatal_uptake",
    "structural_similarities",
]
