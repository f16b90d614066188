"""A study with all that may happen while it is read, done once by named people."""

from readerstudy.reading import services as reading
from readerstudy.reading.leaks.judging import Judgement
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.services.leak_oracle import leak_oracle_store
from tests.cast import Cast, reader_membership
from tests.eventful import see_the_pattern, train
from tests.factory import TRAINING, make_study

SLUG = "conducted"
GRADES = {"grade": {"right": 3, "left": 2}}


def conduct(cast: Cast) -> Study:
    """Trained, read under told conditions, guessed, broken, waived and amended."""
    study = make_study(
        cast.cohort,
        slug=SLUG,
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.second_reader],
        training=TRAINING,
        washout_days=28,
        asks_conditions=True,
        guesses="after-grade",
        guess_percent=100,
    )
    reader = reader_membership(study, cast.second_reader)
    train(reader, GRADES)
    see_the_pattern(reader)
    read_the_first_session(reader)
    stepped = {"study": study, "reader": reader.code, "by": cast.coordinator}
    reading.code_break(**stepped, session=1, number=2, reason="The ward asks.")
    reading.washout_waive(**stepped, session=2, reason="On leave from tomorrow.")
    reading.protocol_amend(
        study=study,
        by=cast.coordinator,
        reason="Who reads a second time comes later.",
        washout_days=42,
    )
    judgement = Judgement(findings=(), constant=(), p=0.5, confidence=0.95, draws=19)
    leak_oracle_store(study=study, reads=8, judgement=judgement)
    return study


def read_the_first_session(reader: Membership) -> None:
    """To its end, with a guess after every read."""
    due = reading.read_next(reader=reader)
    while due.state in ("read", "guess"):
        if due.read:
            token, key = due.read.token, f"key-{due.read.position}"
            due = reading.read_submit(
                token=token, reader=reader, answers=GRADES, key=key
            ).due
        elif due.guess:
            due = reading.guess_submit(
                token=due.guess.token, reader=reader, guess="unknown", confidence=None
            ).due
