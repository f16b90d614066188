"""A side that cannot be assessed: an answer of its own, whose reason nobody is told."""

import json

import pytest
from django.test import Client
from django.utils import translation

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Answer, Membership, Read, Score
from readerstudy.reading.questions import OFFERED, WHY_LENGTH, why_shown, why_stored
from readerstudy.reading.services.answering import COMMENT_LENGTH
from tests.cast import Cast, reader_membership

from .conftest import address, answer_next, current, reopen, revisit

WHY = "The head was tilted."
REMARK = "Perhaps the wrong patient."


def say(reader: Membership, *, key: str = "k", comment: str = "", **sides: object):
    """Answer the read that is due: right as given, left 2."""
    read = current(reader)
    assert read is not None
    return services.read_submit(
        token=read.token,
        reader=reader,
        answers={"grade": {"right": WHY, "left": 2, **sides}},
        key=key,
        comment=comment,
    )


def scores(read: Read, version: int = 1) -> dict[str, tuple[int | None, str]]:
    of_version = Score.objects.filter(answer__read=read, answer__version=version)
    return {one.side: (one.value, one.unassessable) for one in of_version}


def digests(read: Read) -> list[str]:
    """What the audit log has of every version."""
    place = f"{read.reader.code}/{read.position}"
    events = AuditEvent.objects.filter(
        action="read.submit", study=read.reader.study.slug, subject_key=place
    )
    return [one.after["answers_hmac_sha256"] for one in events.order_by("sequence")]


def test_it_is_stored_with_its_reason_and_without_a_grade(reader: Membership) -> None:
    read = say(reader, right=f"  {WHY}\n").read
    assert scores(read) == {"right": (None, WHY), "left": (2, "")}
    read = say(reader, key="both", left="Too dark.").read
    assert scores(read) == {"right": (None, WHY), "left": (None, "Too dark.")}


@pytest.mark.parametrize("given", ["motion", "体動", " 体動 "])
def test_an_offered_reason_is_stored_in_english_whoever_chose_it(
    reader: Membership, given: str
) -> None:
    with translation.override("ja"):
        read = say(reader, right=given).read
    assert scores(read)["right"] == (None, "motion")


def test_one_s_own_words_stay_as_they_were_typed(reader: Membership) -> None:
    read = say(reader, right="体動が大きい", left="Motion").read
    assert scores(read) == {"right": (None, "体動が大きい"), "left": (None, "Motion")}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_offered_reason_comes_back_from_every_language(language: str) -> None:
    with translation.override(language):
        shown = [why_shown(one) for one in OFFERED]
        assert (shown == list(OFFERED)) == (language == "en")
        assert why_shown("Too dark.") == "Too dark."
    assert [why_stored(one) for one in shown] == list(OFFERED)


def test_readers_see_an_offered_reason_in_their_language(
    until_study_closes: Membership, client: Client
) -> None:
    """Where it is offered, among their answers, and when they look once more."""
    reader = until_study_closes
    client.force_login(reader.user)
    client.cookies["django_language"] = "ja"
    room = client.get(address("read-next", reader.study.slug)).content.decode()
    assert 'value="体動"' in room
    assert 'value="motion"' not in room
    say(reader, right="motion", left=WHY)
    changes = client.get(address("read-changes", reader.study.slug)).content.decode()
    assert "体動" in changes
    assert WHY in changes
    revisit(reader, 1)
    page = client.get(address("read-next", reader.study.slug)).context["page"]
    assert page.presented.again.grades == {"grade-right": "体動", "grade-left": WHY}


def test_it_answers_the_read_as_a_grade_does(reader: Membership) -> None:
    submitted = say(reader)
    assert submitted.read.submitted_at is not None
    assert submitted.due.state == "read"
    assert submitted.due.read != submitted.read


@pytest.mark.parametrize("why", ["", "   ", "\n\t"])
def test_without_a_reason_it_is_refused_in_words(reader: Membership, why: str) -> None:
    with pytest.raises(Refused, match="say why this side cannot be assessed"):
        say(reader, right=why)
    assert not Answer.objects.exists()


def test_a_reason_may_be_so_long_and_no_longer(reader: Membership) -> None:
    with pytest.raises(Refused, match="The reason is too long"):
        say(reader, right="x" * (WHY_LENGTH + 1))
    assert not Answer.objects.exists()
    read = say(reader, right="é" * WHY_LENGTH).read
    assert scores(read)["right"] == (None, "é" * WHY_LENGTH)


def test_so_may_a_comment(reader: Membership) -> None:
    with pytest.raises(Refused, match="The comment is too long"):
        say(reader, comment="x" * (COMMENT_LENGTH + 1))
    assert not Answer.objects.exists()
    read = say(reader, comment=f" {'x' * COMMENT_LENGTH} ").read
    assert read.answers.get().comment == "x" * COMMENT_LENGTH


def test_the_other_side_is_asked_for_all_the_same(reader: Membership) -> None:
    read = current(reader)
    with pytest.raises(Refused, match="Both sides must be answered"):
        services.read_submit(
            token=read.token, reader=reader, answers={"grade": {"right": WHY}}, key="k"
        )


def test_sent_again_it_is_the_same_once(reader: Membership) -> None:
    read = current(reader)
    answers = {"grade": {"right": WHY, "left": 2}}
    sent = {"token": read.token, "reader": reader, "comment": REMARK}
    for key in ("k", "k", "another key"):
        services.read_submit(**sent, answers=answers, key=key)
    assert Answer.objects.filter(read=read).count() == 1
    assert len(digests(read)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"answers": {"grade": {"right": "Motion.", "left": 2}}},
        {"answers": {"grade": {"right": 3, "left": 2}}},
        {"comment": "Something else."},
    ],
    ids=["another reason", "a grade", "another comment"],
)
def test_anything_else_under_the_same_key_is_refused(
    reader: Membership, changed: dict[str, object]
) -> None:
    sent = {
        "token": current(reader).token,
        "reader": reader,
        "key": "k",
        "answers": {"grade": {"right": WHY, "left": 2}},
        "comment": REMARK,
    }
    read = services.read_submit(**sent).read
    with pytest.raises(Refused, match="sent before with other grades"):
        services.read_submit(**{**sent, **changed})
    with pytest.raises(Refused, match="already answered"):
        services.read_submit(**{**sent, **changed, "key": "new"})
    assert scores(read) == {"right": (None, WHY), "left": (2, "")}
    assert read.answers.get().comment == REMARK


def test_opened_again_it_may_become_a_grade_and_the_other_way(
    until_study_closes: Membership,
) -> None:
    reader = until_study_closes
    read = say(reader).read
    revisit(reader)
    say(reader, key="second", right=4, left="The left is cut off.")
    revisit(reader)
    say(reader, key="third", right="It moved.", left="The left is cut off.")
    assert scores(read, 1) == {"right": (None, WHY), "left": (2, "")}
    assert scores(read, 2) == {"right": (4, ""), "left": (None, "The left is cut off.")}
    assert scores(read, 3)["right"] == (None, "It moved.")


def test_the_log_proves_reason_and_comment_without_telling_them(
    until_study_closes: Membership,
) -> None:
    reader = until_study_closes
    read = say(reader).read
    for number, (right, comment) in enumerate(
        [("It moved.", ""), ("It moved.", REMARK), (3, REMARK)]
    ):
        revisit(reader)
        say(reader, key=f"again-{number}", right=right, comment=comment)
    assert len(digests(read)) == len(set(digests(read))) == 4
    events = AuditEvent.objects.filter(study=reader.study.slug)
    stored = json.dumps([[one.before, one.after, one.reason] for one in events])
    for words in (WHY, "It moved.", REMARK):
        assert words not in stored


def test_the_same_words_in_two_reads_have_two_digests(reader: Membership) -> None:
    first, second = (say(reader, key=key).read for key in "ab")
    assert digests(first) != digests(second)


def test_in_training_every_side_takes_a_grade(trainee) -> None:
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    for why in (WHY, ""):
        with pytest.raises(Refused, match="Here every side takes a grade"):
            services.training_submit(
                token=read.token,
                reader=reader,
                answers={"grade": {"right": why, "left": 2}},
            )
    read.refresh_from_db()
    assert read.submitted_at is None


# over HTTP


def post(client: Client, reader: Membership, **fields: str):
    read = current(reader)
    sent = {"token": read.token, "key": "k", "grade-right": "none", "grade-left": "2"}
    return client.post(
        address("read-submit", reader.study.slug), {**sent, **fields}
    ), read


def test_a_browser_sends_none_and_why(at, cast: Cast, reader: Membership) -> None:
    answered, read = post(
        at(cast.reader), reader, **{"why-grade-right": WHY, "comment": REMARK}
    )
    assert answered.status_code == 200
    assert scores(read) == {"right": (None, WHY), "left": (2, "")}
    assert read.answers.get().comment == REMARK


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "say why this side cannot be assessed"),
        ({"why-grade-right": "\0 "}, "say why this side cannot be assessed"),
        ({"why-grade-right": "x" * 201}, "The reason is too long"),
        ({"why-grade-right": WHY, "comment": "x" * 2001}, "The comment is too long"),
        ({"grade-right": "None", "why-grade-right": WHY}, "not one of the answers"),
        ({"grade-right": "", "why-grade-right": WHY}, "not one of the answers"),
        ({"mood-right": "none", "why-mood-right": WHY}, "do not belong"),
        (
            {"why-grade-right": WHY, "grade-middle": "none", "why-grade-middle": WHY},
            "neither the right nor the left",
        ),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    at, cast: Cast, reader: Membership, fields: dict[str, str], words: str
) -> None:
    answered, _read = post(at(cast.reader), reader, **fields)
    assert answered.status_code == 409
    assert words in answered.json()["error"]
    assert not Answer.objects.exists()


def test_a_reason_beside_a_grade_is_no_reason(
    at, cast: Cast, reader: Membership
) -> None:
    answered, read = post(
        at(cast.reader), reader, **{"grade-right": "4", "why-grade-right": WHY}
    )
    assert answered.status_code == 200
    assert scores(read)["right"] == (4, "")


def test_a_browser_cannot_decline_in_training(at, cast: Cast, trainee) -> None:
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    sent = {
        "token": read.token,
        "grade-right": "none",
        "why-grade-right": WHY,
        "grade-left": "2",
    }
    url = address("training-submit", reader.study.slug)
    answered = at(cast.reader).post(url, sent)
    assert answered.status_code == 409
    assert "every side takes a grade" in answered.content.decode()


def pages(client: Client, slug: str, *names: str) -> str:
    said = []
    for name in names:
        answered = client.get(address(name, *([slug] if slug else [])), follow=True)
        said.append(answered.content.decode())
    return "\n".join(said)


def test_readers_find_their_own_words_among_their_answers(
    at, cast: Cast, until_study_closes: Membership
) -> None:
    say(until_study_closes, comment=f"<b>{REMARK}</b>")
    said = pages(at(cast.reader), until_study_closes.study.slug, "read-changes")
    assert "<b>cannot be assessed</b>: The head was tilted." in said
    assert f"&lt;b&gt;{REMARK}&lt;/b&gt;" in said
    assert "<b>2</b> putamen severely reduced" in said


def test_no_other_reader_is_told(at, cast: Cast, make_open) -> None:
    study = make_open(
        slug="of-two",
        readers=(cast.reader, cast.second_reader),
        answer_changes="study",
    )
    say(reader_membership(study, cast.reader), comment=REMARK)
    answer_next(reader_membership(study, cast.second_reader))
    client = at(cast.second_reader)
    said = pages(client, study.slug, "read-next", "read-changes", "reading-pause")
    said += pages(client, "", "reader-home")
    assert WHY not in said
    assert REMARK not in said


def test_who_runs_the_study_reads_the_comment_but_not_what_was_declined(
    at, cast: Cast, reader: Membership
) -> None:
    say(reader, comment=REMARK)
    for user in (cast.coordinator, cast.statistician):
        client, slug = at(user), cast.study.slug
        said = pages(client, slug, "study-detail", "study-conduct", "study-log")
        for of_api in ("", "deviations/"):
            answered = client.get(f"/api/v1/studies/{slug}/{of_api}")
            said += answered.content.decode()
        assert WHY not in said
        assert said.count(REMARK) == 1
        assert REMARK in pages(client, slug, "study-conduct")


def test_a_read_that_the_coordinator_opens_again_begins_empty(
    at, cast: Cast, until_study_closes: Membership
) -> None:
    """As with grades: what was said before would be said again."""
    reader = until_study_closes
    say(reader, comment=REMARK)
    reopen(reader, cast.coordinator)
    said = pages(at(cast.reader), reader.study.slug, "read-next")
    assert "The coordinator asks you to." in said
    assert WHY not in said
    assert REMARK not in said


def test_a_read_that_its_reader_opens_again_begins_as_it_was_left(
    at, cast: Cast, until_study_closes: Membership
) -> None:
    reader = until_study_closes
    say(reader, comment=REMARK)
    revisit(reader)
    said = pages(at(cast.reader), reader.study.slug, "read-next")
    assert WHY in said
    assert REMARK in said
