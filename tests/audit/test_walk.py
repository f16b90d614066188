"""Every act that matters is in the log, and the log unblinds nobody."""

import pytest
from django.core import serializers
from django.core.management import call_command
from django.test import Client

from readerstudy.audit.actions import ACTIONS, SUBJECTS
from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Answer, Read, Score, Study
from readerstudy.reading.questions import Grade
from readerstudy.reading.recording import answer_digest
from tests.cast import Cast, make_user

from .conducting import SLUG
from .conftest import end_and_export

EXPECTED_ANSWERS = 3


def event(action: str, **where: object) -> AuditEvent:
    return AuditEvent.objects.filter(action=action, **where).latest("sequence")


def test_every_action_is_recorded_and_the_chain_is_whole(walk: Cast, tmp_path):
    end_and_export(walk, tmp_path / "out")
    found = set(AuditEvent.objects.values_list("action", flat=True))
    assert found == set(ACTIONS)
    done_to = set(AuditEvent.objects.values_list("subject_type", flat=True))
    assert done_to == set(SUBJECTS)
    call_command("verify_audit")


@pytest.mark.parametrize("slug", ["phantom-study", SLUG])
def test_nothing_of_a_blinded_study_tells_an_arm_a_case_or_a_patient(
    walk: Cast, slug: str
):
    study = Study.objects.get(slug=slug)
    events = AuditEvent.objects.filter(study=slug)
    assert {"study.create", "study.open", "member.add", "read.submit"} <= set(
        events.values_list("action", flat=True)
    )
    said = serializers.serialize("json", events)
    for arm in study.arms.all():
        for secret in (arm.code, arm.title, arm.method):
            assert secret not in said
    for case in walk.cohort.cases.all():
        assert case.code not in said
        assert case.patient_digest not in said
    for read in Read.objects.filter(session__study=study):
        assert read.token not in said
        assert read.image_sha256 not in said
    assert study.seed not in said


def test_no_event_at_all_names_a_patient_a_file_or_a_password(walk: Cast):
    said = serializers.serialize("json", AuditEvent.objects.all())
    for secret in ("Abe", "dicom", "wrong", "not-an-account", "horse"):
        assert secret not in said


def test_a_version_of_an_answer_is_recorded_once_without_its_grades(walk: Cast):
    events = AuditEvent.objects.filter(action="read.submit", study=walk.study.slug)
    assert events.count() == EXPECTED_ANSWERS
    first, changed, second = events
    assert first.subject_key == changed.subject_key == "A/1"
    assert second.subject_key == "A/2"
    assert (first.before, changed.before) == (None, {"version": 1})
    assert (first.after["version"], changed.after["version"]) == (1, 2)
    assert changed.reason == "Wrong key."
    for one in events:
        assert one.actor_name == walk.reader.username
        assert one.actor_id == walk.reader.pk
        assert set(one.after) == {"version", "answers_hmac_sha256"}
    # the same grades twice, yet nobody could tell
    assert first.after["answers_hmac_sha256"] != second.after["answers_hmac_sha256"]


def test_after_unblinding_every_answer_can_be_checked_against_its_event(
    walk: Cast, tmp_path
):
    end_and_export(walk, tmp_path)
    seed = event("study.unblind").after["seed"]
    assert seed == walk.study.seed

    def digest(one: AuditEvent) -> str:
        code, position = one.subject_key.split("/")
        answer = Answer.objects.get(
            read__reader__code=code,
            read__position=position,
            read__session__study__slug=one.study,
            version=one.after["version"],
        )
        grades = [
            Grade(s.question, s.side, s.value, s.unassessable)
            for s in answer.scores.all()
        ]
        return answer_digest(seed=seed, reader=code, answer=answer, grades=grades)

    answers = AuditEvent.objects.filter(action="read.submit", study=walk.study.slug)
    events = list(answers)
    assert len(events) == EXPECTED_ANSWERS
    for one in events:
        assert digest(one) == one.after["answers_hmac_sha256"]
    Score.objects.filter(answer__version=2, side="left").update(value=4)
    altered = [e for e in events if digest(e) != e.after["answers_hmac_sha256"]]
    assert [e.subject_key for e in altered] == ["A/1"]
    assert altered[0].after["version"] == 2


def test_opening_records_the_frozen_protocol_and_the_commitment(walk: Cast):
    opened = event("study.open", study=walk.study.slug)
    assert opened.actor_name == walk.coordinator.username
    assert opened.after == {
        "protocol_sha256": walk.study.protocol_sha256,
        "seed_sha256": walk.study.seed_sha256,
        "reads": Read.objects.filter(session__study=walk.study).count(),
    }


def test_a_change_of_a_draft_tells_before_and_after_and_who_came_and_went(walk: Cast):
    changed = event("study.update", study="changed")
    assert changed.actor_name == walk.coordinator.username
    assert (changed.before["title"], changed.after["title"]) == (
        "Phantoms, read blinded",
        "Another title",
    )
    assert (changed.before["arms"], changed.after["arms"]) == (3, 2)
    assert changed.before["arms_sha256"] != changed.after["arms_sha256"]
    gone = event("member.remove", study="changed")
    come = event("member.add", study="changed")
    assert gone.subject_key == walk.second_reader.username
    assert come.subject_key == walk.stranger.username
    assert gone.before == come.after == {"role": "reader", "code": "B"}


def test_a_failed_login_names_an_account_that_exists_and_nothing_else(walk: Cast):
    failed = AuditEvent.objects.filter(action="account.login_failed")
    failed = failed.exclude(subject_key="statistician")
    assert [e.subject_key for e in failed] == [walk.reader.username, ""]
    assert {e.actor_name for e in failed} == {""}


def test_logging_out_twice_is_one_logout(walk: Cast):
    out = AuditEvent.objects.filter(action="account.logout")
    assert [e.actor_name for e in out] == [walk.reader.username]


def test_rights_are_recorded_from_either_side(walk: Cast):
    of = AuditEvent.objects.filter(subject_key="newcomer")
    said = list(of.filter(action="account.groups").values_list("after", flat=True))
    assert said == [
        {"added": ["coordinators"]},
        {"removed": ["coordinators"]},
        {"added": ["coordinators"]},
    ]
    rights = of.get(action="account.permissions")
    assert rights.after == {"added": ["cases.add_cohort"]}
    change = of.get(action="account.change")
    assert (change.before["is_staff"], change.after["is_staff"]) == (False, True)


def test_a_correction_of_a_slice_and_a_discard_name_who_did_it(walk: Cast):
    corrected = event("case.central_slice")
    assert corrected.actor_name == walk.coordinator.username
    step = corrected.after["central_slice"] - corrected.before["central_slice"]
    assert step == 1
    assert corrected.before["rule"] == "central-region"
    assert corrected.after["rule"] == "person"
    assert corrected.after["reason"] == "The rule took a gland."
    accepted = event("case.parity")
    assert accepted.after == {"kinds": ["offset"], "reason": "Shown alike."}
    discarded = event("upload.discard")
    assert discarded.actor_name == walk.coordinator.username
    assert discarded.subject_key == "Unwanted"
    assert event("cohort.import", subject_key="Wanted").after["cases"] == 1


def test_an_export_names_who_got_it(walk: Cast, tmp_path):
    end_and_export(walk, tmp_path)
    assert event("study.export").actor_name == ""  # the command line
    client = Client()
    client.force_login(walk.statistician)
    answer = client.get(f"/studies/{walk.study.slug}/export/")
    assert answer.status_code == 200
    b"".join(answer)
    assert event("study.export").actor_name == walk.statistician.username


def test_logging_in_is_one_event_and_no_change_of_the_account(db):
    user = make_user("somebody")
    before = AuditEvent.objects.count()
    Client().force_login(user)
    assert AuditEvent.objects.count() == before + 1
    assert event("account.login").actor_name == "somebody"
