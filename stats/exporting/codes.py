"""How files call what a read belongs to: looked up once, not joined to every row."""

from collections.abc import Mapping
from dataclasses import dataclass

from readerstudy.reading.models import Arm, Membership, Session, Study

from .. import selectors
from .csv_text import written
from .lines import Line

# What `Codes.cells` asks of a read, as names of its fields.
PLACE = ("reader_id", "session_id", "position", "case_id", "arm_id", "repeat")


@dataclass(frozen=True)
class Codes:
    """By primary key. Their number is that of cases, not of reads."""

    study: str
    readers: Mapping[int, Membership]
    sessions: Mapping[int, int]
    cases: Mapping[int, str]
    patients: Mapping[int, str]  # of each case
    arms: Mapping[int, Arm]

    def arm_code(self, arm: int | None) -> str | None:
        """None where there is none, as beside an image that stands alone."""
        return None if arm is None else self.arms[arm].code

    def cells(
        self,
        reader: int,
        session: int,
        position: int,
        case: int,
        arm: int,
        repeat: int,
    ) -> Line:
        """Which read a line is about."""
        return {
            "study": self.study,
            "reader": written(self.readers[reader].code),
            "session": self.sessions[session],
            "position": position,
            "case": written(self.cases[case]),
            "patient": self.patients[case],
            "arm": self.arms[arm].code,
            "repeat": repeat,
        }


def codes_of(study: Study) -> Codes:
    sessions = Session.objects.filter(study=study)
    return Codes(
        study=study.slug,
        readers={one.pk: one for one in selectors.answering_readers(study)},
        sessions=dict(sessions.order_by("pk").values_list("pk", "number")),
        cases=dict(selectors.study_cases(study).values_list("pk", "code")),
        patients=selectors.patient_codes(study),
        arms={arm.pk: arm for arm in study.arms.all()},
    )
