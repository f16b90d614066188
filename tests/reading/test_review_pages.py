"""The pages around a session: its review, its changes, what waits and what comes."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from readerstudy.reading import services
from readerstudy.reading.models import (
    ArmGuess,
    Read,
    Reopening,
    Score,
    Session,
    Study,
)
from readerstudy.reading.selectors import changeable_answers, reading_state
from tests.cast import reader_membership
from tests.factory import TRAINING

from .conftest import address, answer_next

WHY = "The other key."


@pytest.fixture
def study(make_open):
    return make_open(sessions=2, answer_changes="session", slug="reviewed")


@pytest.fixture
def reviewer(study, cast):
    """The reader of that study."""
    return reader_membership(study, cast.reader)


@pytest.fixture
def browser(at, cast):
    return at(cast.reader)


def answer_session(reader):
    """Answer what is left of the session that is due."""
    session = services.read_next(reader=reader).read.session
    while (due := answer_next(reader).due).read:
        pass
    return session, due


def page(browser, name, study, **options):
    response = browser.get(address(name, study.slug), **options)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return unescape(response.content.decode())


def revisit(browser, study, read="1/1", reason=WHY):
    return browser.post(
        address("read-revisit", study.slug), {"read": read, "reason": reason}
    )


# --- the end of a session


def test_a_session_is_reviewed_before_it_ends(browser, study, reviewer):
    session, _ = answer_session(reviewer)
    shown = page(browser, "read-next", study, follow=True)
    assert f"All {session.size} reads of this session are stored." in shown
    assert "End the session" in shown
    assert address("read-changes", study.slug) in shown
    assert "Review and end session 1" in page_home(browser)


def page_home(browser):
    return unescape(browser.get(address("reader-home")).content.decode())


def test_the_last_answer_of_a_session_tells_where_to_review_it(
    browser, study, reviewer
):
    session = Session.objects.get(reader=reviewer, number=1)
    for _ in range(session.size - 1):
        answer_next(reviewer)
    token = services.read_next(reader=reviewer).read.token
    told = browser.post(
        address("read-submit", study.slug),
        {"token": token, "key": "k", "grade-right": "3", "grade-left": "2"},
    ).json()
    assert told == {"state": "review", "href": address("reading-pause", study.slug)}


def test_ending_a_session_leads_to_what_comes_next(browser, study, reviewer):
    session, _ = answer_session(reviewer)
    ended = browser.post(address("session-finish", study.slug), follow=True)
    shown = unescape(ended.content.decode())
    assert "Session 1 of 2 is finished" in shown
    assert "Start session 2" in shown
    assert "Change an answer" not in shown
    session.refresh_from_db()
    assert session.finished_at is not None
    # a second click, or a reload, ends nothing more
    browser.post(address("session-finish", study.slug))
    assert Session.objects.filter(finished_at__isnull=False).count() == 1


def test_a_session_that_is_not_answered_is_not_ended(browser, study, reviewer):
    answer_next(reviewer)
    refused = browser.post(address("session-finish", study.slug))
    assert refused.status_code == 400
    assert "not answered yet" in refused.content.decode()
    assert not Session.objects.filter(finished_at__isnull=False).exists()


def test_ending_asks_for_a_post(browser, study):
    assert browser.get(address("session-finish", study.slug)).status_code == 405
    assert browser.get(address("read-revisit", study.slug)).status_code == 405


# --- changing an answer


def test_the_list_holds_the_sessions_own_answers_only(browser, study, reviewer):
    answer_next(reviewer, right=4, left=1)
    answer_next(reviewer, right=2, left=3)
    shown = page(browser, "read-changes", study)
    assert re.findall(r'name="read" value="([^"]+)"', shown) == ["1/2", "1/1"]
    assert re.findall(r"<td><b>(\d)</b> ([^<]+)</td>", shown) == [
        ("2", "putamen severely reduced"),
        ("3", "putamen mildly reduced"),
        ("4", "normal"),
        ("1", "putamen and caudate severely reduced"),
    ]
    answer_session(reviewer)
    services.session_finish(reader=reviewer)
    answer_next(reviewer)
    assert [s.number for s in changeable_answers(reviewer).sessions] == [2]


def test_until_the_study_closes_every_session_is_in_the_list(cast, make_open, browser):
    study = make_open(sessions=2, answer_changes="study", slug="long")
    reader = reader_membership(study, cast.reader)
    answer_session(reader)
    answer_next(reader)
    found = changeable_answers(reader)
    assert [s.number for s in found.sessions] == [2, 1]
    assert found.sessions[0].answers[0].place == "2/1"
    services.study_close(study=study, by=cast.coordinator)
    reader = reader_membership(study, cast.reader)
    assert changeable_answers(reader).sessions == ()
    assert "no answer that can be changed now" in page(browser, "read-changes", study)


def test_where_answers_are_never_changed_the_page_says_whom_to_tell(
    browser, make_open, cast
):
    study = make_open(slug="never")
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    shown = page(browser, "read-changes", study)
    assert "tell the coordinator" in shown
    assert "<form" not in shown
    assert 'id="change"' not in page(browser, "read-next", study)
    refused = revisit(browser, study)
    assert refused.status_code == 400
    assert "can't be changed" in unescape(refused.content.decode())


def test_a_changed_answer_comes_again_with_its_grades_and_reason(
    browser, study, reviewer
):
    first = answer_next(reviewer, right=4, left=1).read
    answer_next(reviewer)
    assert 'id="change"' in page(browser, "read-next", study)
    opened = revisit(browser, study)
    assert opened.status_code == 302
    assert opened["Location"] == address("read-next", study.slug)
    shown = page(browser, "read-next", study)
    first.refresh_from_db()
    assert f'data-token="{first.token}"' in shown
    told = json.loads(re.search(r'data-again="(.*?)" data-', shown)[1])
    assert told == {
        "said": "Read 1 of 4 in session 1, once more",
        "reason": f"Your reason: {WHY}",
        "grades": {"grade-right": 4, "grade-left": 1},
        "comment": "",
        "texts": {},
        "marks": {},
    }
    assert "waits for another answer" in page(browser, "read-changes", study)
    answer_next(reviewer, key="again", right=3)
    third = page(browser, "read-next", study)
    assert 'data-again="null"' in third


def test_a_read_that_its_coordinator_opened_again_comes_without_its_grades(
    browser, study, reviewer, cast
):
    answer_next(reviewer)
    services.read_reopen(
        study=study,
        reader="A",
        session=1,
        number=1,
        reason='Too <b>bright</b> & "odd"',
        by=cast.coordinator,
    )
    response = browser.get(address("read-next", study.slug)).content.decode()
    assert "<b>bright" not in unescape(response)
    told = json.loads(unescape(re.search(r'data-again="(.*?)" data-', response)[1]))
    assert told["grades"] is None
    assert told["reason"] == "The coordinator asks you to."
    assert "1 read waits for another answer" in page_home(browser)
    assert "1 read waits for another answer" in page(browser, "reading-pause", study)


def test_the_pixels_of_a_read_opened_again_are_given_once_it_is_shown(
    browser, study, reviewer
):
    first = answer_next(reviewer).read
    revisit(browser, study)
    first_again = Read.objects.get(pk=first.pk)
    url = address("read-pixels", study.slug, first_again.token)
    assert browser.get(url).status_code == 404
    due = services.read_next(reader=reviewer)
    assert browser.get(url).status_code == 200
    old = address("read-pixels", study.slug, first.token)
    assert browser.get(old).status_code == 404
    assert due.following == Read.objects.get(reader=reviewer, position=2).token
    ahead = address("read-pixels", study.slug, due.following)
    assert browser.get(ahead).status_code == 200
    answer_next(reviewer, key="again")
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"read": "1/1", "reason": "  "}, "A reason is needed"),
        ({"read": "1/1", "reason": "x" * 1001}, "The reason is too long"),
        ({"read": "1/2", "reason": WHY}, "Read 2 of session 1 is not answered yet"),
        ({"read": "2/1", "reason": WHY}, "not answered yet"),
        ({"read": "1/999999999", "reason": WHY}, "not answered yet"),
        ({"read": "1", "reason": WHY}, "Read: choose one from the list"),
        ({"read": "1/٣", "reason": WHY}, "Read: choose one from the list"),
        ({"read": "", "reason": WHY}, "Read: choose one from the list"),
        ({"reason": WHY}, "Read: choose one from the list"),
        ({"read": "9" * 40 + "/1", "reason": WHY}, "Read: choose one from the list"),
    ],
)
def test_what_cannot_be_opened_again_is_refused_in_words(
    browser, study, reviewer, fields, said
):
    answer_next(reviewer)
    response = browser.post(address("read-revisit", study.slug), fields)
    assert response.status_code == 400
    assert said in unescape(response.content.decode())
    assert not Reopening.objects.exists()


def test_what_was_typed_is_kept_when_it_is_refused(browser, study, reviewer):
    answer_next(reviewer)
    response = revisit(browser, study, read="1/2", reason='A <slip> "here"')
    assert 'value="A &lt;slip&gt; &quot;here&quot;"' in response.content.decode()


def test_a_grade_that_was_guessed_about_cannot_be_chosen(browser, make_open, cast):
    study = make_open(
        slug="guessed", answer_changes="study", guesses="after-grade", guess_percent=100
    )
    reader = reader_membership(study, cast.reader)
    due = answer_next(reader).due
    assert "locked" not in page(browser, "read-changes", study)
    ArmGuess.objects.filter(pk=due.guess.pk).update(
        guess="unknown", guessed_at=timezone.now()
    )
    shown = page(browser, "read-changes", study)
    assert "locked by the question after it" in shown
    assert re.search(r'value="1/1" required disabled', shown)


def test_a_simulated_readers_answers_are_nobodys_to_change(browser, study, cast):
    services.member_mark_simulated(study=study)
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    assert "no answer that can be changed now" in page(browser, "read-changes", study)
    refused = revisit(browser, study)
    assert "reading is simulated" in unescape(refused.content.decode())
    browser.post(address("session-finish", study.slug))
    assert not Reopening.objects.exists()


# --- what waits


def test_a_guess_that_is_due_is_where_reading_goes_on(browser, make_open, cast):
    study = make_open(slug="guesses", guesses="at-end", guess_percent=100)
    reader = reader_membership(study, cast.reader)
    _, due = answer_session(reader)
    assert due.state == "guess"
    assert reading_state(reader).awaits == "guess"
    reads = reader.reads.count()
    assert f"{reads} questions about images you have read" in page_home(browser)
    assert "questions about images" in page(browser, "reading-pause", study)
    response = browser.get(address("read-next", study.slug))
    assert response["Location"] == address("guess-next", study.slug)
    ArmGuess.objects.update(guess="unknown", guessed_at=timezone.now())
    assert "You have read everything" in page_home(browser)


def test_guesses_at_the_end_wait_for_the_end(make_open, cast):
    study = make_open(slug="guesses", guesses="at-end", guess_percent=100, sessions=2)
    reader = reader_membership(study, cast.reader)
    answer_session(reader)
    assert reading_state(reader).awaits == "session"


GATE = {"training": TRAINING, "gate": "within-one", "gate_minimum": Decimal("0.50")}


@pytest.mark.parametrize(
    ("settings", "place"),
    [({"asks_conditions": True}, "conditions"), (GATE, "training-next")],
)
def test_what_comes_before_a_session_is_where_its_start_leads(
    browser, make_open, settings, place
):
    study = make_open(slug="asking", **settings)
    response = browser.get(address("read-next", study.slug))
    assert response["Location"] == address(place, study.slug)


def test_a_waived_washout_is_no_longer_waited_for(browser, make_open, cast):
    study = make_open(sessions=2, washout_days=28, slug="waived")
    reader = reader_membership(study, cast.reader)
    answer_session(reader)
    assert reading_state(reader).awaits == "washout"
    assert "Session 2 opens on" in page_home(browser)
    services.washout_waive(
        study=study, reader="A", session=2, reason="Holidays.", by=cast.coordinator
    )
    assert reading_state(reader).awaits == "session"
    assert "Start session 2" in page_home(browser)
    assert services.read_next(reader=reader).read.session.number == 2


def test_the_washout_that_is_told_is_that_of_the_session_before(make_open, cast):
    study = make_open(sessions=2, washout_days=28)
    reader = reader_membership(study, cast.reader)
    answer_session(reader)
    first = Session.objects.get(reader=reader, number=1)
    assert reading_state(reader).opens_at == first.finished_at + timedelta(days=28)
    over = timezone.now() - timedelta(days=28, seconds=1)
    Session.objects.filter(pk=first.pk).update(started_at=over, finished_at=over)
    assert reading_state(reader).opens_at is None


def test_the_states_of_reading_are_in_the_order_in_which_they_are_asked_for(
    study, reviewer, cast
):
    """The page and services.conduct agree at every step."""
    told = {"read": "reading", "review": "review", "pause": "session"}

    def agree(due):
        reader = reader_membership(study, cast.reader)
        state = reading_state(reader).awaits
        assert state == ("reopened" if due.reopening else told[due.state])

    assert reading_state(reviewer).awaits == "session"
    session, due = answer_session(reviewer)
    agree(due)
    services.read_revisit(reader=reviewer, session=1, number=1, reason=WHY)
    agree(services.read_next(reader=reviewer))
    agree(answer_next(reviewer, key="again").due)
    services.session_finish(reader=reviewer)
    assert reading_state(reviewer).awaits == "session"
    agree(services.read_next(reader=reviewer))
    services.study_close(study=study, by=cast.coordinator)
    assert reading_state(reader_membership(study, cast.reader)).awaits == "closed"
    assert Study.objects.get(pk=study.pk).state == "closed"
    assert (
        Score.objects.filter(answer__read__session=session).count()
        == 2 * session.size + 2
    )
