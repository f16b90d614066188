"""The page of a study's log: who did what, page by page, and that it is blind."""

from readerstudy.audit.models import AuditEvent
from readerstudy.reading import services
from readerstudy.reading.views import conduct
from tests.factory import unblind

from .conftest import address, answer_next
from .test_study_conduct import REASON, SLIP, look, secrets, told

__all__ = ["told"]


def test_the_log_says_who_did_what_and_keeps_readers_reasons(at, cast, told):
    said = look(at(cast.statistician), "study-log", cast.study)
    for words in (
        "The protocol was frozen and the plan drawn.",
        "The arm of one read was disclosed in an emergency.",
        "read A/2",
        REASON,
        AuditEvent.objects.latest("sequence").hash,
    ):
        assert words in said, words
    assert not {secret for secret in secrets(cast) if secret in said}


def test_the_log_keeps_a_readers_own_reason_until_unblinding(at, cast, make_open):
    study = make_open(answer_changes="study")
    reader = study.memberships.get(role="reader")
    answer_next(reader, right=1)
    services.read_revisit(reader=reader, session=1, number=1, reason=SLIP)
    answer_next(reader, right=4, key="again")
    events = AuditEvent.objects.filter(study=study.slug, reason=SLIP)
    assert events.count() == 2  # opened again, answered again
    assert SLIP not in look(at(cast.coordinator), "study-log", study)
    unblind(study)
    assert look(at(cast.coordinator), "study-log", study).count(SLIP) == 2


def test_the_log_is_of_this_study_alone(at, cast):
    lines = at(cast.coordinator).get(address("study-log", cast.study.slug))
    own = AuditEvent.objects.filter(study=cast.study.slug)
    shown = [line.sequence for line in lines.context["lines"]]
    assert shown == list(own.order_by("-sequence").values_list("sequence", flat=True))
    assert own.count() < AuditEvent.objects.count()


def test_the_log_has_pages_and_leaves_answers_out_when_asked(
    at, cast, reader, monkeypatch
):
    answer_next(reader)
    monkeypatch.setattr(conduct, "EVENTS_A_PAGE", 2)
    client = at(cast.coordinator)
    url = address("study-log", cast.study.slug)
    newest = client.get(url).context["lines"]
    assert str(newest[0].subject) == "read A/1"
    older = client.get(f"{url}?page=2").context["lines"]
    assert newest[-1].sequence > older[0].sequence
    brief = client.get(f"{url}?answers=no")
    assert str(brief.context["lines"][0].words).startswith("The protocol was frozen")
    assert client.get(f"{url}?page=x").status_code == 200
