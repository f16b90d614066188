"""Every column of every exported file: its name, and what the dictionary says of it.

Plain ASCII: the data dictionary reads the same in any program.
"""

from . import (
    bias_files,
    comparison_files,
    mrmc,
    multireader_files,
    several_files,
    striatum_files,
)
from .answer_columns import ANSWER, ANSWERS, ASSESSABLE, GRADE, NOT_ASSESSABLE
from .conduct_columns import (
    AMENDMENTS,
    BLINDING_INDEX,
    DEVIATIONS,
    GUESSES,
    PRIMARY_COMPARISON,
    REOPENINGS,
    TRAINING,
    VIEWING_CONDITIONS,
)
from .shared_columns import (
    ARM,
    ARM_TITLE,
    CASE,
    NOT_ESTIMABLE,
    PATIENT,
    PROTOCOL,
    READER,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
)

READS = (
    STUDY,
    READER,
    Column("reader_simulated", "whether the reader is simulated", "", "TRUE or FALSE"),
    Column("session", "sitting of this reader", "", "integer from 1"),
    Column(
        "position",
        "place of the read in the reader's order, over all sessions",
        "",
        "integer from 1",
    ),
    CASE,
    PATIENT,
    ARM,
    Column(
        "arm_role",
        "reference: the standard that the others are compared with",
        "",
        "reference or comparison",
    ),
    Column(
        "method",
        "what made the image; a network with the first 12 digits of its weights' "
        "SHA-256",
        "",
        "text",
    ),
    Column(
        "repeat",
        "0: first reading of this image by this reader; 1: the second",
        "",
        "0 or 1",
    ),
    Column("side", "side of the patient, not of the screen", "", "right or left"),
    Column("question", "what was asked", "", "text"),
    GRADE,
    ASSESSABLE,
    NOT_ASSESSABLE,
    Column(
        "version",
        "of the answer in this line, the latest; 1: as first given; higher: changed, "
        "see answers.csv",
        "",
        "integer from 1",
    ),
    Column(
        "state",
        "whether the planned read took place, and with a grade for this side",
        "",
        "read, not assessable or not read",
    ),
    *ANSWER,
    Column(
        "seconds",
        "from the first showing of the image to its first answer, by the server's "
        "clock, absences and lost connections included",
        "s",
        "number",
    ),
    Column("first_shown_at", "when the image was first shown", "UTC", "ISO 8601"),
    Column("submitted_at", "when the read was submitted", "UTC", "ISO 8601"),
    Column("scored_at", "when this version of the answer was given", "UTC", "ISO 8601"),
    Column(
        "code_broken_at",
        "when this read's arm and case were disclosed before unblinding",
        "UTC",
        "ISO 8601; empty for nearly every read",
    ),
)

AGREEMENT = (
    Column(
        "side",
        "sides of the patient that were compared",
        "",
        "both (pooled), right or left",
    ),
    Column(
        "weighting",
        "weights of disagreement in kappa",
        "",
        "unweighted, linear or quadratic",
    ),
    Column(
        "categories", "all grades of the scale, used or not", "", "grades with spaces"
    ),
    Column("n_sides", "number of pairs of grades", "", "integer"),
    Column(
        "n_not_assessable",
        "pairs left out: read twice, but not assessable in at least one of the two "
        "readings",
        "",
        "integer",
    ),
    Column("n_patients", "number of patients they are of", "", "integer"),
    Column("exact_agreement", "share of pairs with equal grades", "", "0 to 1"),
    Column("kappa", "Cohen's kappa with these weights", "", "-1 to 1"),
    Column(
        "se_clustered",
        "standard error of kappa; sides of one patient may be correlated",
        "",
        "number",
    ),
    *interval_columns("-1 to 1", "patients - 1"),
    Column(
        "se_asymptotic",
        "non-null standard error of Fleiss, Cohen and Everitt 1969; takes sides as "
        "independent",
        "",
        "number",
    ),
    Column(
        "se_null", "the same under kappa = 0, from which z and p are made", "", "number"
    ),
    Column("z", "kappa / se_null", "", "number"),
    Column("p", "two-sided p of kappa = 0, sides as independent", "", "0 to 1"),
    NOT_ESTIMABLE,
)

KAPPA = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    Column(
        "estimate",
        "reader: one reader against the reference standard; "
        "mean: mean of these over all readers",
        "",
        "reader or mean",
    ),
    READER,
    *AGREEMENT,
)

INTRA_READER = (STUDY, PROTOCOL, SIMULATED, ARM, ARM_TITLE, READER, *AGREEMENT)

IMAGE_QUALITY = (
    STUDY,
    SIMULATED,
    CASE,
    PATIENT,
    ARM,
    Column(
        "slice",
        "slice counted from the central one; negative is lower (towards the feet)",
        "",
        "-2 to 2",
    ),
    Column(
        "mean_squared_error",
        "of the 8-bit image against the reference's, central 64 x 64 pixels",
        "grey levels squared",
        "0 to 65025",
    ),
    Column(
        "psnr_range_255",
        "peak signal-to-noise ratio with data range 255",
        "dB",
        "number; empty for identical images (infinite)",
    ),
    Column(
        "ssim_range_255",
        "structural similarity (Wang 2004: Gaussian window 11 x 11, sigma 1.5, "
        "population covariance) with the constants of data range 255",
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

IMAGE_QUALITY_SUMMARY = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    comparison_files.METRIC,
    comparison_files.DATA_RANGE,
    Column("unit", "unit of mean and sd", "", "dB, the images' unit or empty"),
    Column("n_images", "slices that have a value", "", "integer"),
    Column("n_images_left_out", "slices identical to the reference", "", "integer"),
    Column("mean", "mean over slices", "see unit", "number"),
    Column("sd", "standard deviation over slices, n - 1", "see unit", "number"),
    Column("n_patients", "number of patients", "", "integer"),
    Column("sd_patients", "standard deviation of patient means", "see unit", "number"),
    Column(
        "blocks",
        "what the ranks of the tests were taken within",
        "",
        "patient (means over slices) or slice (not independent)",
    ),
    Column("n_blocks", "blocks with a value in every arm", "", "integer"),
    Column(
        "n_blocks_left_out",
        "blocks without a value in every arm: identical images have no psnr",
        "",
        "integer",
    ),
    Column(
        "mean_rank",
        "mean rank of the arm, 1 = worst: the largest error, whatever its sign",
        "",
        "number",
    ),
    Column("friedman_chi2", "Friedman's statistic over all arms", "", "number"),
    Column("friedman_df", "its degrees of freedom", "", "integer"),
    Column("friedman_p", "its p", "", "0 to 1"),
    Column("kendall_w", "Kendall's coefficient of concordance", "", "0 to 1"),
    Column("control", "code of the arm that this arm is compared with", "", "text"),
    Column("z", "Dunn's z on the ranks within blocks, arm - control", "", "number"),
    Column("p", "its two-sided p", "", "0 to 1"),
    Column("p_holm", "the same, Holm-corrected over all arms", "", "0 to 1"),
    NOT_ESTIMABLE,
)

AUDIT = (
    STUDY,
    PROTOCOL,
    Column(
        "seed_sha256",
        "SHA-256 of the seed of the reading order, published when the study was opened",
        values="64 hexadecimal digits",
    ),
    Column(
        "events",
        "number of audit events of the whole platform so far, this export among them",
        values="integer",
    ),
    Column(
        "anchor",
        "hash of the last of them; manage.py verify_audit --anchor proves with it that "
        "none was altered or removed since",
        values="64 hexadecimal digits",
    ),
)

DATA_DICTIONARY = (
    Column("file", "name of the file", "", "text"),
    Column("column", "name of the column", "", "text"),
    Column("meaning", "what it holds", "", "text"),
    Column("unit", "unit of its numbers", "", "text"),
    Column("values", "which values it may have", "", "text"),
)

FILES = {
    "reads.csv": READS,
    "answers.csv": ANSWERS,
    "kappa.csv": KAPPA,
    "primary_comparison.csv": PRIMARY_COMPARISON,
    "intra_reader.csv": INTRA_READER,
    "image_quality.csv": IMAGE_QUALITY,
    "image_quality_summary.csv": IMAGE_QUALITY_SUMMARY,
    "guesses.csv": GUESSES,
    "blinding_index.csv": BLINDING_INDEX,
    "deviations.csv": DEVIATIONS,
    "reopenings.csv": REOPENINGS,
    "amendments.csv": AMENDMENTS,
    "viewing_conditions.csv": VIEWING_CONDITIONS,
    "training.csv": TRAINING,
    "audit.csv": AUDIT,
    **comparison_files.FILES,
    **several_files.FILES,
    **multireader_files.FILES,
    **bias_files.FILES,
    **striatum_files.FILES,
    **mrmc.FILES,
    "data_dictionary.csv": DATA_DICTIONARY,
}
