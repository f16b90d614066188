"""Columns of the files on image quality by region and on binding ratios.

Plain ASCII: the data dictionary reads the same in any program.
"""

from .shared_columns import (
    ARM,
    ARM_TITLE,
    CASE,
    NOT_ESTIMABLE,
    PATIENT,
    PROTOCOL,
    SIMULATED,
    STUDY,
    Column,
)

MASK = Column(
    "mask",
    "which pixels: crop, all 64 x 64; striatum, fixed boxes around both striata; "
    "background, the brain further than 8 mm from them and from its own edge; drawn on "
    "the reference image of the case, the same for all arms",
    "",
    "crop, striatum or background",
)
SLICE = Column(
    "slice",
    "slice counted from the central one; negative is lower (towards the feet)",
    "",
    "-2 to 2",
)
GREY = "grey levels of 8-bit images"

IMAGE_QUALITY_REGIONS = (
    STUDY,
    SIMULATED,
    CASE,
    PATIENT,
    ARM,
    SLICE,
    MASK,
    Column("pixels", "number of pixels in the mask", "", "integer"),
    Column("mean_squared_error", "over the mask", "grey levels squared", "0 to 65025"),
    Column("mean_absolute_error", "over the mask", GREY, "0 to 255"),
    Column("rmse", "root of the mean squared error", GREY, "0 to 255"),
    Column(
        "nrmse_reference_mean",
        "rmse over the mean of the reference in the mask",
        "",
        "number",
    ),
    Column(
        "nrmse_reference_range",
        "rmse over the largest minus the smallest value of the reference in the mask",
        "",
        "number",
    ),
    Column("nrmse_data_range", "rmse over the data range 255", "", "0 to 1"),
    Column(
        "psnr_range_255",
        "peak signal-to-noise ratio in the mask with data range 255",
        "dB",
        "number; empty for identical images (infinite)",
    ),
    Column(
        "ssim_range_255",
        "mean of the map of structural similarity (Wang 2004: Gaussian window 11 x 11, "
        "sigma 1.5, population covariance) over the mask where the window fits into "
        "the image, with the constants of data range 255",
        "",
        "-1 to 1",
    ),
    Column(
        "ssim_range_1",
        "the same with the constants of data range 1 on images from 0 to 255",
        "",
        "-1 to 1",
    ),
    NOT_ESTIMABLE,
)


def _levels(what: str, of: str) -> tuple[Column, Column]:
    return (
        Column(what, f"{of}, in the arm's image", GREY, "0 to 255"),
        Column(
            f"{what}_reference", f"{of}, in the reference's image", GREY, "0 to 255"
        ),
    )


STRIATAL_BINDING = (
    STUDY,
    SIMULATED,
    CASE,
    PATIENT,
    ARM,
    Column("side", "side of the patient, not of the screen", "", "right or left"),
    Column(
        "sbr",
        "striatal binding ratio in the arm's image: of the five stored slices, each "
        "against its own background; not the ratio of the cohort's table, which is of "
        "44 mm of the scan",
        "",
        "number",
    ),
    Column("sbr_reference", "the same in the reference's image", "", "number"),
    Column("error", "sbr - sbr_reference", "", "number"),
    *_levels("striatum_mean", "mean of both striatal boxes over the slices"),
    *_levels("background_mean", "mean of the background over the slices"),
    *_levels("background_sd", "standard deviation within the background of a slice"),
    Column(
        "background_suppression",
        "1 - background_mean / background_mean_reference; the same for both sides",
        "share",
        "number, negative where the background is brighter",
    ),
    Column(
        "striatal_over_emphasis",
        "striatum_mean / striatum_mean_reference - 1; the same for both sides",
        "share",
        "number, negative where the striatum is darker",
    ),
    Column(
        "noise_ratio",
        "background_sd / background_sd_reference; the same for both sides",
        "",
        "number, below 1 where the arm is smoother",
    ),
    NOT_ESTIMABLE,
)


def _limit(name: str, what: str) -> tuple[Column, ...]:
    return (
        Column(name, what, "", "number"),
        Column(f"{name}_low", "lower end of its 95 % interval", "", "number"),
        Column(f"{name}_high", "upper end of its 95 % interval", "", "number"),
    )


BINDING_AGREEMENT = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    Column("side", "sides of the patient", "", "both (pooled), right or left"),
    Column("n_sides", "sides with a ratio in both images", "", "integer"),
    Column("n_patients", "number of patients they are of", "", "integer"),
    *_limit("bias", "mean over patients of sbr - sbr_reference (t interval)"),
    Column("sd", "standard deviation of the difference of one side", "", "number"),
    *_limit("lower_limit", "bias - 1.96 sd (Bland and Altman; interval of Zou 2013)"),
    *_limit("upper_limit", "bias + 1.96 sd (Bland and Altman; interval of Zou 2013)"),
    *_limit(
        "slope",
        "change of the difference for each 1 by which the mean of both ratios is "
        "higher, clustered by patient",
    ),
    NOT_ESTIMABLE,
)

UPTAKE_SUMMARY = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    Column(
        "measure",
        "as in striatal_binding.csv",
        "",
        "background_suppression, striatal_over_emphasis or noise_ratio",
    ),
    Column("n_patients", "number of patients", "", "integer"),
    Column("mean", "mean over patients", "", "number"),
    Column("interval_low", "lower end of its 95 % t interval", "", "number"),
    Column("interval_high", "upper end of its 95 % t interval", "", "number"),
    NOT_ESTIMABLE,
)

WORST_CASES = (
    STUDY,
    SIMULATED,
    Column(
        "criterion",
        "psnr: lowest mean over the slices; binding: largest error of the binding "
        "ratio of a side, either way; suppression, emphasis: largest share, see "
        "striatal_binding.csv",
        "",
        "psnr, binding, suppression or emphasis",
    ),
    ARM,
    ARM_TITLE,
    Column("rank", "within criterion and arm; 1: the worst", "", "1 to 5"),
    CASE,
    PATIENT,
    Column("side", "of the binding ratio", "", "right or left; else empty"),
    Column("value", "what it was ranked by", "dB, ratio or share", "number"),
)
