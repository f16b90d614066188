"""Arm guesses: asked once a grade is locked, in words that tell nothing."""

import re

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.cases.models import Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import ArmGuess, Read, Score
from readerstudy.reading.recording import guess_digest
from tests.cast import reader_membership

from .conftest import GRADES, address, answer_next


@pytest.fixture
def guessed(make_open):
    """A study that asks after every grade."""
    return make_open(slug="guessed", guesses="after-grade", guess_percent=100)


@pytest.fixture
def guesser(cast, guessed):
    """Its reader, with one grade given and the first question open."""
    reader = reader_membership(guessed, cast.reader)
    assert answer_next(reader).due.state == "guess"
    return reader


def guess_next(reader, guess="comparison", confidence=4):
    asked = services.guess_next(reader=reader)
    assert asked is not None
    return services.guess_submit(
        token=asked.token, reader=reader, guess=guess, confidence=confidence
    )


def test_the_question_comes_after_the_grade_and_reading_goes_on(guesser):
    assert services.read_next(reader=guesser).state == "guess"
    submitted = guess_next(guesser)
    assert submitted.due.state == "read"
    assert submitted.due.read.position == 2
    stored = ArmGuess.objects.get(read__reader=guesser, read__position=1)
    assert (stored.guess, stored.confidence) == ("comparison", 4)
    assert stored.first_shown_at <= stored.guessed_at


def test_only_the_sampled_reads_are_asked_about(cast, make_open):
    study = make_open(slug="sampled", guesses="after-grade", guess_percent=20)
    reader = reader_membership(study, cast.reader)
    asked = set()
    while (due := services.read_next(reader=reader)).state != "finished":
        if due.guess:
            asked.add(due.guess.read.position)
            guess_next(reader)
        else:
            answer_next(reader)
    assert len(asked) == 2  # 20 % of 8, rounded up
    sample = ArmGuess.objects.filter(read__reader=reader)
    assert asked == set(sample.values_list("read__position", flat=True))


def test_at_the_end_all_questions_come_after_the_last_session(cast, make_open):
    study = make_open(slug="at-end", guesses="at-end", guess_percent=50, sessions=2)
    reader = reader_membership(study, cast.reader)
    states = []
    while (due := services.read_next(reader=reader)).state != "finished":
        states.append(due.state)
        if due.guess:
            guess_next(reader)
        else:
            answer_next(reader)
    assert states == ["read"] * 8 + ["guess"] * 4


def test_the_end_of_the_last_session_is_confirmed_before_the_questions(cast, make_open):
    study = make_open(
        slug="at-end", guesses="at-end", guess_percent=50, answer_changes="session"
    )
    reader = reader_membership(study, cast.reader)
    while services.read_next(reader=reader).state == "read":
        answer_next(reader)
    assert services.guess_next(reader=reader) is None
    assert services.read_next(reader=reader).state == "review"
    services.session_finish(reader=reader)
    assert services.read_next(reader=reader).state == "guess"


def test_the_end_of_a_session_follows_its_last_question(cast, make_open):
    study = make_open(
        slug="asking",
        guesses="after-grade",
        guess_percent=100,
        sessions=2,
        asks_conditions=True,
    )
    reader = reader_membership(study, cast.reader)
    check = services.check_start(reader=reader)
    told = services.Conditions("office", "dim", check.dark_number, check.bright_number)
    services.check_answer(reader=reader, attempt=1, told=told)
    size = reader.sessions.get(number=1).size
    for number in range(1, size + 1):
        assert answer_next(reader).due.state == "guess"
        state = "read" if number < size else "pause"
        assert guess_next(reader).due.state == state


def test_who_cannot_tell_has_no_confidence(guesser):
    guess_next(guesser, "unknown", None)
    stored = ArmGuess.objects.get(read__reader=guesser, read__position=1)
    assert (stored.guess, stored.confidence) == ("unknown", None)


@pytest.mark.parametrize(
    ("guess", "confidence"),
    [
        ("", None),
        ("short", 3),
        ("reference", None),
        ("comparison", 0),
        ("comparison", 6),
        ("unknown", 3),
    ],
)
def test_an_answer_that_is_none_is_refused(guesser, guess, confidence):
    with pytest.raises(Refused):
        guess_next(guesser, guess, confidence)
    assert not ArmGuess.objects.exclude(guess="").exists()


def test_the_same_guess_sent_again_is_the_same_once(guesser):
    token = services.guess_next(reader=guesser).token
    for _ in range(2):
        submitted = services.guess_submit(
            token=token, reader=guesser, guess="reference", confidence=1
        )
        assert submitted.due.state == "read"
    assert AuditEvent.objects.filter(action="guess.submit").count() == 1
    with pytest.raises(Refused, match="already answered"):
        services.guess_submit(
            token=token, reader=guesser, guess="reference", confidence=2
        )
    assert ArmGuess.objects.get(token=token).confidence == 1


def test_the_grade_of_a_guessed_read_is_locked(cast, make_open):
    study = make_open(
        slug="changing",
        guesses="after-grade",
        guess_percent=100,
        answer_changes="study",
    )
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    guess_next(reader)
    with pytest.raises(Refused, match="locked"):
        services.read_revisit(reader=reader, session=1, number=1, reason="a slip")
    with pytest.raises(Refused, match="locked"):
        services.read_reopen(
            study=study,
            reader="A",
            session=1,
            number=1,
            reason="an artefact",
            by=cast.coordinator,
        )
    changed = {"grade": {"right": 1, "left": 1}}
    read = reader.reads.get(position=1)
    with pytest.raises(Refused, match="already answered"):
        services.read_submit(
            token=read.token, reader=reader, answers=changed, key="later"
        )
    assert set(Score.objects.values_list("answer__version", flat=True)) == {1}


def test_a_grade_that_is_opened_again_comes_before_its_question(cast, make_open):
    study = make_open(
        slug="changing",
        guesses="after-grade",
        guess_percent=100,
        answer_changes="study",
    )
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    token = services.guess_next(reader=reader).token
    services.read_revisit(reader=reader, session=1, number=1, reason="a slip")
    assert services.guess_next(reader=reader) is None
    with pytest.raises(Refused, match="opened again; answer it first"):
        services.guess_submit(
            token=token, reader=reader, guess="unknown", confidence=None
        )
    answer_next(reader, key="again", right=1)
    assert services.guess_next(reader=reader).token == token
    guess_next(reader)


def test_no_guess_is_taken_once_the_study_is_closed(cast, guessed, guesser):
    token = services.guess_next(reader=guesser).token
    services.study_close(study=guessed, by=cast.coordinator)
    with pytest.raises(Refused, match="closed"):
        services.guess_submit(
            token=token, reader=guesser, guess="unknown", confidence=None
        )
    assert services.guess_next(reader=guesser) is None


def test_a_guess_that_was_not_asked_for_yet_does_not_exist(guesser):
    later = ArmGuess.objects.get(read__reader=guesser, read__position=2)
    for token in (later.token, "A" * 22, ""):
        with pytest.raises(ArmGuess.DoesNotExist):
            services.guess_submit(
                token=token, reader=guesser, guess="unknown", confidence=None
            )


def test_the_log_proves_the_guess_and_does_not_tell_it(guessed, guesser):
    guess_next(guesser, "reference", 5)
    event = AuditEvent.objects.get(action="guess.submit")
    assert event.subject_key == "A/1"
    assert "reference" not in repr((event.before, event.after, event.reason))

    def digest(guess, confidence):
        return guess_digest(
            seed=guessed.seed,
            reader="A",
            position=1,
            guess=guess,
            confidence=confidence,
        )

    assert event.after == {"guess_hmac_sha256": digest("reference", 5)}
    assert digest("reference", 5) != digest("reference", 4)
    assert digest("reference", 5) != digest("comparison", 5)


# The pages


@pytest.fixture
def client_of_guesser(at, cast, guesser):
    return at(cast.reader)


def token_on(page):
    return re.search(r'data-token="([\w-]{22})"', page.content.decode())[1]


def post(client, study, token, **given):
    data = {"token": token, "guess": "comparison", "confidence": "2", **given}
    return client.post(address("guess-submit", study.slug), data)


def test_page_and_pixels_are_the_same_for_every_arm(client_of_guesser, guessed):
    pages, headers, arms = set(), set(), set()
    for _ in range(8):
        page = client_of_guesser.get(address("guess-next", guessed.slug))
        token = token_on(page)
        pixels = client_of_guesser.get(address("guess-pixels", guessed.slug, token))
        assert len(pixels.content) == 12288
        body = re.sub(
            r'(csrfmiddlewaretoken" value=")\w+', r"\1", page.content.decode()
        )
        pages.add(body.replace(token, "TOKEN"))
        for response in (page, pixels):
            assert response["Cache-Control"] == "no-store"
            for name in ("ETag", "Last-Modified", "Content-Disposition"):
                assert name not in response
        headers.add((pixels.status_code, *sorted(pixels.headers.items())))
        arms.add(ArmGuess.objects.get(token=token).read.arm.code)
        said = post(client_of_guesser, guessed, token).json()
        if said["state"] == "read":
            answer_next(reader_membership(guessed, page.wsgi_request.user))
    assert len(arms) == 2
    assert len(pages) == len(headers) == 1


def test_it_is_the_image_that_was_graded(client_of_guesser, guessed, guesser):
    asked = services.guess_next(reader=guesser)
    url = address("guess-pixels", guessed.slug, asked.token)
    shown = client_of_guesser.get(url).content
    Read.objects.filter(pk=asked.read.pk).update(submitted_at=None)
    url = address("read-pixels", guessed.slug, asked.read.token)
    assert client_of_guesser.get(url).content == shown


def test_the_page_says_what_the_answers_are_and_nothing_of_this_image(
    client_of_guesser, guessed
):
    page = client_of_guesser.get(address("guess-next", guessed.slug)).content.decode()
    for words in ("the reference image", "another image", "I can&#x27;t tell"):
        assert words in page
    for arm in guessed.arms.all():
        assert arm.title not in page
    for number in "12345":
        assert f'name="confidence" value="{number}"' in page


def test_the_answer_says_what_is_due_next(client_of_guesser, guessed):
    page = client_of_guesser.get(address("guess-next", guessed.slug))
    said = post(client_of_guesser, guessed, token_on(page))
    assert said["Cache-Control"] == "no-store"
    assert said.json()["state"] == "read"
    assert said.json()["href"] == address("read-next", guessed.slug)


def test_no_other_token_has_pixels_and_all_404_are_alike(
    client_of_guesser, guessed, guesser
):
    past = services.guess_next(reader=guesser).token
    guess_next(guesser)
    future = ArmGuess.objects.get(read__reader=guesser, read__position=2).token
    read = Read.objects.get(reader=guesser, position=2).token
    answers = set()
    for token in (past, future, read, "A" * 22, "x"):
        url = address("guess-pixels", guessed.slug, token)
        response = client_of_guesser.get(url)
        assert response.status_code == 404
        answers.add((response.content, *sorted(response.headers.items())))
        said = post(client_of_guesser, guessed, token)
        assert said.status_code == (409 if token == past else 404)
    assert len(answers) == 1


def test_another_reader_does_not_see_it(at, cast, make_open):
    study = make_open(
        slug="two",
        guesses="after-grade",
        guess_percent=100,
        readers=(cast.reader, cast.second_reader),
    )
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    token = services.guess_next(reader=reader).token
    client = at(cast.second_reader)
    url = address("guess-pixels", study.slug, token)
    assert client.get(url).status_code == 404
    assert post(client, study, token).status_code == 404


def test_where_nothing_is_asked_the_reader_is_sent_on(at, cast):
    page = at(cast.reader).get(address("guess-next", cast.study.slug))
    assert page.url == address("reading-pause", cast.study.slug)


@pytest.mark.parametrize("confidence", ["", "0", "6", "x", "²", "9" * 5000])
def test_a_confidence_that_is_none_is_refused_in_words(
    client_of_guesser, guessed, confidence
):
    page = client_of_guesser.get(address("guess-next", guessed.slug))
    said = post(client_of_guesser, guessed, token_on(page), confidence=confidence)
    assert said.status_code == 409
    assert said.json()["error"] == "Your confidence: choose one of the answers."


def test_an_image_that_cannot_be_shown_tells_nothing(
    client_of_guesser, guessed, guesser, caplog
):
    asked = services.guess_next(reader=guesser)
    read = Read.objects.select_related("arm", "case").get(pk=asked.read.pk)
    Rendition.objects.get(case=read.case, method=read.arm.method).delete()
    response = client_of_guesser.get(address("guess-pixels", guessed.slug, asked.token))
    assert response.status_code == 409
    said = response.content.decode()
    assert said == "This image cannot be shown. Tell the coordinator."
    for secret in (read.case.code, read.arm.title, read.arm.method):
        assert secret not in caplog.text


def test_nobody_guesses_in_a_browser_as_a_simulated_reader(at, cast, make_open):
    study = make_open(slug="simulated", guesses="after-grade", guess_percent=100)
    services.member_mark_simulated(study=study)
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    token = services.guess_next(reader=reader).token
    client = at(cast.reader)
    page = client.get(address("guess-next", study.slug))
    assert page.url == address("reading-pause", study.slug)
    url = address("guess-pixels", study.slug, token)
    assert client.get(url).status_code == 404
    assert post(client, study, token).status_code == 409
    assert not ArmGuess.objects.exclude(guess="").exists()


def test_the_grades_are_those_that_were_given(guesser):
    given = Score.objects.filter(answer__read__reader=guesser).values_list(
        "side", "value"
    )
    assert dict(given) == GRADES["grade"]
