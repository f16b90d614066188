"""A study in which everything has happened that can happen before it is closed.

Its reader has trained, told the viewing conditions, answered a session, guessed
arms, changed an answer and gone on early; its coordinator has amended the protocol,
reopened a read and broken a code. Reasons that readers are not told name arms and
cases, as people do.
"""

from unittest.mock import patch

from django.contrib.auth.models import User
from django.utils import timezone

from readerstudy.blinding import seeds
from readerstudy.cases.models import Cohort
from readerstudy.reading import services
from readerstudy.reading.models import (
    Amendment,
    Deviation,
    LeakOracleRun,
    Membership,
    Preferences,
    Study,
)
from readerstudy.reading.questions import Answers
from readerstudy.reading.services.amendments import protocol_amend
from readerstudy.reading.services.settings import TrainingChoice
from tests.cast import make_user
from tests.factory import METHODS, make_cohort, make_study

KEY = {"grade": {"right": 4, "left": 1}}
REASON = "arm gaussian of C002 looked reversed"
OWN_REASON = "I had taken left for right"
# Of a random seed's first session every read may be one that is asked about: then
# there is no answer to change. Of this one's some are and some are not.
SEED = "7" * 64
# Of a case of which no answer may tell: four letters would be in a token now and then.
CODE = "Case-Qx-{:03}"


def make_whole(
    cohort: Cohort,
    *,
    coordinator: User,
    readers: list[User],
    trained_on: tuple[str, ...] = ("C001", "C004"),
    **settings: object,
) -> Study:
    """An open study, of a known seed, that asks for everything a protocol can."""
    whole = {
        "washout_days": 28,
        "answer_changes": Study.AnswerChanges.STUDY,
        "asks_conditions": True,
        "guesses": Study.Guesses.AFTER_GRADE,
        "guess_percent": 40,
        "primary_arm": "gaussian",
        "control_arm": "short",
        "training": [TrainingChoice(code, "short", KEY) for code in trained_on],
    }
    with patch.object(seeds, "new_seed", return_value=SEED):
        return make_study(
            cohort, coordinator=coordinator, readers=readers, **{**whole, **settings}
        )


def make_watched(coordinator: User, reader: User) -> Study:
    """One that asks for everything, with names that occur nowhere by chance."""
    methods = (*METHODS, "unet-l4")
    return make_whole(
        make_cohort(
            "Cohort-Qx", coordinators=[coordinator], methods=methods, code=CODE
        ),
        coordinator=coordinator,
        readers=[reader, make_user("colleague-reader")],
        trained_on=(CODE.format(1), CODE.format(4)),
        methods=methods,
        answer_changes="session",
        primary_arm="unet-l4",
        control_arm="gaussian",
        gate="within-one",
        gate_minimum="1",
    )


def let_everything_happen(study: Study, reader: Membership, coordinator: User) -> None:
    """To an open study that `make_whole` made, of which nothing is read yet."""
    Preferences.objects.update_or_create(user=reader.user, auto_advance=True)
    train(reader, KEY)
    see_the_pattern(reader)
    answer_session(reader)
    _change_an_answer(reader)
    washout = {"study": study, "reader": reader.code, "by": coordinator}
    services.washout_waive(session=2, reason=REASON, **washout)
    see_the_pattern(reader)
    answer_session(reader, most=2)
    one = {"reader": reader.code, "session": 1, "number": 2, "reason": REASON}
    not_guessed = _not_guessed(reader)
    again = {**one, "number": not_guessed, "reason": REASON}
    services.read_reopen(study=study, by=coordinator, **again)
    services.code_break(study=study, by=coordinator, **one)
    amend(study, coordinator)
    LeakOracleRun.objects.create(
        study=study,
        at=timezone.now(),
        reads=1,
        draws=99,
        confidence=0.99,
        p=0.5,
        findings=[],
    )


def train(reader: Membership, answers: Answers) -> None:
    """Once through the training set."""
    services.attempt_start(reader=reader)
    while read := services.training_next(reader=reader):
        services.training_submit(token=read.token, reader=reader, answers=answers)


def see_the_pattern(reader: Membership) -> None:
    """Tell the viewing conditions of the session that is about to begin."""
    check = services.check_start(reader=reader)
    assert check is not None
    told = services.Conditions(
        display="medical",
        room_light="dim",
        dark_number=check.dark_number,
        bright_number=check.bright_number,
    )
    services.check_answer(reader=reader, attempt=1, told=told)


def answer_session(reader: Membership, *, most: int = 1000) -> None:
    """Answer what is due, reads and guesses, until the session or `most` is done."""
    due = services.read_next(reader=reader)
    for number in range(most):
        if due.guess:
            due = services.guess_submit(
                token=due.guess.token, reader=reader, guess="reference", confidence=5
            ).due
        if due.read is None:
            return
        due = services.read_submit(
            token=due.read.token,
            reader=reader,
            answers=KEY,
            key=f"{due.read.position}/{number}",
            observed=services.Observed(away_ms=100_000, slice_side=20, device="1"),
        ).due
    assert Deviation.objects.filter(reader=reader).exists()


def _change_an_answer(reader: Membership) -> None:
    number = _not_guessed(reader)
    services.read_revisit(reader=reader, session=1, number=number, reason=OWN_REASON)
    due = services.read_next(reader=reader)
    assert due.read is not None
    services.read_submit(
        token=due.read.token,
        reader=reader,
        answers={"grade": {"right": 2, "left": 2}},
        key="changed",
    )


def _not_guessed(reader: Membership) -> int:
    """The number of an answered read of the first session whose grade is open."""
    reads = reader.reads.filter(session__number=1, arm_guess=None)
    return reads.order_by("position")[0].position


def amend(study: Study, coordinator: User) -> Amendment:
    """A longer washout, of which the reader learns nothing but the date."""
    return protocol_amend(study=study, by=coordinator, reason=REASON, washout_days=35)
