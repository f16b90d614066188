"""The pages of a study's conduct and log: what is on them, and that they are blind."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override

from readerstudy.reading import services
from readerstudy.reading.models import (
    Answer,
    CodeBreak,
    Deviation,
    Membership,
    Reopening,
    Score,
    Session,
    TrainingAttempt,
    ViewingCheck,
)
from readerstudy.reading.selectors.conduct import readers_conduct
from readerstudy.reading.services import code_break, read_reopen
from readerstudy.reading.views import conduct
from tests.cast import Cast
from tests.factory import unblind

from .conftest import address, answer_next, revisit

REASON = "The ward asks."
SLIP = "I pressed 1, it should be 4."  # a reader's own words name grades
# Of a viewing check. In letters, for one of the log's many hashes or moments may hold
# any four digits.
NUMBERS = ("QXZW", "WZQX")


def look(client, name, study):
    """What a page says, without its form's tokens."""
    page = client.get(address(name, study.slug))
    assert page.status_code == 200
    token = r'(value=|X-CSRFToken": )"[A-Za-z0-9]{64}"'
    return re.sub(token, "", page.content.decode())


def tell_everything(cast: Cast, reader: Membership) -> None:
    """One of each: deviation, viewing check, training, reopening, broken code."""
    now = timezone.now()
    for _ in range(4):
        answer_next(reader, right=1, left=4)
    first, second = reader.reads.order_by("position")[:2]
    for kind, amount in (("long-pause", 754), ("device", None), ("viewport", 151)):
        Deviation.objects.create(
            reader=reader,
            session=first.session,
            read=first,
            kind=kind,
            amount=amount,
            at=now,
        )
    ViewingCheck.objects.create(
        session=first.session,
        dark_number=NUMBERS[0],
        bright_number=NUMBERS[1],
        shown_at=now,
        display="office",
        room_light="dim",
        screen="2560×1440",
        passed=True,
        answered_at=now,
    )
    TrainingAttempt.objects.create(
        reader=reader, number=1, started_at=now, finished_at=now, passed=True
    )
    place = {"study": cast.study, "reader": "A", "session": 1, "by": cast.coordinator}
    read_reopen(**place, number=1, reason="The screen was dark.")
    Reopening.objects.create(
        read=second, by=cast.reader, by_reader=True, reason=SLIP, at=now
    )
    code_break(**place, number=2, reason=REASON)


@pytest.fixture
def told(cast, reader):
    tell_everything(cast, reader)
    return reader


def secrets(cast):
    """What would tell arms or cases."""
    arms = cast.study.arms.all()
    cases = cast.cohort.cases.all()
    return {
        *(arm.title for arm in arms),
        *(arm.method for arm in arms if arm.code != "reference"),
        *(case.code for case in cases),
        *(case.patient_digest for case in cases),
        *cast.study.memberships.filter(role="reader").values_list(
            "reads__token", flat=True
        ),
        *cast.study.memberships.filter(role="reader").values_list(
            "reads__image_sha256", flat=True
        ),
        cast.study.seed,
        *NUMBERS,
        SLIP,
    }


def test_coordinators_see_how_the_reading_goes(at, cast, told):
    said = look(at(cast.coordinator), "study-conduct", cast.study)
    for words in (
        "long pause within a read",
        "12 min 34 s",
        "another device or display within a session",
        "a side of 151 px",
        "office display",
        "2560×1440",
        "The screen was dark.",
        "kept until the study is unblinded",
        REASON,
    ):
        assert words in said, words


def test_only_a_broken_code_tells_arm_and_case_and_only_to_coordinators(at, cast, told):
    broken = CodeBreak.objects.get().read
    disclosed = {broken.arm.title, broken.arm.method, broken.case.code}
    said = look(at(cast.coordinator), "study-conduct", cast.study)
    assert broken.arm.title in said
    assert broken.case.code in said
    assert {secret for secret in secrets(cast) if secret in said} <= disclosed
    said = look(at(cast.statistician), "study-conduct", cast.study)
    assert REASON in said
    assert not {secret for secret in secrets(cast) if secret in said}


def test_programs_get_the_deviations_as_blind_as_people(at, cast, told):
    client = at(cast.statistician)
    answer = client.get(f"/api/v1/studies/{cast.study.slug}/deviations/")
    kinds = {row["kind"]: row for row in answer.json()["results"]}
    assert set(kinds) == {"long-pause", "device", "viewport"}
    pause = dict(kinds["long-pause"])
    assert pause.pop("at")
    assert pause == {
        "reader": "A",
        "session": 1,
        "number": 1,
        "kind": "long-pause",
        "amount": 754,
    }
    said = answer.content.decode()
    assert not {secret for secret in secrets(cast) if secret in said}


def test_nobody_sees_a_score_there_before_unblinding(cast, told):
    clients = [Client(), Client()]
    for client, who in zip(clients, (cast.coordinator, cast.statistician), strict=True):
        client.force_login(who)

    def everything():
        return [
            look(client, page, cast.study)
            for client in clients
            for page in ("study-conduct", "study-log")
        ]

    before = everything()
    Score.objects.update(value=2)
    assert everything() == before
    # nor which sides could not be assessed: that is an answer, too
    Score.objects.filter(side="left").update(value=None, unassessable="Cut off.")
    assert everything() == before


REMARK = "The slices look <shifted>.\nAnd bright."


def remark(reader, number, words):
    """What the reader says of an answered read."""
    Answer.objects.filter(read__reader=reader, read__position=number).update(
        comment=words
    )


def comments(client, study):
    page = client.get(address("study-conduct", study.slug))
    return [
        (one.place.number, str(one.text), one.is_kept)
        for one in page.context["comments"]
    ]


def test_comments_are_listed_with_their_place_and_nothing_of_the_image(at, cast, told):
    remark(told, 3, REMARK)
    remark(told, 4, "Fine.")
    client = at(cast.statistician)
    assert comments(client, cast.study) == [(4, "Fine.", False), (3, REMARK, False)]
    said = look(client, "study-conduct", cast.study)
    assert "The slices look &lt;shifted&gt;.<br>And bright." in said
    assert not {secret for secret in secrets(cast) if secret in said}


def test_a_comment_on_a_broken_code_is_kept_until_unblinding(at, cast, told):
    """Beside the arm, an opinion of the image would be a result."""
    assert CodeBreak.objects.get().read.position == 2
    remark(told, 2, REMARK)
    client = at(cast.coordinator)
    kept = "kept until the study is unblinded"
    assert comments(client, cast.study) == [(2, kept, True)]
    assert "shifted" not in look(client, "study-conduct", cast.study)
    Reopening.objects.update(answered_at=timezone.now())
    unblind(cast.study)
    assert comments(client, cast.study) == [(2, REMARK, False)]


def test_a_comment_that_was_taken_back_is_not_listed(at, cast, until_study_closes):
    reader = until_study_closes
    read = answer_next(reader).read
    remark(reader, 1, REMARK)
    revisit(reader)
    services.read_submit(
        token=services.read_next(reader=reader).read.token,
        reader=reader,
        answers={"grade": {"right": 3, "left": 2}},
        key="again",
    )
    assert list(read.answers.values_list("comment", flat=True)) == [REMARK, ""]
    assert comments(at(cast.coordinator), reader.study) == []


def test_only_the_newest_comments_are_listed(at, cast, told, monkeypatch):
    monkeypatch.setattr(conduct, "COMMENTS_SHOWN", 2)
    for number in (1, 3, 4):
        remark(told, number, f"No. {number}")
    client = at(cast.coordinator)
    assert [number for number, *_ in comments(client, cast.study)] == [4, 3]
    assert "Only the newest 2 are listed" in look(client, "study-conduct", cast.study)


def test_a_session_tells_the_median_time_of_its_first_answers(at, cast, told):
    client = at(cast.coordinator)
    assert readers_conduct(cast.study)[0].sessions[0].median_seconds is None
    for number, spent in ((1, 4000), (2, 7000), (3, 12_500)):
        Answer.objects.filter(read__reader=told, read__position=number).update(
            spent_ms=spent
        )
    first, second = (r.sessions[0].median_seconds for r in readers_conduct(cast.study))
    assert (first, second) == (7.0, None)
    assert ">7.0 s<" in look(client, "study-conduct", cast.study)


def test_an_undo_is_told_at_once_and_in_the_page_s_language(
    at, cast, until_study_closes
):
    """The program wrote its reason, so it names no grade."""
    reader = until_study_closes
    study = reader.study
    answer_next(reader)
    services.read_undo(reader=reader)
    client = at(cast.coordinator)
    for page in ("study-conduct", "study-log"):
        assert Reopening.UNDONE in look(client, page, study)
    with override("ja"):
        translated = {gettext(Reopening.UNDONE), gettext("Conduct")}
    client.cookies["django_language"] = "ja"
    for page in ("study-conduct", "study-log"):
        said = look(client, page, study)
        assert all(words in said for words in translated)


def test_after_unblinding_the_readers_reasons_and_the_codes_are_told(at, cast, told):
    Reopening.objects.filter(by_reader=True).update(answered_at=timezone.now())
    unblind(cast.study)
    said = look(at(cast.statistician), "study-conduct", cast.study)
    assert SLIP in said
    assert CodeBreak.objects.get().read.case.code in said


def test_sessions_say_when_they_may_begin_and_who_waived_the_wait(at, cast, make_open):
    study = make_open(sessions=2, washout_days=28)
    reader = study.memberships.get(role="reader")
    while services.read_next(reader=reader).state == "read":
        answer_next(reader)
    first, second = readers_conduct(study)[0].sessions
    assert first.finished_at == first.last_answer_at
    assert (second.opens_at - first.finished_at).days == 28
    client = at(cast.coordinator)
    assert "washout until" in look(client, "study-conduct", study)
    data = {"waive-reader": "A", "waive-session": "2", "waive-reason": "On leave."}
    assert client.post(address("washout-waive", study.slug), data).status_code == 302
    assert Session.objects.get(reader=reader, number=2).waived_reason == "On leave."
    said = look(client, "study-conduct", study)
    assert "washout until" not in said
    assert "coordinator: On leave." in " ".join(said.split())


def test_a_coordinator_opens_a_read_again_in_the_browser(at, cast, reader):
    answer_next(reader)
    data = {
        "reopen-reader": "A",
        "reopen-session": "1",
        "reopen-number": "1",
        "reopen-reason": "The screen was dark.",
    }
    client = at(cast.coordinator)
    url = address("read-reopen", cast.study.slug)
    assert (
        "open for another answer"
        in client.post(url, data, follow=True).content.decode()
    )
    assert Reopening.objects.get().reason == "The screen was dark."
    again = client.post(url, data)
    assert "open again already" in again.content.decode()
    assert '<details class="step" open>' in again.content.decode()


def test_a_coordinator_breaks_a_code_in_the_browser(at, cast, reader):
    read = answer_next(reader).read
    data = {
        "break-reader": "A",
        "break-session": "1",
        "break-number": "1",
        "break-reason": REASON,
    }
    url = address("code-break", cast.study.slug)
    page = at(cast.coordinator).post(url, data, follow=True).content.decode()
    assert read.case.code in page
    assert CodeBreak.objects.get().read == read


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reader", "Z"),
        ("session", "0"),
        ("session", "9" * 30),
        ("number", "x"),
        ("number", "-1"),
        ("reason", ""),
        ("reason", "x" * 3000),
    ],
)
def test_a_field_that_cannot_be_is_named_and_nothing_happens(
    at, cast, reader, field, value
):
    answer_next(reader)
    data = {
        "break-reader": "A",
        "break-session": "1",
        "break-number": "1",
        "break-reason": REASON,
        f"break-{field}": value,
    }
    page = at(cast.coordinator).post(address("code-break", cast.study.slug), data)
    assert page.status_code == 200
    assert list(page.context["forms"]["break"].errors) == [field]
    assert not CodeBreak.objects.exists()


def test_statisticians_look_on(at, cast, told):
    said = look(at(cast.statistician), "study-conduct", cast.study)
    assert "break-reason" not in said
    for name in ("code-break", "read-reopen", "washout-waive"):
        url = address(name, cast.study.slug)
        assert at(cast.statistician).post(url).status_code == 404
