"""The pixels of the read after the next come with the answer: no request for them."""

from base64 import b64decode

import pytest

from readerstudy.cases.models import Rendition
from readerstudy.reading import services
from readerstudy.reading.models import Answer, Read
from tests.cast import reader_membership

from .conftest import HARMS, address, answer_next, current, post_answer

ENCODED = 16384  # characters of 12288 bytes


def test_they_are_those_of_their_own_address_for_every_arm(room, cast, reader):
    arms, lengths = set(), set()
    for _ in range(reader.reads.count()):
        told = post_answer(room, cast.study, current(reader).token).json()
        if not told.get("next"):
            assert told.get("pixels") is None
            continue
        url = address("read-pixels", cast.study.slug, told["next"])
        assert b64decode(told["pixels"]) == room.get(url).content
        lengths.add(len(told["pixels"]))
        arms.add(Read.objects.get(token=told["next"]).arm.code)
    assert lengths == {ENCODED}
    assert arms == {"reference", "short", "gaussian"}


def test_an_answer_sent_again_brings_them_again(room, cast, reader):
    token = current(reader).token
    first, second = (post_answer(room, cast.study, token) for _ in range(2))
    assert first.content == second.content
    assert len(first.json()["pixels"]) == ENCODED


def test_none_come_of_a_session_that_has_not_begun(room, cast, reader):
    session = reader.sessions.get(number=1)
    for _ in range(session.size - 2):
        answer_next(reader)
    told = post_answer(room, cast.study, current(reader).token).json()
    assert (told["state"], told["next"], told["pixels"]) == ("read", None, None)
    last = post_answer(room, cast.study, current(reader).token).json()
    assert last["state"] == "pause"
    assert "pixels" not in last


def test_a_read_that_is_answered_once_more_brings_those_after_it(
    at, until_study_closes, cast
):
    reader, client = until_study_closes, at(cast.reader)
    slug = reader.study.slug
    client.get(address("read-next", slug))
    post_answer(client, reader.study, current(reader).token)
    undone = client.post(address("read-undo", slug)).json()
    assert undone["again"]
    assert undone["next"] == Read.objects.get(reader=reader, position=2).token
    url = address("read-pixels", slug, undone["next"])
    assert b64decode(undone["pixels"]) == client.get(url).content


@pytest.mark.parametrize("harm", HARMS)
def test_an_image_that_cannot_be_shown_loses_no_answer(
    room, cast, reader, caplog, harm
):
    third = Read.objects.get(reader=reader, position=3)
    harm(cast, Rendition.objects.get(case=third.case, method=third.arm.method))
    response = post_answer(room, cast.study, current(reader).token)
    assert response.status_code == 200
    told = response.json()
    assert (told["state"], told["next"]) == ("read", third.token)
    assert told["pixels"] is None
    assert Answer.objects.get().read.position == 1
    ours = [r for r in caplog.records if r.name == "readerstudy.reading.pages.due"]
    assert [r.getMessage() for r in ours] == [
        f"The image of read 3 of reader {reader.code} in study {cast.study.slug} "
        "cannot be used."
    ]
    assert not any(record.exc_info for record in caplog.records)
    for secret in (third.case.code, third.arm.title, third.arm.method):
        assert secret not in caplog.text


def test_a_stranger_learns_nothing_from_what_they_post(client, at, cast, reader):
    services.read_next(reader=reader)
    token = current(reader).token
    answers = set()
    for user in (cast.stranger, cast.other_reader, cast.coordinator):
        for slug in (cast.study.slug, "no-such-study"):
            for more in ({}, {"grade-right": "9"}, {"grade-right": "x"}):
                url = address("read-submit", slug)
                posted = {"token": token, "key": "k", "grade-left": "1", **more}
                response = at(user).post(url, posted)
                answers.add((response.status_code, response.content))
    assert {status for status, _ in answers} == {404}
    assert len(answers) == 1
    assert not Answer.objects.exists()


def test_a_draft_has_no_answers_to_take(client, cast, make_draft):
    study = make_draft()
    assert reader_membership(study, cast.reader)
    client.force_login(cast.reader)
    assert post_answer(client, study, "A" * 22).status_code == 404
