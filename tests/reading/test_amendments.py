"""An open study's protocol changes in the open, and leaves what was read alone."""

import hashlib
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core import serializers

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Amendment, Arm, Read, Score, Session, Study
from readerstudy.reading.protocol.frozen import canonical_json, current
from readerstudy.reading.protocol.words import amendments_told
from readerstudy.reading.services.amendments import AMENDABLE
from tests.factory import TRAINING, unblind

from .conftest import answer_next

MANUAL = Path(__file__).resolve().parents[2] / "docs/protocol.md"
# not alone, or there is no other one, or not of these images
NOT_ALONE = {"control_arm", "kappa_margin", "kappa_interval", "given_standard"} | {
    "metric_low",
    "metric_high",
}
PLAN = {
    "primary_arm": "gaussian",
    "control_arm": "short",
    "kappa_margin": Decimal("0.050"),
}


def amend(study, cast, reason="The ethics committee asked for it.", **settings):
    return services.protocol_amend(
        study=study, by=cast.coordinator, reason=reason, **settings
    )


def test_an_amendment_is_numbered_reasoned_and_kept_with_the_whole_protocol(cast):
    first = amend(cast.study, cast, washout_days=14, title="Another title")
    second = amend(cast.study, cast, "For the sake of time.", washout_days=7)
    study = Study.objects.get(pk=cast.study.pk)
    assert [first.number, second.number] == [1, 2]
    assert first.changes == {
        "title": ["Phantoms, read blinded", "Another title"],
        "washout_days": [0, 14],
    }
    assert second.changes == {"washout_days": [14, 7]}
    assert second.reason == "For the sake of time."
    assert second.by == cast.coordinator
    assert (study.title, study.washout_days) == ("Another title", 7)
    stands = current(study)
    assert (stands["title"], stands["washout_days"]) == ("Another title", 7)
    assert stands["cases"] == study.protocol["cases"]
    # what was frozen stays frozen
    assert study.protocol["title"] == "Phantoms, read blinded"
    assert study.protocol_sha256 == cast.study.protocol_sha256


def test_every_protocol_has_a_hash_of_its_own_that_anyone_can_compute(cast):
    study = cast.study
    one = amend(study, cast, break_after_minutes=30)
    two = amend(study, cast, break_after_minutes=45)  # as at opening
    three = amend(study, cast, break_after_minutes=30)
    hashes = [study.protocol_sha256, *(a.protocol_sha256 for a in (one, two, three))]
    assert len(set(hashes)) == 4
    for amendment, follows in zip((one, two, three), hashes, strict=False):
        stored = Amendment.objects.get(pk=amendment.pk)
        text = json.dumps(
            stored.protocol, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert text.encode() == canonical_json(stored.protocol)
        assert hashlib.sha256(text.encode()).hexdigest() == stored.protocol_sha256
        assert stored.protocol["amendment"] == {
            "number": stored.number,
            "reason": stored.reason,
            "amends_sha256": follows,
        }


def test_the_two_lines_of_the_manual_give_the_hash(cast, tmp_path):
    amendment = amend(cast.study, cast, title="標準と比べる", **PLAN)
    manual = MANUAL.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(manual) if "import hashlib" in line)
    code = "\n".join(line.strip() for line in manual[start : start + 2])
    for protocol, sha256 in (
        (cast.study.protocol, cast.study.protocol_sha256),
        (amendment.protocol, amendment.protocol_sha256),
    ):
        file = tmp_path / "protocol.json"
        file.write_text(json.dumps(protocol, indent=2), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == sha256


def test_every_setting_that_may_change_changes_the_protocol(make_open, cast):
    study = make_open(training=TRAINING, gate="kappa", gate_minimum=Decimal("0.6"))
    others = {
        "title": "T",
        "washout_days": 3,
        "answer_changes": "study",
        "break_after_minutes": 1,
        "long_pause_minutes": 1,
        "asks_conditions": True,
        "least_slice_side": 100,
        "gate": "within-one",
        "gate_minimum": Decimal("0.9"),
        "primary_arm": "short",
        "control_arm": "short",
        "kappa_margin": Decimal("0.1"),
        "kappa_weights": "linear",
        "kappa_interval": "clustered-delta",
        "image_metrics": ["ssim-1"],
        "reference_standard": "median",
        "given_standard": [],
        "metric_low": None,
        "metric_high": None,
        "stability_limits": {"deformation": 2.5},
    }
    assert set(others) == set(AMENDABLE)
    before = canonical_json(current(study))
    for name, value in others.items():
        if name in NOT_ALONE:
            continue
        amend(study, cast, **{name: value})
        after = canonical_json(current(study))
        assert after != before, name
        before = after
    protocol = current(study)
    assert protocol["training"]["gate"] == {"measure": "within-one", "minimum": "0.9"}
    assert protocol["training"]["images"] == study.protocol["training"]["images"]
    assert protocol["conduct"]["asks_conditions"] is True
    assert protocol["display"] == {**study.protocol["display"], "least_slice_side": 100}
    assert protocol["analysis"]["primary_arm"] == "short"
    assert protocol["analysis"]["image_metrics"] == ["ssim-1"]


def test_an_amendment_touches_no_read_and_no_score(cast, reader):
    for _ in range(3):
        answer_next(reader)

    def rows():
        return [
            serializers.serialize("json", model.objects.order_by("pk"))
            for model in (Read, Score, Session, Arm)
        ]

    before = rows()
    amend(
        cast.study,
        cast,
        washout_days=14,
        answer_changes="study",
        asks_conditions=True,
        least_slice_side=500,
        **PLAN,
    )
    assert rows() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sessions", 3),
        ("spacing", 2),
        ("window_rule", "fixed"),
        ("lut", "hot"),
        ("interpolation", "nearest"),
        ("question_set", "x"),
        ("case_split", "test"),
        ("case_codes", ["C001"]),
        ("resampling_allowed", True),
        ("guesses", "at-end"),
        ("guess_percent", 50),
    ],
)
def test_what_readers_are_shown_and_asked_is_fixed(cast, name, value):
    with pytest.raises(Refused, match=f"{name}: cannot be changed once"):
        amend(cast.study, cast, washout_days=9, **{name: value})
    assert Study.objects.get(pk=cast.study.pk).washout_days == 0


@pytest.mark.parametrize("reason", ["", " \n "])
def test_an_amendment_needs_a_reason(cast, reason):
    with pytest.raises(Refused, match="needs a reason"):
        amend(cast.study, cast, reason, washout_days=9)
    assert not Amendment.objects.exists()


def test_an_amendment_changes_something(cast):
    for settings in ({}, {"washout_days": 0}, {"title": cast.study.title}):
        with pytest.raises(Refused, match=r"Nothing is changed\."):
            amend(cast.study, cast, **settings)


def test_only_a_coordinator_of_the_study_amends(cast):
    for user in (cast.reader, cast.statistician, cast.other_coordinator):
        with pytest.raises(Refused, match="Only a coordinator"):
            services.protocol_amend(
                study=cast.study, by=user, reason="x", washout_days=9
            )


def test_a_draft_is_not_amended_and_neither_is_what_is_unblinded(make_draft, cast):
    with pytest.raises(Refused, match="A draft is changed, not amended"):
        amend(make_draft(), cast, washout_days=9)
    services.study_close(study=cast.study, by=cast.coordinator)
    amend(cast.study, cast, **PLAN)  # still blind
    services.unblinding_approve(study=cast.study, by=cast.statistician)
    with pytest.raises(Refused, match="Somebody has agreed to unblind"):
        amend(cast.study, cast, washout_days=9)
    services.unblinding_withdraw(study=cast.study, by=cast.statistician)
    amend(cast.study, cast, washout_days=9)


def test_nothing_is_amended_after_unblinding(cast):
    services.study_close(study=cast.study, by=cast.coordinator)
    unblind(cast.study)
    with pytest.raises(Refused, match="nothing can be amended any more"):
        amend(cast.study, cast, **PLAN)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"primary_arm": "unet"}, "“unet”, is no arm"),
        ({"primary_arm": "short", "control_arm": "short"}, "its own control"),
        ({"kappa_margin": Decimal("0.1")}, "a margin needs a primary arm"),
        ({"gate": "kappa", "gate_minimum": Decimal("0.5")}, "but no training set"),
        ({"gate": "kappa"}, "gate_minimum: A gate needs"),
        ({"washout_days": 5000}, "washout_days: It must be between 0 and 3650"),
    ],
)
def test_what_could_not_be_opened_cannot_be_amended_either(cast, settings, said):
    with pytest.raises(Refused) as refused:
        amend(cast.study, cast, **settings)
    assert said in str(refused.value)
    assert not Amendment.objects.exists()


def test_who_looked_at_another_protocol_looks_again(cast):
    seen = cast.study.protocol_sha256
    amend(cast.study, cast, washout_days=9, amends=seen)
    with pytest.raises(Refused, match="amended meanwhile"):
        amend(cast.study, cast, title="Theirs", amends=seen)
    assert Amendment.objects.count() == 1


def test_the_log_tells_the_change_but_no_arm(cast):
    amendment = amend(cast.study, cast, washout_days=9, **PLAN)
    event = AuditEvent.objects.get(action="study.amend")
    assert event.actor_name == cast.coordinator.username
    assert event.reason == amendment.reason
    assert event.before == {
        "kappa_margin": None,
        "protocol_sha256": cast.study.protocol_sha256,
        "washout_days": 0,
    }
    assert event.after == {
        "amendment": 1,
        "analysis_arms": "changed",
        "kappa_margin": "0.05",
        "protocol_sha256": amendment.protocol_sha256,
        "washout_days": 9,
    }


def test_a_protocol_of_an_older_version_can_be_amended(cast):
    old = {k: v for k, v in cast.study.protocol.items() if k != "analysis"}
    del old["display"]["least_slice_side"]
    Study.objects.filter(pk=cast.study.pk).update(protocol=old)
    amend(cast.study, cast, title="Only that")
    study = Study.objects.get(pk=cast.study.pk)
    assert "analysis" not in current(study)
    amend(study, cast, least_slice_side=150, **PLAN)
    assert current(study)["analysis"]["margin"] == "0.05"
    assert current(study)["analysis"]["weights"] == "quadratic"
    assert current(study)["display"]["least_slice_side"] == 150


def test_the_study_page_lists_what_changed_in_words(cast, at):
    amend(cast.study, cast, asks_conditions=True, answer_changes="study", **PLAN)
    [told] = amendments_told(cast.study)
    assert [(str(c.label), c.before, c.after) for c in told.changes] == [
        ("Answers may be changed", "never", "until the study closes"),
        ("Ask for the viewing conditions", "no", "yes"),
        ("Primary arm", "–", "Arm gaussian"),
        ("Control arm", "–", "Arm short"),
        ("Margin of kappa", "–", "0.05"),
    ]
    page = at(cast.statistician).get(f"/studies/{cast.study.slug}/")
    said = page.content.decode()
    for text in ("The ethics committee asked for it.", "Arm gaussian", told.sha256):
        assert text in said
