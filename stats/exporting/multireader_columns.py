"""Columns of the files that compare arms over all readers. Plain ASCII."""

from .shared_columns import (
    ARM,
    ARM_TITLE,
    NOT_ESTIMABLE,
    PROTOCOL,
    READER,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
)

WEIGHTING = Column(
    "weighting",
    "weights of disagreement in kappa, the analysis plan's",
    "",
    "unweighted, linear or quadratic",
)
READERS = Column("n_readers", "number of readers", "", "integer")
PATIENTS = Column("n_patients", "number of patients", "", "integer")
LIMITS = "-1 to 1"
DIFFERENCES = "-2 to 2"
VERDICT = "TRUE or FALSE; empty when not estimable, or without a margin"

MEAN_KAPPA = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    WEIGHTING,
    READERS,
    PATIENTS,
    Column("n_sides", "pairs of grades, over all readers", "", "integer"),
    Column(
        "mean_kappa",
        "mean over these readers of kappa against the reference standard",
        "",
        LIMITS,
    ),
    Column(
        "se_clustered",
        "its standard error; readers and sides of one patient may be correlated",
        "",
        "number",
    ),
    *interval_columns(LIMITS, "patients - 1"),
    NOT_ESTIMABLE,
)

COMPARISONS = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    Column("control", "code of the arm that it is compared with", "", "text"),
    Column(
        "control_planned",
        "whether the analysis plan names this control; else it is the arm read twice",
        "",
        "TRUE or FALSE",
    ),
    Column(
        "estimate",
        "mean: over all readers; reader: of one reader",
        "",
        "mean or reader",
    ),
    READER,
    WEIGHTING,
    READERS,
    PATIENTS,
    Column(
        "n_sides",
        "pairs of grades in each of the two arms, over the readers: sides graded in "
        "both arms that have a standard",
        "",
        "integer",
    ),
    Column("kappa_arm", "kappa, or mean kappa, of the arm", "", LIMITS),
    Column("kappa_control", "the same of the control", "", LIMITS),
    Column("difference", "kappa_arm - kappa_control", "", DIFFERENCES),
    Column(
        "se_clustered",
        "its standard error; readers, arms and sides of one patient may be correlated",
        "",
        "number",
    ),
    *interval_columns(DIFFERENCES, "patients - 1"),
    Column("interval_90_low", "lower end of the 90 % interval", "", DIFFERENCES),
    Column("interval_90_high", "upper end of the 90 % interval", "", DIFFERENCES),
    Column("t", "difference / se_clustered", "", "number"),
    Column("p", "its two-sided p, t with patients - 1", "", "0 to 1"),
    Column(
        "p_holm",
        "the same, Holm-corrected over all comparisons with this control",
        "",
        "0 to 1; empty for one reader",
    ),
    Column("n_comparisons", "how many these are", "", "integer"),
    Column(
        "p_swapped",
        "two-sided p when the two arms are swapped within patients, for all readers "
        "and both sides together",
        "",
        "0 to 1; empty for one reader",
    ),
    Column("n_swaps", "ways of swapping that it rests on", "", "integer"),
    Column(
        "n_swaps_dropped",
        "ways of swapping that left a kappa without a value",
        "",
        "integer",
    ),
    Column(
        "swaps_exact",
        "whether these are all ways there are; else they were drawn",
        "",
        "TRUE or FALSE",
    ),
    Column(
        "swaps_seed",
        "seed of numpy's default_rng they were drawn with",
        "",
        "integer; empty when exact",
    ),
    Column("margin", "margin of kappa in the analysis plan", "", "0 or more"),
    Column(
        "not_inferior",
        "whether interval_low lies above -margin; FALSE says that it was not shown",
        "",
        VERDICT,
    ),
    Column("p_not_inferior", "one-sided p of non-inferiority", "", "0 to 1"),
    Column(
        "equivalent",
        "whether the 90 % interval lies within -margin and margin (two one-sided tests "
        "at 5 %); FALSE says that it was not shown",
        "",
        VERDICT,
    ),
    Column(
        "equivalent_2_5",
        "the same of the interval of interval_level: at 2.5 % with 95 %",
        "",
        VERDICT,
    ),
    Column("p_equivalent", "the larger p of the two one-sided tests", "", "0 to 1"),
    NOT_ESTIMABLE,
)

OBUCHOWSKI_ROCKETTE = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    Column(
        "analysis",
        "what the results extend to: readers and patients beyond these, only "
        "patients (fixed readers), or only readers (fixed patients)",
        "",
        "random readers and patients, fixed readers or fixed patients",
    ),
    Column(
        "what",
        "all arms: the test that all arms agree equally well; mean: of one arm; "
        "difference: of an arm from the control",
        "",
        "all arms, mean or difference",
    ),
    Column("arm", "code of the arm", "", "text"),
    Column("control", "code of the control, of a difference", "", "text"),
    WEIGHTING,
    READERS,
    Column("n_arms", "number of arms in the analysis of variance", "", "integer"),
    PATIENTS,
    Column(
        "n_sides",
        "sides that every reader graded in every arm and that have a standard",
        "",
        "integer",
    ),
    Column("n_sides_left_out", "all other sides", "", "integer"),
    Column("estimate", "mean kappa, or difference of mean kappa", "", DIFFERENCES),
    Column("standard_error", "of the estimate", "", "number"),
    Column(
        "statistic",
        "all arms: F, with fixed readers chi-square; difference: t or z",
        "",
        "number",
    ),
    Column("df_arms", "arms - 1, of F or chi-square", "", "integer"),
    Column(
        "df",
        "degrees of freedom of t and of the denominator of F",
        "",
        "number; empty for normal and chi-square",
    ),
    Column("p", "two-sided p of difference, p of F or chi-square", "", "0 to 1"),
    *interval_columns(DIFFERENCES, "the same as df"),
    Column("var_error", "error variance of a kappa, by jackknife", "", "number"),
    Column("cov1", "error covariance, same reader, two arms", "", "number"),
    Column("cov2", "error covariance, two readers, same arm", "", "number"),
    Column("cov3", "error covariance, two readers, two arms", "", "number"),
    Column("ms_arm", "mean square of arms", "", "number"),
    Column("ms_reader", "mean square of readers", "", "number"),
    Column("ms_arm_reader", "mean square of arms x readers", "", "number"),
    NOT_ESTIMABLE,
)
