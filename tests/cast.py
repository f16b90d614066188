"""The people of the tests: every permission is asked of each of them.

`make_cast` gives one study, open unless asked otherwise, and all who may or may
not touch it. Names are roles, so a failing test reads as a sentence.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Membership, Study

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    coordinator: User
    statistician: User
    reader: User
    second_reader: User
    other_reader: User
    other_coordinator: User
    stranger: User
    administrator: User
    cohort: Cohort
    study: Study
    other_study: Study

    def everyone(self) -> dict[str, User | None]:
        """Role in words → account; None is a visitor who has not logged in."""
        return {
            "visitor": None,
            "stranger": self.stranger,
            "reader": self.reader,
            "other study's reader": self.other_reader,
            "coordinator": self.coordinator,
            "statistician": self.statistician,
            "other study's coordinator": self.other_coordinator,
            "administrator": self.administrator,
        }


def make_user(username: str, *, coordinator: bool = False) -> User:
    user = User.objects.create_user(username, password=PASSWORD)
    if coordinator:
        user.groups.add(Group.objects.get(name="coordinators"))
    return user


def reader_membership(study: Study, user: User) -> Membership:
    return Membership.objects.get(study=study, user=user, role="reader")
