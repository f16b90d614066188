"""The pixels of the read after the next come with the answer: no request for them."""

from base64 import b64decode
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readerstudy.cases.models import Rendition
from readerstudy.reading import services
from readerstudy.reading.models import Answer, Read
from tests.cast import reader_membership

from .conftest import address, answer_next, current, only_left_bright, repaint

ENCODED = 16384  # characters of 12288 bytes


@pytest.fixture
def room(at, cast):
    """The reader before the first read."""
    client = at(cast.reader)
    assert client.get(address("read-next", cast.study.slug)).status_code == 200
    return client


def post(client, study, token, key="key", **more):
    data = {"grade-right": "3", "grade-left": "2", "token": token, "key": key, **more}
    return client.post(address("read-submit", study.slug), data)


def test_they_are_those_of_their_own_address_for_every_arm(room, cast, reader):
    arms, lengths = set(), set()
    for _ in range(reader.reads.count()):
        told = post(room, cast.study, current(reader).token).json()
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
    first, second = (post(room, cast.study, token) for _ in range(2))
    assert first.content == second.content
    assert len(first.json()["pixels"]) == ENCODED


def test_none_come_of_a_session_that_has_not_begun(room, cast, reader):
    session = reader.sessions.get(number=1)
    for _ in range(session.size - 2):
        answer_next(reader)
    told = post(room, cast.study, current(reader).token).json()
    assert (told["state"], told["next"], told["pixels"]) == ("read", None, None)
    last = post(room, cast.study, current(reader).token).json()
    assert last["state"] == "pause"
    assert "pixels" not in last


def test_a_read_that_is_answered_once_more_brings_those_after_it(
    at, until_study_closes, cast
):
    reader, client = until_study_closes, at(cast.reader)
    slug = reader.study.slug
    client.get(address("read-next", slug))
    post(client, reader.study, current(reader).token)
    undone = client.post(address("read-undo", slug)).json()
    assert undone["again"]
    assert undone["next"] == Read.objects.get(reader=reader, position=2).token
    url = address("read-pixels", slug, undone["next"])
    assert b64decode(undone["pixels"]) == client.get(url).content


def change(cast, rendition):
    repaint(cast.cohort, only_left_bright())


def damage(cast, rendition):
    Path(rendition.values.path).write_bytes(b"damaged")


def lose_file(cast, rendition):
    Path(rendition.values.path).unlink()


def lose_row(cast, rendition):
    rendition.delete()


@pytest.mark.parametrize("harm", [change, damage, lose_file, lose_row])
def test_an_image_that_cannot_be_shown_loses_no_answer(
    room, cast, reader, caplog, harm
):
    third = Read.objects.get(reader=reader, position=3)
    harm(cast, Rendition.objects.get(case=third.case, method=third.arm.method))
    response = post(room, cast.study, current(reader).token)
    assert response.status_code == 200
    told = response.json()
    assert (told["state"], told["next"]) == ("read", third.token)
    assert told["pixels"] is None
    assert Answer.objects.get().read.position == 1
    ours = [r for r in caplog.records if r.name == "readerstudy.reading.views.reader"]
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
    assert post(client, study, "A" * 22).status_code == 404


@pytest.mark.sqlite
def test_no_statement_of_an_answer_looks_through_a_table(room, cast, reader):
    """So a read costs the same among 450 as among a million."""
    post(room, cast.study, current(reader).token)
    token = current(reader).token
    with CaptureQueriesContext(connection) as captured:
        post(room, cast.study, token)
    plans = []
    for query in captured.captured_queries:
        if query["sql"].startswith(("SELECT", "UPDATE")):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"].replace("%", "%%"))
                plans += [(step[-1], query["sql"]) for step in cursor.fetchall()]
    assert any("read_next_of_reader" in step for step, _ in plans)
    scans = [sql for step, sql in plans if step.startswith("SCAN")]
    # the last event alone, from the end of the log
    assert len(scans) == 1
    assert "audit_auditevent" in scans[0] and scans[0].endswith("DESC LIMIT 1")
