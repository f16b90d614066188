"""Columns that several exported files share.

Plain ASCII: the data dictionary reads the same in any program.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    name: str
    meaning: str
    unit: str = ""
    values: str = ""


STUDY = Column("study", "short name of the study", values="text")
PROTOCOL = Column(
    "protocol_sha256",
    "SHA-256 of the protocol as it was frozen when the study was opened",
    values="64 hexadecimal digits",
)
SIMULATED = Column(
    "simulated",
    "whether readers or images of the study are simulated, not real",
    values="TRUE or FALSE",
)
ARM = Column("arm", "code of the arm", values="text")
ARM_TITLE = Column("arm_title", "title of the arm", values="text")
READER = Column("reader", "code of the reader, never a name", values="text")
CASE = Column("case", "code of the case", values="text")
PATIENT = Column(
    "patient",
    "number of the patient in this study, the cluster of intervals; cases of one "
    "patient share it",
    values="P01, P02, ...",
)
NOT_ESTIMABLE = Column(
    "not_estimable",
    "which of the numbers in this line do not exist, and why",
    values="text; empty when all exist",
)


def interval_columns(values: str, degrees_of_freedom: str) -> tuple[Column, ...]:
    """values: which ones the limits may have. degrees_of_freedom: how many."""
    return (
        Column("interval_low", "lower end of the confidence interval", "", values),
        Column("interval_high", "upper end of the confidence interval", "", values),
        Column("interval_level", "confidence level", "", "0 to 1"),
        Column(
            "interval_df",
            f"degrees of freedom, {degrees_of_freedom}",
            "",
            "number; not whole where they are estimated",
        ),
        Column("interval_method", "how the interval was made", "", "text"),
    )


def limit_columns(name: str, meaning: str) -> tuple[Column, ...]:
    """The ends alone, of a further interval in one line."""
    return (
        Column(f"{name}_low", f"lower end of the interval of {meaning}", "", "number"),
        Column(f"{name}_high", f"upper end of the interval of {meaning}", "", "number"),
    )
