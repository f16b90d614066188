"""Columns of the files on what moves the grades. Plain ASCII."""

from .shared_columns import (
    ARM,
    ARM_TITLE,
    NOT_ESTIMABLE,
    PROTOCOL,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
)

HEAD = (STUDY, PROTOCOL, SIMULATED, ARM, ARM_TITLE)
READER_OR_ALL = Column("reader", "code of the reader; empty: all readers", "", "text")
P = "0 to 1"
PATIENTS = Column("n_patients", "patients with such a side", "", "integer")


def _chi_square(name: str, what: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_chi2", f"{what}: chi-square", "", "0 or more"),
        Column(f"{name}_df", f"{what}: degrees of freedom", "", "integer"),
        Column(f"{name}_p", f"{what}: P", "", P),
    )


GRADE_SHIFT = (
    *HEAD,
    Column(
        "compared_with",
        "what the grades in the arm are compared with",
        "",
        "standard; first reading (of the same arm: the second readings are compared)",
    ),
    READER_OR_ALL,
    Column("n_pairs", "sides with a grade in both", "", "integer"),
    PATIENTS,
    Column(
        "mean_difference",
        "grade in the arm minus the other, averaged over readers and sides, then over "
        "patients; above 0 the images look healthier",
        "grades",
        "number",
    ),
    *interval_columns("number", "patients less one"),
    Column(
        "step_counts",
        "pairs by how many places of the scale the grade lies above the other: from "
        "the lowest minus the highest place to the highest minus the lowest",
        "",
        "integers parted by spaces; empty for single readers against the standard",
    ),
    Column(
        "wilcoxon_zeros",
        "patients whose mean difference is 0 in rank tests",
        "",
        "integer",
    ),
    Column(
        "wilcoxon_positive",
        "Wilcoxon signed rank test on patient means, zeros after Pratt: sum of the "
        "ranks of positive differences",
        "",
        "0 or more",
    ),
    Column("wilcoxon_exact", "whether its P is exact", "", "TRUE or FALSE"),
    Column("wilcoxon_p", "its P, two-sided", "", P),
    Column(
        "wilcoxon_p_holm",
        "the same, Holm over all arms (against the standard) or over readers (against "
        "the first reading)",
        "",
        P,
    ),
    Column(
        "wilcoxon_zeros_dropped_p",
        "P of the signed rank test with zeros left out, as Wilcoxon did",
        "",
        P,
    ),
    Column("permutation_flips", "sign flips of patient means tried", "", "integer"),
    Column("permutation_exact", "whether these are all of them", "", "TRUE or FALSE"),
    Column("permutation_seed", "that they were drawn from", "", "integer; or empty"),
    Column("permutation_p", "P of the sign-flip permutation test of the mean", "", P),
    Column("permutation_p_holm", "the same, Holm as above", "", P),
    *_chi_square(
        "clustered_homogeneity", "marginal homogeneity, variance clustered by patient"
    ),
    *_chi_square("stuart_maxwell", "Stuart and Maxwell's test, sides as independent"),
    *_chi_square("bowker", "Bowker's test of symmetry, sides as independent"),
    Column("unused_grades", "grades that neither reading used", "", "grades; or empty"),
    NOT_ESTIMABLE,
)

DETECTION = (
    *HEAD,
    READER_OR_ALL,
    Column(
        "normal_from",
        "lowest grade that is normal; all below are abnormal",
        "",
        "grade",
    ),
    Column(
        "measure",
        "sensitivity: of sides abnormal in the standard those graded abnormal; "
        "specificity: of normal ones those graded normal; accuracy: of all those "
        "graded as the standard is",
        "",
        "sensitivity, specificity, accuracy",
    ),
    Column("right", "sides graded as the standard is", "", "integer"),
    Column("n_sides", "sides that the share is of", "", "integer"),
    PATIENTS,
    Column("share", "right / n_sides", "", "0 to 1"),
    Column("se_clustered", "its standard error, clustered by patient", "", "number"),
    *interval_columns("0 to 1", "patients less one; empty for Wilson"),
    Column("control", "code of the control arm", "", "text; empty without one"),
    Column(
        "difference",
        "share minus that of the control, of sides with a grade in both arms and the "
        "standard; all readers only",
        "",
        "-1 to 1",
    ),
    Column("difference_n_sides", "sides that the difference is of", "", "integer"),
    Column("difference_low", "lower end of its 95 % interval", "", "-1 to 1"),
    Column("difference_high", "upper end of its 95 % interval", "", "-1 to 1"),
    Column("difference_p", "P of no difference, not corrected", "", P),
    NOT_ESTIMABLE,
)

EFFECTS = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    Column(
        "outcome",
        "what is moved: grade minus standard, its absolute value, or the reading time",
        "",
        "signed_difference, absolute_difference, seconds",
    ),
    Column(
        "effect",
        "fatigue: ten reads further on in a session; learning: one session later; "
        "sessions: any session differs from another; arm: this arm instead of the "
        "control",
        "",
        "fatigue, learning, sessions, arm",
    ),
    Column("arm", "code of the arm, for the effect of an arm", "", "text; or empty"),
    Column("control", "code of the arm it is compared with", "", "text; or empty"),
    Column("n", "sides (grades) or reads (seconds); of an arm: its own", "", "integer"),
    Column("n_patients", "patients in the regression", "", "integer"),
    Column(
        "scale",
        "difference: of grades, 0 is no effect; ratio: of seconds, 1 is no effect",
        "",
        "difference, ratio; empty for sessions",
    ),
    Column("estimate", "the effect", "", "number"),
    Column(
        "se_clustered",
        "its standard error (of ratios: of the logarithm)",
        "",
        "0 or more",
    ),
    *interval_columns("number", "Satterthwaite's, not whole"),
    Column("f", "F of the test over sessions", "", "0 or more"),
    Column("df_numerator", "its degrees of freedom", "", "integer"),
    Column("df_denominator", "its degrees of freedom", "", "integer"),
    Column("p", "P of no effect", "", P),
    Column("p_holm", "the same, Holm over the arms", "", P),
    NOT_ESTIMABLE,
)

ORDINAL_MODEL = (
    *HEAD,
    Column("reference", "code of the reference arm", "", "text"),
    Column("n_grades", "grades in the model", "", "integer"),
    Column("n_patients", "patients in the model", "", "integer"),
    Column(
        "odds_ratio",
        "odds of a grade above any given one, arm : reference; above 1 the images look "
        "healthier",
        "",
        "above 0",
    ),
    *interval_columns("above 0", "patients less one"),
    Column("p", "P of a ratio of 1", "", P),
    Column("p_holm", "the same, Holm over the arms", "", P),
    NOT_ESTIMABLE,
)
