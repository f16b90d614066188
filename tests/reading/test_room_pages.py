"""The reader's pages, as a browser gets them."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from readerstudy.cases.models import Rendition
from readerstudy.imaging.lut import load_lut
from readerstudy.reading import services
from readerstudy.reading.models import Read, Score, Session
from tests.cast import reader_membership

from .conftest import (
    HARMS,
    address,
    answer_next,
    current,
    only_left_bright,
    post_answer,
    repaint,
)

SIMULATED = "This account's reading is simulated."


def shown_token(page) -> str:
    return re.search(r'data-token="([\w-]{22})"', page.content.decode())[1]


def test_the_pixels_are_12288_bytes_with_the_same_headers_for_every_arm(
    room, cast, reader
):
    seen = {}
    for _ in range(reader.reads.count()):
        read = current(reader)
        response = room.get(address("read-pixels", cast.study.slug, read.token))
        assert len(response.content) == 12288
        seen.setdefault(read.arm.code, set()).add(
            (response.status_code, *sorted(response.headers.items()))
        )
        answer_next(reader)
    assert len(seen) == 3
    assert len(set().union(*seen.values())) == 1
    headers = dict(next(iter(seen["short"]))[1:])
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Cache-Control"] == "no-store"
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(headers)


def test_past_future_foreign_and_nonsense_tokens_get_the_same_404(room, cast, reader):
    past = answer_next(reader).read.token
    services.read_next(reader=reader_membership(cast.study, cast.second_reader))
    foreign = Read.objects.get(reader__user=cast.second_reader, position=1).token
    foreign_next = Read.objects.get(reader__user=cast.second_reader, position=2).token
    elsewhere = Read.objects.filter(reader__user=cast.other_reader).first().token
    future = Read.objects.get(reader=reader, position=4).token
    last = Read.objects.filter(reader=reader).latest("position").token
    nonsense = ("A" * 22, "x")
    answers = set()
    for token in (past, foreign, foreign_next, elsewhere, future, last, *nonsense):
        response = room.get(address("read-pixels", cast.study.slug, token))
        assert response.status_code == 404
        answers.add((response.content, *sorted(response.headers.items())))
    assert len(answers) == 1


def test_the_next_reads_pixels_may_be_fetched_and_it_is_not_shown_by_that(
    room, cast, reader
):
    due = services.read_next(reader=reader)
    ahead = Read.objects.get(reader=reader, position=2)
    assert due.following == ahead.token
    now, then = (
        room.get(address("read-pixels", cast.study.slug, token))
        for token in (due.read.token, ahead.token)
    )
    assert (now.status_code, then.status_code) == (200, 200)
    assert len(now.content) == len(then.content) == 12288
    assert sorted(now.headers.items()) == sorted(then.headers.items())
    ahead.refresh_from_db()
    assert ahead.first_shown_at is None
    assert post_answer(room, cast.study, ahead.token).status_code == 404
    assert not Score.objects.exists()


def test_no_session_is_looked_into_before_it_begins(room, cast, reader):
    first = Session.objects.get(reader=reader, number=1)
    for _ in range(first.size - 1):
        answer_next(reader)
    due = services.read_next(reader=reader)
    assert due.following is None
    ahead = Read.objects.get(reader=reader, position=first.size + 1).token
    url = address("read-pixels", cast.study.slug, ahead)
    assert room.get(url).status_code == 404
    answer_next(reader)  # the first session is over, the second one not begun
    assert room.get(url).status_code == 404
    services.read_next(reader=reader)
    assert room.get(url).status_code == 200


def test_before_reading_begins_no_pixels_are_given(at, cast, reader):
    token = Read.objects.get(reader=reader, position=1).token
    client = at(cast.reader)
    url = address("read-pixels", cast.study.slug, token)
    assert client.get(url).status_code == 404
    services.read_next(reader=reader)
    assert client.get(url).status_code == 200


def test_the_pixels_are_gone_once_the_study_is_closed(room, cast, reader):
    due = services.read_next(reader=reader)
    urls = [
        address("read-pixels", cast.study.slug, token)
        for token in (due.read.token, due.following)
    ]
    assert [room.get(url).status_code for url in urls] == [200, 200]
    services.study_close(study=cast.study, by=cast.coordinator)
    assert [room.get(url).status_code for url in urls] == [404, 404]


@pytest.mark.parametrize("harm", HARMS)
def test_an_image_that_cannot_be_shown_tells_neither_arm_nor_case(
    room, cast, reader, caplog, harm
):
    read = current(reader)
    harm(cast, Rendition.objects.get(case=read.case, method=read.arm.method))
    response = room.get(address("read-pixels", cast.study.slug, read.token))
    assert response.status_code == 409
    assert response["Content-Type"].startswith("text/plain")
    assert response["Cache-Control"] == "no-store"
    said = response.content.decode()
    assert said == "This image cannot be shown. Tell the coordinator."
    ours = [r for r in caplog.records if r.name == "readerstudy.reading.pages.due"]
    assert [r.getMessage() for r in ours] == [
        f"The image of read 1 of reader {reader.code} in study {cast.study.slug} "
        "cannot be used."
    ]
    assert not any(record.exc_info for record in caplog.records)
    for secret in (read.case.code, read.arm.title, read.arm.method):
        assert secret not in caplog.text


@pytest.fixture
def simulated(client, cast, reader):
    """Logged in as a reader of a study whose readings are simulated."""
    services.member_mark_simulated(study=cast.study)
    client.force_login(cast.reader)
    return client


def test_nobody_reads_in_a_browser_as_a_simulated_reader(simulated, cast, reader):
    page = simulated.get(address("read-next", cast.study.slug), follow=True)
    assert page.redirect_chain[-1][0] == address("reading-pause", cast.study.slug)
    assert SIMULATED in unescape(page.content.decode())
    assert not Read.objects.filter(first_shown_at__isnull=False).exists()
    token = current(reader).token  # as the simulation itself goes on
    url = address("read-pixels", cast.study.slug, token)
    assert simulated.get(url).status_code == 404
    refused = post_answer(simulated, cast.study, token)
    assert refused.status_code == 409
    assert refused.json()["error"] == SIMULATED
    assert not Score.objects.exists()


def test_a_simulated_reading_is_called_so_at_home(simulated, cast):
    page = unescape(simulated.get(address("reader-home")).content.decode())
    assert SIMULATED in page
    assert '<span class="tag warn">simulated</span>' in page
    assert address("read-next", cast.study.slug) not in page


def test_the_page_of_every_read_has_the_same_length_and_text(room, cast, reader):
    pages = {}
    for _ in range(reader.reads.count()):
        due = services.read_next(reader=reader)
        read = due.read
        page = room.get(address("read-next", cast.study.slug)).content.decode()
        assert read.token in page
        page = page.replace(read.token, "T" * 22)
        page = page.replace(f'data-next="{due.following or ""}"', 'data-next="N"')
        page = re.sub(r'value="[A-Za-z0-9]{64}"', 'value="csrf"', page)
        number = read.position - read.session.first_position + 1
        page = page.replace(f'"number">{number}<', '"number">n<')
        pages.setdefault(page, []).append(read.arm.code)
        answer_next(reader)
    assert len(pages) == 1


def test_what_follows_an_answer_has_one_length_whatever_the_arm(room, cast, reader):
    lengths = {}
    for _ in range(reader.reads.count()):
        response = post_answer(room, cast.study, current(reader).token)
        told = response.json()
        if told["state"] != "read":
            continue
        presented = {"token", "number", "of", "next", "again"}
        assert set(told) == {"state", "href", "pixels"} | presented
        assert told["again"] is None
        kind = (len(str(told["number"])), told["next"] is None)
        lengths.setdefault(kind, set()).add(len(response.content))
        assert response["Cache-Control"] == "no-store"
    assert all(len(found) == 1 for found in lengths.values())


def test_left_is_left_from_the_pixels_to_the_stored_score(client, cast, make_draft):
    repaint(cast.cohort, only_left_bright())
    study = services.study_open(study=make_draft(), by=cast.coordinator)
    client.force_login(cast.reader)
    page = client.get(address("read-next", study.slug))
    token = shown_token(page)
    pixels = client.get(address("read-pixels", study.slug, token)).content
    for start in range(0, len(pixels), 64):
        row = pixels[start : start + 64]
        assert not any(row[:32]), "the screen's left half is the patient's right: dark"
    assert any(pixels)
    groups = re.findall(
        r'<fieldset class="(\w+)".*?name="([\w-]+)"', page.content.decode(), re.S
    )
    assert groups == [("right", "grade-right"), ("left", "grade-left")]
    on_screens_right = groups[-1][1]
    client.post(
        address("read-submit", study.slug),
        {"token": token, "key": "k", "grade-right": "1", on_screens_right: "4"},
    )
    stored = dict(
        Score.objects.filter(answer__read__token=token).values_list("side", "value")
    )
    assert stored == {"left": 4, "right": 1}


def test_an_answer_sent_twice_by_the_browser_is_one_score(room, cast, reader):
    token = current(reader).token
    first, second = (post_answer(room, cast.study, token) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert Score.objects.filter(answer__read__token=token).count() == 2


def test_a_second_tab_cannot_change_what_the_first_one_answered(room, cast, reader):
    token = current(reader).token
    post_answer(room, cast.study, token, key="one")
    late = post_answer(
        room, cast.study, token, key="two", **{"grade-right": "1", "grade-left": "1"}
    )
    assert late.status_code == 409
    assert "already answered" in late.json()["error"]
    assert set(Score.objects.values_list("answer__version", flat=True)) == {1}


@pytest.mark.parametrize(
    "fields",
    [
        {"grade-right": "9"},
        {"grade-right": ""},
        {"grade-right": "-1"},
        {"grade-right": "٣"},
        {"grade-top": "1"},
        {"mood-right": "1"},
        {"key": ""},
    ],
)
def test_a_false_answer_is_refused_in_words(room, cast, reader, fields):
    response = post_answer(room, cast.study, current(reader).token, **fields)
    assert response.status_code == 409
    assert response.json()["error"]
    assert not Score.objects.exists()


@pytest.mark.parametrize("token", ["", "A" * 22])
def test_an_answer_to_no_read_of_ones_own_is_not_found(room, cast, token):
    assert post_answer(room, cast.study, token).status_code == 404


def test_reading_stops_and_goes_on_at_the_same_read(room, cast, reader):
    post_answer(room, cast.study, current(reader).token)
    second = shown_token(room.get(address("read-next", cast.study.slug)))
    room.logout()
    room.force_login(cast.reader)
    assert shown_token(room.get(address("read-next", cast.study.slug))) == second


def test_after_a_session_the_reader_is_told_when_the_next_one_opens(
    client, cast, make_open
):
    study = make_open(sessions=2, washout_days=28, slug="with-washout")
    client.force_login(cast.reader)
    reader = reader_membership(study, cast.reader)
    while answer_next(reader).due.state == "read":
        pass
    page = client.get(address("read-next", study.slug), follow=True)
    assert page.redirect_chain[-1][0] == address("reading-pause", study.slug)
    assert "Session 1 of 2 is finished" in page.content.decode()
    assert "Session 2 opens on" in page.content.decode()
    home = client.get(address("reader-home")).content.decode()
    assert "Session 2 opens on" in home
    assert f'href="{address("read-next", study.slug)}"' not in home


def test_without_a_washout_the_next_session_may_start_at_once(room, cast, reader):
    while answer_next(reader).due.state == "read":
        pass
    page = room.get(address("reading-pause", cast.study.slug)).content.decode()
    assert "Start session 2" in page
    assert address("read-next", cast.study.slug) in page


def test_at_the_end_the_reader_is_thanked(room, cast, reader):
    for _ in range(reader.reads.count()):
        answer_next(reader)
    page = room.get(address("read-next", cast.study.slug), follow=True)
    assert "You have read everything" in page.content.decode()


def test_home_lists_ones_own_studies_only(at, cast, reader):
    answer_next(reader)
    page = at(cast.reader).get(address("reader-home")).content.decode()
    assert "1 of 16 read" in page
    assert "other-study" not in page
    assert (
        "nothing for you"
        in at(cast.stranger).get(address("reader-home")).content.decode()
    )


def test_the_colour_table_is_the_one_of_the_loader(room):
    assert room.get(address("lut-show", "cool")).content == load_lut("cool").tobytes()


def test_no_keyboard_key_serves_two_answers(room, cast):
    page = room.get(address("read-next", cast.study.slug)).content.decode()
    choices = re.findall(r'<input type="radio"[^>]* data-keys="([\w ]+)"', page)
    keys = " ".join(choices).split()
    # four grades by two keys each, and that it cannot be assessed, for two sides
    assert len(keys) == len(set(keys)) == 18


def test_a_side_may_be_left_without_a_grade_but_not_in_training(
    room, cast, trainee, at
):
    page = room.get(address("read-next", cast.study.slug)).content.decode()
    assert page.count('value="none"') == page.count('name="why-grade-') == 2
    assert 'name="comment"' in page
    study = trainee().study
    services.attempt_start(reader=reader_membership(study, cast.reader))
    page = room.get(address("training-next", study.slug)).content.decode()
    assert "data-token" in page
    assert 'value="none"' not in page
    assert 'name="comment"' not in page


def test_the_page_is_as_dark_as_the_zero_of_the_colour_table():
    red, green, blue = load_lut("cool")[0]
    css = finders.find("css/reading.css")
    assert f"--zero: rgb({red} {green} {blue});" in Path(css).read_text()
