"""A study's life: draft, preflight, open, closed, unblinded."""

import hashlib
import json
import re

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.blinding.guarantees import broken_promises
from readerstudy.blinding.schedule import PlannedArm, PlannedRead, build_schedule
from readerstudy.blinding.seeds import commitment
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Read, Session, Study
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.protocol.frozen import canonical_json
from readerstudy.reading.services import ArmChoice
from tests.cast import make_user
from tests.factory import unblind


def findings(study):
    return " ".join(finding.message for finding in preflight(study))


def test_a_complete_draft_has_nothing_against_it(make_draft):
    assert preflight(make_draft()) == []


def test_opening_with_something_missing_is_refused_with_every_reason(cast):
    study = services.study_create(
        slug="empty", title="Empty", cohort=cast.cohort, coordinator=cast.coordinator
    )
    with pytest.raises(Refused) as refused:
        services.study_open(study=study, by=cast.coordinator)
    for reason in (
        "No arm is the reference",
        "no arm to compare",
        "There is no reader",
        "There is no statistician",
    ):
        assert reason in str(refused.value)
    study.refresh_from_db()
    assert study.state == "draft"
    assert not study.seed


def test_a_missing_image_is_named_with_its_arm_and_case(make_draft, cast):
    study = make_draft()
    Rendition.objects.get(
        case__code="C002", case__cohort=cast.cohort, method="short"
    ).delete()
    assert "“Short” lacks the image of 1 case: C002." in findings(study)


def test_two_arms_of_the_same_images_are_found(make_draft):
    study = make_draft()
    services.arm_add(study=study, method="short", title="Short again")
    assert "Two arms show the same images: short." in findings(study)


def test_a_reader_who_coordinates_the_cohort_is_found(make_draft, cast):
    cast.cohort.coordinators.add(cast.second_reader)
    study = make_draft(readers=(cast.second_reader,))
    assert "second-reader coordinates the cohort" in findings(study)


def test_an_administrator_cannot_read(make_draft, cast):
    study = make_draft(readers=(cast.administrator,))
    assert "administrator administers the site" in findings(study)


def test_a_statistician_of_another_study_of_the_cohort_cannot_read(make_draft, cast):
    study = make_draft(readers=(cast.statistician,))
    assert "statistician of another study of the same cohort" in findings(study)


@pytest.mark.parametrize("role", ["coordinator", "statistician"])
def test_a_reader_of_another_study_of_the_cohort_learns_no_arms(make_draft, cast, role):
    study = make_draft(readers=(cast.second_reader,))
    add = {"study": study, "user": cast.reader, "role": role}
    with pytest.raises(Refused, match="reader reads another study of the same cohort"):
        services.member_add(**add)
    services.study_close(study=cast.study, by=cast.coordinator)
    with pytest.raises(Refused, match="reads another study of the same cohort"):
        services.member_add(**add)
    unblind(cast.study)
    services.member_add(**add)
    assert "reads another study" not in findings(study)


@pytest.mark.parametrize("role", ["coordinator", "statistician"])
def test_a_study_does_not_open_for_who_reads_the_cohort_elsewhere(
    make_draft, cast, role
):
    study = make_draft(readers=(cast.second_reader,))
    # as a database from before has it, or two acts at the same moment
    Membership.objects.create(study=study, user=cast.reader, role=role)
    with pytest.raises(Refused, match=rf"reader \({role}\) reads another study"):
        services.study_open(study=study, by=cast.coordinator)


def test_a_reader_of_another_cohort_may_be_a_statistician(make_draft, cast):
    study = make_draft()
    services.member_add(study=study, user=cast.other_reader, role="statistician")
    assert findings(study) == ""


def test_nobody_has_two_roles_in_one_study(make_draft, cast):
    study = make_draft()
    with pytest.raises(Refused, match="already has a role"):
        services.member_add(study=study, user=cast.coordinator, role="reader")


def test_an_impossible_plan_is_found_with_its_reason(make_draft):
    assert "spacing of 9 reads" in findings(make_draft(spacing=9))


def test_an_unknown_window_rule_is_found(make_draft):
    study = make_draft()
    Study.objects.filter(pk=study.pk).update(window_rule="auto")
    study.refresh_from_db()
    assert "Unknown window rule: auto." in findings(study)


def test_a_study_may_read_one_split_of_its_cohort_only(make_draft, cast):
    Case.objects.filter(cohort=cast.cohort, code__in=["C001", "C003"]).update(
        split="test"
    )
    study = services.study_open(
        study=make_draft(case_split="test"), by=cast.coordinator
    )
    codes = set(
        Read.objects.filter(session__study=study).values_list("case__code", flat=True)
    )
    assert codes == {"C001", "C003"}


def test_opening_freezes_a_protocol_that_anyone_can_hash(make_open):
    study = Study.objects.get(pk=make_open().pk)
    again = json.dumps(
        study.protocol, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert hashlib.sha256(again.encode()).hexdigest() == study.protocol_sha256
    assert canonical_json(study.protocol) == again.encode()
    assert study.protocol["questions"]["questions"][0]["answers"][0] == {
        "value": 4,
        "words": "normal",
    }
    assert study.protocol["readers"] == ["A"]
    assert [arm["code"] for arm in study.protocol["arms"]] == ["reference", "short"]


def test_the_protocol_holds_the_hash_of_every_image(make_open, cast):
    study = make_open()
    for case in study.protocol["cases"]:
        for method in ("reference", "short"):
            rendition = Rendition.objects.get(
                case__cohort=cast.cohort, case__code=case["code"], method=method
            )
            assert case["images"][method] == rendition.sha256


def test_opening_freezes_the_cohort(make_open, cast):
    make_open()
    cast.cohort.refresh_from_db()
    assert cast.cohort.frozen_at is not None


def test_the_seed_is_random_and_its_commitment_is_stored(make_open):
    first, second = make_open(slug="first"), make_open(slug="second")
    assert re.fullmatch("[0-9a-f]{64}", first.seed)
    assert first.seed != second.seed
    assert first.seed_sha256 == commitment(first.seed)


def test_the_stored_plan_is_the_one_the_seed_gives_and_keeps_its_promises(cast):
    study = cast.study
    cases = list(cast.cohort.cases.order_by("pk").values_list("code", flat=True))
    arms = [PlannedArm(arm.code, arm.repeated) for arm in study.arms.all()]
    plan = build_schedule(
        cases=cases,
        arms=arms,
        readers=["A", "B"],
        sessions=study.sessions,
        spacing=study.spacing,
        seed=study.seed,
    )
    for code, planned in plan.items():
        rows = Read.objects.filter(reader__study=study, reader__code=code)
        stored = [
            PlannedRead(*row)
            for row in rows.order_by("position").values_list(
                "session__number", "position", "case__code", "arm__code", "repeat"
            )
        ]
        assert stored == planned
        assert not broken_promises(
            stored,
            cases=cases,
            arms=arms,
            sessions=study.sessions,
            spacing=study.spacing,
        )


def test_every_read_has_a_new_token(cast):
    tokens = list(Read.objects.values_list("token", flat=True))
    assert len(tokens) == len(set(tokens)) > 40
    assert {len(token) for token in tokens} == {22}


def test_sessions_know_their_share_of_the_positions(cast):
    for session in Session.objects.filter(study=cast.study):
        positions = list(
            session.reads.order_by("position").values_list("position", flat=True)
        )
        assert positions[0] == session.first_position
        assert len(positions) == session.size


def test_a_study_opens_once_only(cast):
    with pytest.raises(Refused, match="can no longer be changed"):
        services.study_open(study=cast.study, by=cast.coordinator)


def test_an_open_study_takes_no_arm_no_member_and_no_change(cast):
    with pytest.raises(Refused, match="can no longer be changed"):
        services.arm_add(study=cast.study, method="x", title="x")
    with pytest.raises(Refused, match="can no longer be changed"):
        services.member_add(study=cast.study, user=cast.stranger, role="reader")
    with pytest.raises(Refused, match="can no longer be changed"):
        services.study_update(
            study=cast.study,
            title="Other",
            sessions=1,
            washout_days=0,
            spacing=0,
            case_split="",
            arms=[],
            readers=[],
        )


def test_only_a_coordinator_of_the_study_opens_and_closes_it(make_draft, cast):
    for act, study in (
        (services.study_open, make_draft()),
        (services.study_close, cast.study),
    ):
        for user in (cast.reader, cast.statistician, cast.other_coordinator):
            with pytest.raises(Refused, match="Only a coordinator"):
                act(study=study, by=user)


def test_a_study_is_closed_once(cast):
    services.study_close(study=cast.study, by=cast.coordinator)
    with pytest.raises(Refused, match="Only an open study"):
        services.study_close(study=cast.study, by=cast.coordinator)


def test_only_a_coordinator_of_the_cohort_makes_a_study_of_it(cast):
    with pytest.raises(Refused, match="coordinator of the cohort"):
        services.study_create(
            slug="theirs",
            title="Theirs",
            cohort=cast.cohort,
            coordinator=cast.other_coordinator,
        )


@pytest.mark.parametrize(
    ("slug", "told"),
    [
        ("phantom-study", "The short name “phantom-study” is already taken."),
        ("new", "The short name “new” is a word of this site; choose another."),
    ],
)
def test_a_short_name_is_used_once(cast, slug, told):
    with pytest.raises(Refused, match=told):
        services.study_create(
            slug=slug, title="Again", cohort=cast.cohort, coordinator=cast.coordinator
        )


def test_a_second_reference_arm_is_refused(make_draft):
    with pytest.raises(Refused, match="one reference arm"):
        services.arm_add(study=make_draft(), method="x", title="X", role="reference")


def test_arm_codes_come_from_methods_and_never_collide(make_draft):
    study = make_draft()
    for weights in ("aaaa", "bbbb"):
        services.arm_add(study=study, method=f"unet-l4@{weights}", title="U-Net")
    assert list(study.arms.values_list("code", flat=True)) == [
        "reference",
        "short",
        "unet-l4",
        "unet-l4-2",
    ]


def test_readers_are_called_a_to_z_and_then_aa(make_draft):
    users = tuple(make_user(f"reader-{number}") for number in range(28))
    study = make_draft(readers=users)
    codes = [study.memberships.get(user=users[index]).code for index in (0, 25, 26, 27)]
    assert codes == ["A", "Z", "AA", "AB"]


def test_a_draft_written_anew_has_the_new_arms_and_readers_only(make_draft, cast):
    study = services.study_update(
        study=make_draft(),
        title="Another title",
        sessions=2,
        washout_days=1,
        spacing=2,
        case_split="",
        arms=[
            ArmChoice("gaussian", "Filter"),
            ArmChoice("reference", "R", "reference"),
        ],
        readers=[cast.second_reader],
    )
    assert list(study.arms.values_list("method", flat=True)) == [
        "gaussian",
        "reference",
    ]
    readers = study.memberships.filter(role=Membership.Role.READER)
    assert [reader.user for reader in readers] == [cast.second_reader]


def change(study, **people):
    return services.study_update(
        study=study,
        title="Changed",
        sessions=1,
        washout_days=0,
        spacing=0,
        case_split="",
        arms=[],
        readers=[],
        **people,
    )


def test_unblinded_people_stay_unless_the_change_names_others(make_draft, cast):
    study = make_draft()
    services.member_add(study=study, user=cast.statistician, role="statistician")
    before = set(study.memberships.exclude(role="reader").values_list("pk", flat=True))
    change(study, by=cast.coordinator)
    assert set(study.memberships.values_list("pk", flat=True)) == before
    change(study, by=cast.coordinator, statisticians=[], coordinators=[])
    assert [m.user for m in study.memberships.all()] == [cast.coordinator]


def test_a_changed_role_is_recorded(make_draft, cast):
    study = make_draft()
    services.member_add(study=study, user=cast.statistician, role="statistician")
    last = AuditEvent.objects.count()
    change(
        study,
        by=cast.coordinator,
        statisticians=[cast.stranger],
        coordinators=[cast.statistician],
    )
    events = AuditEvent.objects.filter(sequence__gt=last, action__startswith="member")
    assert {
        (e.action, e.subject_key, (e.before or e.after)["role"]) for e in events
    } == {
        ("member.remove", "reader", "reader"),
        ("member.remove", "statistician", "statistician"),
        ("member.remove", "statistician-of-a-draft", "statistician"),
        ("member.add", "statistician", "coordinator"),
        ("member.add", "stranger", "statistician"),
    }
