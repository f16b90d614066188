"""The training pages: what they show, whom, and what they never say."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from readerstudy.cases.models import Rendition
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Read, Study, TrainingRead
from readerstudy.reading.services.studies import study_close
from tests.cast import Cast, reader_membership
from tests.factory import TRAINING

from .conftest import address, answer_next

KAPPA = {"gate": "kappa", "gate_minimum": Decimal("0.60")}


@pytest.fixture
def trained(cast: Cast, make_open: Callable[..., Study]) -> Study:
    """An open study with a gate before its first session."""
    return make_open(slug="trained", training=TRAINING, **KAPPA)


@pytest.fixture
def reader(trained: Study, cast: Cast) -> Membership:
    return reader_membership(trained, cast.reader)


@pytest.fixture
def room(client: Client, cast: Cast, reader: Membership) -> Client:
    client.force_login(cast.reader)
    return client


def start(room: Client, study: Study) -> TrainingRead:
    """Begin an attempt by its button; the image that is shown then."""
    response = room.post(address("training-start", study.slug), follow=True)
    assert response.redirect_chain[-1][0] == address("training-next", study.slug)
    return TrainingRead.objects.get(
        first_shown_at__isnull=False, submitted_at__isnull=True
    )


def submit(room: Client, study: Study, read: TrainingRead, **grades: int):
    given = {f"grade-{side}": value for side, value in grades.items()}
    return room.post(
        address("training-submit", study.slug), {"token": read.token, **given}
    )


def go_through(room: Client, study: Study, *, rightly: bool) -> None:
    read = start(room, study)
    while read is not None:
        key = read.item.key["grade"]
        grades = key if rightly else {side: 5 - value for side, value in key.items()}
        submit(room, study, read, **grades)
        read = read.attempt.reads.filter(submitted_at__isnull=True).first()


def pixels(study: Study, token: str) -> str:
    return address("training-pixels", study.slug, token)


# the reading screen


def test_training_has_the_reading_screen_with_its_own_addresses(room, trained):
    read = start(room, trained)
    page = room.get(address("training-next", trained.slug))
    assert page["Cache-Control"] == "no-store"
    said = page.content.decode()
    assert f'data-token="{read.token}"' in said
    assert (
        f'data-pixels-url="{pixels(trained, read.token)[: -len(read.token) - 1]}"'
        in (said)
    )
    assert f'data-submit-url="{address("training-submit", trained.slug)}"' in said
    assert [t.name for t in page.templates][:2] == [
        "reading/training.html",
        "reading/room.html",
    ]


def test_training_pixels_have_the_length_and_headers_of_reads(room, cast, trained):
    read = start(room, trained)
    training = room.get(pixels(trained, read.token))
    shown = services.read_next(reader=reader_membership(cast.study, cast.reader)).read
    reading = room.get(address("read-pixels", cast.study.slug, shown.token))
    assert training.status_code == reading.status_code == 200
    assert len(training.content) == len(reading.content) == 12288
    assert dict(training.headers) == dict(reading.headers)
    assert training["Cache-Control"] == "no-store"


def test_only_the_image_that_is_before_the_reader_is_given_out(room, trained):
    read = start(room, trained)
    later = read.attempt.reads.get(position=2)
    nonsense = room.get(pixels(trained, "A" * len(read.token)))
    assert nonsense.status_code == 404
    for token in (later.token, Read.objects.first().token):
        found = room.get(pixels(trained, token))
        assert (found.status_code, found.content) == (404, nonsense.content)
    submit(room, trained, read, right=3, left=2)
    assert room.get(pixels(trained, read.token)).status_code == 404
    assert room.get(pixels(trained, later.token)).status_code == 200


def test_training_and_reading_do_not_take_each_others_tokens(room, cast, trained):
    read = start(room, trained)
    assert room.get(address("read-pixels", trained.slug, read.token)).status_code == 404
    grades = {"grade-right": 3, "grade-left": 2}
    sent = {"token": read.token, "key": "k", **grades}
    assert room.post(address("read-submit", trained.slug), sent).status_code == 404
    other = {"token": Read.objects.first().token, **grades}
    assert room.post(address("training-submit", trained.slug), other).status_code == 404


def test_a_colleagues_training_image_does_not_exist(client, cast, make_open):
    study = make_open(
        slug="trained", training=TRAINING, readers=(cast.reader, cast.second_reader)
    )
    one = reader_membership(study, cast.reader)
    services.attempt_start(reader=one)
    read = services.training_next(reader=one)
    client.force_login(cast.second_reader)
    assert client.get(pixels(study, read.token)).status_code == 404
    assert submit(client, study, read, right=3, left=2).status_code == 404


def change(rendition):
    Rendition.objects.filter(pk=rendition.pk).update(sha256="0" * 64)


def damage(rendition):
    Path(rendition.values.path).write_bytes(b"damaged")


def lose(rendition):
    Path(rendition.values.path).unlink()


@pytest.mark.parametrize("harm", [change, damage, lose])
def test_a_harmed_training_image_is_not_shown_and_not_named(
    room, trained, caplog, harm
):
    read = start(room, trained)
    item = read.item
    harm(Rendition.objects.get(case=item.case, method=item.method))
    response = room.get(pixels(trained, read.token))
    assert response.status_code == 409
    assert response.content.decode() == (
        "This image cannot be shown. Tell the coordinator."
    )
    assert "The image of training read 1 of attempt 1 of reader A" in caplog.text
    for secret in (item.case.code, item.method):
        assert secret not in caplog.text


# the answer


def test_the_key_is_told_beside_the_answer(room, trained):
    read = start(room, trained)
    told = submit(room, trained, read, right=1, left=2).json()
    following = read.attempt.reads.get(position=2)
    assert set(told) == {"state", "given", "key", "next"}
    assert told["state"] == "feedback"
    assert told["given"] == {"grade": {"right": 1, "left": 2}}
    assert told["key"] == read.item.key
    expected = {"state": "read", "token": following.token, "number": 2, "of": 3}
    assert expected.items() <= told["next"].items()


def test_after_the_last_answer_comes_the_result(room, trained):
    read = start(room, trained)
    for position in (1, 2, 3):
        read = read.attempt.reads.get(position=position)
        told = submit(room, trained, read, right=3, left=2).json()
    result = address("training-result", trained.slug)
    assert told["next"] == {"state": "finished", "href": result}


def test_an_answer_sent_twice_is_answered_twice_and_stored_once(room, trained):
    read = start(room, trained)
    first, again = (submit(room, trained, read, right=3, left=2) for _ in range(2))
    assert first.json() == again.json()
    other = submit(room, trained, read, right=1, left=1)
    assert other.status_code == 409
    assert "already answered" in other.json()["error"]


# the result


def test_a_failed_attempt_says_why_and_offers_another(room, trained):
    go_through(room, trained, rightly=False)
    said = room.get(address("training-result", trained.slug)).content.decode()
    assert "The training is not passed yet" in said
    assert "less than the 0.60 asked for" in said
    assert "weighted kappa" in said
    assert "weights: quadratic" in said
    assert "Try again" in said
    assert "Start session" not in said
    assert "4, key 1" in said
    assert "3 grades off" in said


def test_a_passed_attempt_leads_to_the_first_session(room, trained):
    go_through(room, trained, rightly=False)
    go_through(room, trained, rightly=True)
    said = room.get(address("training-result", trained.slug)).content.decode()
    assert "You reached 1.000; at least 0.60 was asked for." in said
    assert "Start session 1" in said
    assert "6 / 6" in said


def test_a_result_that_is_not_estimable_says_so(room, trained):
    trained.training.update(key={"grade": {"right": 4, "left": 4}})
    go_through(room, trained, rightly=True)
    said = room.get(address("training-result", trained.slug)).content.decode()
    assert "Not estimable" in said
    assert "not passed yet" in said


def test_without_a_gate_the_result_is_the_grades_alone(client, cast, make_open):
    study = make_open(slug="ungated", training=TRAINING)
    client.force_login(cast.reader)
    go_through(client, study, rightly=False)
    said = client.get(address("training-result", study.slug)).content.decode()
    assert "This study asks for no minimum." in said
    assert "Reached" not in said
    assert "Start session 1" in said


def test_the_result_names_no_case_and_no_method(room, trained):
    go_through(room, trained, rightly=True)
    said = room.get(address("training-result", trained.slug)).content.decode()
    for item in trained.training.select_related("case"):
        assert item.case.code not in said
        assert item.method not in said


# the way there


def test_the_gate_stands_before_the_first_session_on_every_page(room, trained):
    for name, args in (("reader-home", []), ("reading-pause", [trained.slug])):
        said = room.get(address(name, *args)).content.decode()
        assert "Before session 1 comes training: 3 images with known grades." in said
        assert address("read-next", trained.slug) + '"' not in said
    reading = room.get(address("read-next", trained.slug), follow=True)
    assert reading.redirect_chain[-1][0] == address("reading-pause", trained.slug)
    go_through(room, trained, rightly=True)
    said = room.get(address("reading-pause", trained.slug)).content.decode()
    assert "The training is passed." in said
    assert address("read-next", trained.slug) + '"' in said


def test_training_without_an_attempt_leads_to_where_it_is_started(room, trained):
    pause = address("reading-pause", trained.slug)
    for name in ("training-next", "training-result"):
        assert room.get(address(name, trained.slug))["Location"] == pause


def test_during_a_session_there_is_no_training(client, cast, make_open):
    study = make_open(slug="ungated", training=TRAINING)
    client.force_login(cast.reader)
    pause = address("reading-pause", study.slug)
    assert "You may train first" in client.get(pause).content.decode()
    answer_next(reader_membership(study, cast.reader))
    assert "train" not in client.get(pause).content.decode().lower()
    begun = client.post(address("training-start", study.slug))
    assert begun["Location"] == pause


def test_the_result_stays_to_be_looked_at_when_the_study_is_closed(room, cast, trained):
    go_through(room, trained, rightly=True)
    study_close(study=trained, by=cast.coordinator)
    page = room.get(address("training-result", trained.slug))
    assert page.status_code == 200
    assert "Train again" not in page.content.decode()


def test_a_simulated_reader_is_sent_away_from_training(room, trained):
    services.member_mark_simulated(study=trained)
    pause = address("reading-pause", trained.slug)
    for name in ("training-next", "training-result"):
        assert room.get(address(name, trained.slug))["Location"] == pause
    assert room.post(address("training-start", trained.slug))["Location"] == pause
