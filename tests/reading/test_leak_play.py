"""The leak oracle's reader: reads a study as a browser would, guesses and all."""

from collections.abc import Iterator
from itertools import groupby

import pytest
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.reading.leaks.asking import study_observe
from readerstudy.reading.leaks.playing import Seen
from readerstudy.reading.models import ArmGuess, Deviation, Read, Session, Study
from tests.cast import make_user, reader_membership
from tests.factory import make_cohort, make_study

from .conftest import answer_next

CHANGES, GUESSES = Study.AnswerChanges, Study.Guesses


@pytest.fixture
def coordinator(db: None) -> User:
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def cohort(coordinator: User) -> Cohort:
    return make_cohort(cases_wanted=3, coordinators=[coordinator])


@pytest.fixture
def readers(db: None) -> list[User]:
    return [make_user("reader"), make_user("second-reader")]


@pytest.fixture
def make(cohort: Cohort, coordinator: User, readers: list[User]):
    def make(**settings: object) -> Study:
        return make_study(cohort, coordinator=coordinator, readers=readers, **settings)

    return make


def planned(study: Study) -> list[tuple[object, ...]]:
    reads = Read.objects.filter(reader__study=study).order_by("reader", "position")
    return [
        (
            read.reader.code,
            read.position,
            read.session.number,
            read.position - read.session.first_position + 1,
            read.session.size,
            read.token,
        )
        for read in reads.select_related("reader", "session")
    ]


def noted(seen: list[Seen]) -> list[tuple[object, ...]]:
    return [
        (one.reader, one.position, one.session, one.number, one.of, one.token)
        for one in seen
    ]


@pytest.mark.parametrize(
    ("changes", "guesses"),
    [
        (CHANGES.NEVER, GUESSES.NEVER),
        (CHANGES.NEVER, GUESSES.AT_END),
        (CHANGES.SESSION, GUESSES.AFTER_GRADE),
        (CHANGES.SESSION, GUESSES.AT_END),
        (CHANGES.STUDY, GUESSES.AFTER_GRADE),
    ],
)
def test_every_read_and_every_question_is_seen(
    make, changes: str, guesses: str
) -> None:
    study = make(answer_changes=changes, guesses=guesses, guess_percent=30)
    seen = study_observe(study)
    assert noted(seen) == planned(study)
    asked = ArmGuess.objects.filter(read__reader__study=study)
    assert not asked.filter(guessed_at=None).exists()
    places = set(asked.values_list("read__reader__code", "read__position"))
    assert {(s.reader, s.position) for s in seen if s.values["order/asked"]} == places
    assert bool(places) is (guesses != GUESSES.NEVER)
    assert not Session.objects.filter(study=study, finished_at=None).exists()
    assert not Deviation.objects.exists()


def sittings(seen: list[Seen]) -> Iterator[list[Seen]]:
    for _, sitting in groupby(seen, key=lambda one: (one.reader, one.session)):
        yield list(sitting)


def test_each_read_but_a_sittings_first_is_announced_and_fetched_ahead(make) -> None:
    for sitting in sittings(study_observe(make())):
        for one in sitting:
            is_first, is_last = one is sitting[0], one is sitting[-1]
            values = one.values
            assert ("lengths/ahead/body" in values) is not is_first
            assert values.get("page/room/announced") == (None if is_first else "True")
            assert values["lengths/room/next"] == (0 if is_last else len(one.token))
            if not is_first:
                assert values["lengths/ahead/body"] == values["lengths/pixels/body"]


def test_each_read_but_a_sittings_first_two_comes_with_an_answer(make) -> None:
    for sitting in sittings(study_observe(make())):
        for place, one in enumerate(sitting):
            told = {n: v for n, v in one.values.items() if n.split("/")[1] == "carried"}
            assert bool(told) is (place > 1)
            if told:
                assert told["lengths/carried/pixels"] == 16384
                assert told["page/carried/same as fetched"] == "True"


def test_what_the_question_after_a_read_showed_is_the_reads_own(make) -> None:
    for one in study_observe(make(guesses="after-grade", guess_percent=30)):
        of_guess = {n for n in one.values if n.split("/")[1].startswith("guess")}
        assert bool(of_guess) is bool(one.values["order/asked"])


@pytest.mark.parametrize(
    ("hindrance", "why"),
    [
        ({"asks_conditions": True}, "No read"),
        ({"washout_days": 28}, "Of 24 reads only 12 were shown"),
    ],
)
def test_what_stands_between_reads_is_refused_in_words(make, hindrance, why) -> None:
    with pytest.raises(Refused, match=why):
        study_observe(make(**hindrance))


def test_a_study_that_is_begun_is_refused_in_words(make, readers: list[User]) -> None:
    study = make()
    answer_next(reader_membership(study, readers[0]))
    with pytest.raises(Refused, match="Of 24 reads only 23 were shown"):
        study_observe(study)


def test_an_image_that_cannot_be_shown_is_refused_in_words(make) -> None:
    class Blind(Client):
        def get(self, path, *args, **extra):
            return super().get(path.replace("pixels", "nowhere"), *args, **extra)

    def client_of(user: User) -> Client:
        client = Blind()
        client.force_login(user)
        return client

    with pytest.raises(Refused, match="no pixels"):
        study_observe(make(), client_of=client_of)
