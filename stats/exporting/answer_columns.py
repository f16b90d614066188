"""Columns of a version of an answer: in reads.csv of the latest, in answers.csv of all.

Plain ASCII: the data dictionary reads the same in any program.
"""

from .shared_columns import ARM, CASE, PATIENT, READER, STUDY, Column

GRADE = Column(
    "grade",
    "the reader's answer: 4 normal, 3 putamen mildly reduced, 2 putamen severely "
    "reduced, 1 putamen and caudate severely reduced",
    "",
    "1, 2, 3 or 4; empty when not read or not assessable",
)
ASSESSABLE = Column(
    "assessable",
    "whether the reader could assess this side",
    "",
    "TRUE or FALSE; empty when not read",
)
NOT_ASSESSABLE = Column(
    "not_assessable",
    "why the reader could not assess this side, as it was typed, or as it was offered, "
    "then in English: an answer without a grade, not a missing one",
    "",
    "text; empty when graded or not read",
)
ANSWER = (
    Column("comment", "what the reader remarked, as it was typed", "", "text"),
    Column(
        "window_low",
        "grey level of the shown image that the reader had drawn darkest; of whole "
        "stacks in 255ths of all that the study shows of their values",
        "grey levels",
        "0 to 254; empty: as the protocol draws it at first",
    ),
    Column(
        "window_high",
        "the same, drawn brightest",
        "grey levels",
        "1 to 255; empty: as the protocol draws it at first",
    ),
    Column(
        "shown_at",
        "when the read came before its reader for this version, by the server's clock; "
        "of a read that was shown without a connection, when the server heard of it",
        "UTC",
        "ISO 8601",
    ),
    Column(
        "first_seconds",
        "from the images on the screen to the first choice, counted as reading_seconds",
        "s",
        "0 or more; empty when not told",
    ),
    Column(
        "reading_seconds",
        "from the images on the screen to the confirmation, by the browser, without "
        "away_seconds; begins anew where the page was loaded again",
        "s",
        "0 or more; empty when not told",
    ),
    Column(
        "away_seconds",
        "how long the page was hidden or left meanwhile, by the browser",
        "s",
        "0 or more; empty when not told",
    ),
    Column(
        "held_seconds",
        "how long the confirmed answer waited in the browser for the server",
        "s",
        "0 or more; empty when it did not wait, or when not told",
    ),
)

ANSWERS = (
    STUDY,
    READER,
    Column("session", "sitting of this reader", "", "integer from 1"),
    Column("position", "place in the reader's order", "", "as in reads.csv"),
    CASE,
    PATIENT,
    ARM,
    Column("repeat", "as in reads.csv", "", "0 or 1"),
    Column(
        "version",
        "1: as first given; higher: after the read was opened again",
        "",
        "integer from 1; the highest of a read is the one that counts",
    ),
    Column(
        "reason",
        "why the read was opened again for this version, as it was typed; of an answer "
        "that its reader took back at once, in the program's words",
        "",
        "text; empty for version 1",
    ),
    Column("side", "side of the patient, not of the screen", "", "right or left"),
    Column("question", "what was asked", "", "text"),
    GRADE,
    NOT_ASSESSABLE,
    *ANSWER,
    Column("answered_at", "when the server stored this version", "UTC", "ISO 8601"),
)
