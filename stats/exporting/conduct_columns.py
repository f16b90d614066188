"""Columns of the files about conduct and blinding; `columns` has the others.

Plain ASCII: the data dictionary reads the same in any program.
"""

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

SESSION = Column("session", "sitting of this reader", "", "integer from 1")
POSITION = Column(
    "position",
    "place of the read in the reader's order, as in reads.csv",
    "",
    "integer from 1; empty when it is about no single read",
)
REASON = Column("reason", "why, as it was typed", "", "text")

PRIMARY_COMPARISON = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    Column("primary", "code of the primary arm", "", "text"),
    Column("control", "code of the control arm", "", "text"),
    Column(
        "weighting",
        "weights of disagreement in kappa",
        "",
        "unweighted, linear or quadratic",
    ),
    Column(
        "sides",
        "same: a reader's sides that are graded in the reference and in both arms, on "
        "which the verdict rests; own: all that are graded in the reference and in the "
        "arm, for comparison",
        "",
        "same or own; own only where it differs",
    ),
    Column("n_readers", "number of readers", "", "integer"),
    Column(
        "n_sides_primary",
        "pairs of grades in the primary arm, over all readers",
        "",
        "integer",
    ),
    Column("n_sides_control", "the same in the control arm", "", "integer"),
    Column(
        "n_not_assessable",
        "sides that a reader read in all three arms and could not assess in at least "
        "one of them",
        "",
        "integer; empty for own",
    ),
    Column(
        "n_not_read",
        "sides that a reader has not read in all three arms, though it was planned",
        "",
        "integer; empty for own",
    ),
    Column("n_patients", "number of patients", "", "integer"),
    Column(
        "kappa_primary",
        "mean over readers of kappa of the primary arm against the reference",
        "",
        "-1 to 1",
    ),
    Column("kappa_control", "the same of the control arm", "", "-1 to 1"),
    Column("difference", "kappa_primary - kappa_control", "", "-2 to 2"),
    Column(
        "se_clustered",
        "its standard error; readers, arms and sides of one patient may be correlated",
        "",
        "number",
    ),
    *interval_columns("-2 to 2", "patients - 1"),
    Column("margin", "margin of kappa in the analysis plan", "", "0 or more"),
    Column(
        "not_inferior",
        "whether interval_low lies above -margin; FALSE says that it was not shown",
        "",
        "TRUE or FALSE; empty when not estimable",
    ),
    Column(
        "plan_amendments",
        "numbers of the amendments that changed the analysis plan after opening",
        "",
        "numbers parted by spaces; empty: none, all was planned beforehand",
    ),
    NOT_ESTIMABLE,
)

BLINDING_INDEX = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    Column(
        "estimate",
        "arm: Bang's index of one arm; others: of all arms but the reference "
        "together; balanced: mean of the reference's index and the others'",
        "",
        "arm, others or balanced",
    ),
    ARM,
    ARM_TITLE,
    Column(
        "reader", "code of the reader, never a name", "", "text; empty: all readers"
    ),
    Column("n_reads", "reads of which a guess was given", "", "integer"),
    Column("n_patients", "number of patients they are of", "", "integer"),
    Column("correct", "correct guesses", "", "integer; empty when balanced"),
    Column("wrong", "wrong guesses", "", "integer; empty when balanced"),
    Column("unknown", "answers: can't tell", "", "integer; empty when balanced"),
    Column(
        "index",
        "(correct - wrong) / n_reads; when balanced, the mean over readers of the "
        "mean of both",
        "",
        "-1 to 1",
    ),
    Column(
        "se_multinomial",
        "standard error of Bang 2004, for reads that are each of another patient",
        "",
        "number; empty when balanced",
    ),
    Column(
        "se_clustered",
        "standard error; reads of one patient may be correlated",
        "",
        "number",
    ),
    *interval_columns("-1 to 1", "empty for the normal distribution"),
    NOT_ESTIMABLE,
)

GUESSES = (
    STUDY,
    READER,
    SESSION,
    POSITION,
    CASE,
    PATIENT,
    ARM,
    Column("arm_role", "role of the arm", "", "reference or comparison"),
    Column("repeat", "as in reads.csv", "", "0 or 1"),
    Column(
        "guess",
        "what the reader took the image for; comparison: another than the reference",
        "",
        "reference, comparison or unknown; empty when not given",
    ),
    Column(
        "confidence",
        "how sure the reader was",
        "",
        "1 (little) to 5 (full); empty for unknown",
    ),
    Column(
        "correct",
        "whether the guess names the arm's role",
        "",
        "TRUE or FALSE; empty for unknown",
    ),
    Column("first_shown_at", "when the reader was first asked", "UTC", "ISO 8601"),
    Column("guessed_at", "when the answer was given", "UTC", "ISO 8601"),
)

DEVIATIONS = (
    STUDY,
    READER,
    SESSION,
    POSITION,
    Column(
        "kind",
        "washout: session begun before its washout was over; long-pause: within a "
        "read; focus: window left during a read; device: another device or display "
        "within a session; viewport: images shown too small",
        "",
        "washout, long-pause, focus, device or viewport",
    ),
    Column(
        "amount",
        "hours of washout left, seconds of pause or absence, or side of a slice",
        "see unit",
        "integer; empty for device",
    ),
    Column("unit", "unit of amount", "", "h, s or px"),
    Column("at", "when it was noticed", "UTC", "ISO 8601"),
)

REOPENINGS = (
    STUDY,
    READER,
    SESSION,
    POSITION,
    Column("by", "whose wish it was", "", "reader or coordinator"),
    REASON,
    Column("at", "when the read was opened again", "UTC", "ISO 8601"),
    Column("answered_at", "when it was answered again", "UTC", "ISO 8601 or empty"),
)

AMENDMENTS = (
    STUDY,
    Column("number", "number of the amendment", "", "integer from 1"),
    Column("at", "when it was made", "UTC", "ISO 8601"),
    REASON,
    Column("setting", "what was changed; one line for each", "", "text"),
    Column("before", "its value before", "", "text"),
    Column("after", "its value from then on", "", "text"),
    Column(
        "amended_sha256",
        "SHA-256 of the whole protocol from then on: of the file "
        "protocol.amendment-NUMBER.json",
        "",
        "64 hexadecimal digits",
    ),
)

VIEWING_CONDITIONS = (
    STUDY,
    READER,
    SESSION,
    Column("shown_at", "when the test pattern was shown", "UTC", "ISO 8601"),
    Column("answered_at", "when it was answered", "UTC", "ISO 8601 or empty"),
    Column("display", "what the reader said of the display", "", "text"),
    Column("room_light", "what the reader said of the room", "", "text"),
    Column("screen", "size of the screen as the browser tells it", "", "text"),
    Column(
        "device",
        "number of the device among this reader's, by first use",
        "",
        "integer from 1; empty when not told",
    ),
    Column(
        "passed",
        "whether both low-contrast numbers were read rightly",
        "",
        "TRUE or FALSE; empty when not answered",
    ),
)

TRAINING = (
    STUDY,
    READER,
    Column("attempt", "number of the attempt", "", "integer from 1"),
    Column("position", "place in the attempt's own order", "", "integer from 1"),
    Column("case", "code of a case outside the study's reads", "", "text"),
    Column("method", "what made the image", "", "text"),
    Column("side", "side of the patient", "", "right or left"),
    Column("question", "what was asked", "", "text"),
    Column("key", "the right answer", "", "as grade in reads.csv"),
    Column("answer", "the reader's", "", "as key; empty when not read"),
    Column("submitted_at", "when it was given", "UTC", "ISO 8601 or empty"),
    Column(
        "reached",
        "agreement of the whole attempt with the key, by the protocol's gate",
        "",
        "number; empty without a gate, or when not estimable or not finished",
    ),
    Column(
        "passed",
        "whether the attempt passed",
        "",
        "TRUE or FALSE; empty when not finished",
    ),
)
