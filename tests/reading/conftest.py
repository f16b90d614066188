"""A study made for reading: each image's brightness says which side is bright."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from readerstudy.cases import services as cases
from readerstudy.cases.models import Cohort
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Read, Session, Study
from readerstudy.reading.services import Submitted
from tests.cast import Cast, reader_membership
from tests.factory import TRAINING, make_stack_cohort, make_study, statistician_of

GRADES = {"grade": {"right": 3, "left": 2}}
# of studies of whole stacks
FRAME = [6, 96, 80]
ANSWERS = {
    "forced-choice": {"preference": {"image": 3}},
    "image-quality": {
        "noise": {"image": 4},
        "sharpness": {"image": "motion"},
        "artefacts": {"image": 1},
        "acceptability": {"image": 5},
        "remark": {"image": "A thin bright line."},
    },
    "finding-confidence": {"confidence": {"image": 71}},
    "anatomical-fidelity": {
        "fidelity": {
            "image": {
                "value": 4,
                "marks": [
                    {"slice": 3, "row": 40, "column": 12},
                    {"slice": 2, "row": 41, "column": 11},
                ],
            }
        }
    },
}
TRUTH = {
    "reference_standard": "given",
    "given_standard": [{"case": f"H{n:03}", "image": n % 2} for n in range(1, 5)],
}


@pytest.fixture
def reader(cast: Cast) -> Membership:
    """The reader's membership in the open study."""
    return reader_membership(cast.study, cast.reader)


@pytest.fixture
def make_draft(cast: Cast) -> Callable[..., Study]:
    """A draft of two arms, a reader and a statistician; keywords are its settings."""

    def make(*, readers: tuple[User, ...] | None = None, **settings: object) -> Study:
        defaults = {
            "slug": "a-draft",
            "sessions": 1,
            "washout_days": 0,
            "spacing": 1,
            "asks_conditions": False,
            "answer_changes": "never",
        }
        study = services.study_create(
            title="A draft",
            cohort=cast.cohort,
            coordinator=cast.coordinator,
            **{**defaults, **settings},
        )
        for method in ("reference", "short"):
            services.arm_add(
                study=study,
                method=method,
                title=method.title(),
                role="reference" if method == "reference" else "comparison",
            )
        for user in (cast.reader,) if readers is None else readers:
            services.member_add(study=study, user=user, role="reader")
        services.member_add(
            study=study, user=statistician_of(study.slug), role="statistician"
        )
        return study

    return make


@pytest.fixture
def make_open(cast: Cast, make_draft: Callable[..., Study]) -> Callable[..., Study]:
    def make(**settings: object) -> Study:
        return services.study_open(study=make_draft(**settings), by=cast.coordinator)

    return make


@pytest.fixture
def trainee(cast: Cast, make_open: Callable[..., Study]) -> Callable[..., Membership]:
    """The reader of a new study with a training set; keywords are its settings."""

    def make(**settings: object) -> Membership:
        study = make_open(**{"training": TRAINING, **settings})
        return reader_membership(study, cast.reader)

    return make


def address(name: str, *args: object) -> str:
    return reverse(f"reading:{name}", args=args)


@pytest.fixture
def at(client: Client) -> Callable[[User], Client]:
    """Log in as a person and return the client."""

    def log_in(user: User) -> Client:
        client.force_login(user)
        return client

    return log_in


def current(reader: Membership) -> Read | None:
    """The read that is due."""
    return services.read_next(reader=reader).read


def answer_next(reader: Membership, *, key: str = "", **grades: int) -> Submitted:
    """Answer the reader's next read, 3 on the right and 2 on the left."""
    due = services.read_next(reader=reader)
    assert due.read is not None, due
    return services.read_submit(
        token=due.read.token,
        reader=reader,
        answers={"grade": {**GRADES["grade"], **grades}},
        key=key or f"key-{due.read.position}",
    )


def only_left_bright() -> np.ndarray:
    """(5, 64, 64): uptake on the patient's left alone, columns 32 … 63."""
    values = np.zeros((5, 64, 64), np.float32)
    values[:, 20:40, 40:50] = 1
    return values


def repaint(cohort: Cohort, values: np.ndarray) -> None:
    """Give every rendition these pixels, as only who has the database could."""
    Cohort.objects.filter(pk=cohort.pk).update(frozen_at=None)
    for case in cohort.cases.all():
        for rendition in case.renditions.all():
            cases.rendition_save(
                case=case, method=rendition.method, values=values, provenance={}
            )


@pytest.fixture
def until_session_ends(make_open, cast) -> Membership:
    """The reader of a study whose answers may be changed until the session ends."""
    study = make_open(sessions=2, answer_changes="session", slug="until-session-ends")
    return reader_membership(study, cast.reader)


@pytest.fixture
def until_study_closes(make_open, cast) -> Membership:
    study = make_open(sessions=2, answer_changes="study", slug="until-study-closes")
    return reader_membership(study, cast.reader)


@pytest.fixture
def never(make_open, cast) -> Membership:
    return reader_membership(make_open(slug="no-change"), cast.reader)


def revisit(reader, number=1, *, session=1, reason="The other key."):
    return services.read_revisit(
        reader=reader, session=session, number=number, reason=reason
    )


def reopen(reader, by, number=1, *, session=1, reason="Please look again."):
    return services.read_reopen(
        study=reader.study,
        reader=reader.code,
        session=session,
        number=number,
        reason=reason,
        by=by,
    )


def answer_session(reader, number=1):
    """Answer the first `number` sessions to their last read."""
    last = Session.objects.get(reader=reader, number=number)
    while True:
        due = services.read_next(reader=reader)
        if due.read is None or due.read.session.number > last.number:
            return due
        answer_next(reader)


@pytest.fixture
def room(at, cast):
    """The reader before the first read."""
    client = at(cast.reader)
    page = client.get(address("read-next", cast.study.slug))
    assert page.status_code == 200
    return client


def post_answer(client, study, token, key="key", **more):
    data = {"grade-right": "3", "grade-left": "2", "token": token, "key": key, **more}
    return client.post(address("read-submit", study.slug), data)


def change(cast, rendition):
    repaint(cast.cohort, only_left_bright())


def damage(cast, rendition):
    Path(rendition.values.path).write_bytes(b"damaged")


def lose_file(cast, rendition):
    Path(rendition.values.path).unlink()


def lose_row(cast, rendition):
    rendition.delete()


HARMS = [change, damage, lose_file, lose_row]  # by which an image cannot be shown


@pytest.fixture
def stacks(cast):
    return make_stack_cohort(coordinators=[cast.coordinator])


@pytest.fixture
def make_stack_study(cast, stacks):
    def make(question_set: str = "forced-choice", **settings: object) -> Study:
        truth = TRUTH if question_set == "finding-confidence" else {}
        return make_study(
            stacks,
            coordinator=cast.coordinator,
            readers=[cast.reader, cast.second_reader],
            statistician=cast.statistician,
            slug="stacks",
            **{"question_set": question_set, **truth, **settings},
        )

    return make


def reader_of(study: Study) -> Membership:
    return study.memberships.get(role=Membership.Role.READER, code="A")


def answer(reader: Membership, answers: object, *, key: str = "") -> Read:
    due = services.read_next(reader=reader)
    assert due.read is not None
    return services.read_submit(
        token=due.read.token,
        reader=reader,
        answers=answers,
        key=key or due.read.token,
    ).read
