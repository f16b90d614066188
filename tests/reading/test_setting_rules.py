"""What a setting may be, whichever door it comes in by."""

from decimal import Decimal

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Study
from readerstudy.reading.protocol.frozen import PLACES
from readerstudy.reading.protocol.rules import RANGES, arm_code
from readerstudy.reading.protocol.words import LABELS
from readerstudy.reading.services.settings import SETTINGS
from tests.factory import TRAINING, training_set


def test_every_setting_has_its_place_in_the_protocol_and_its_name() -> None:
    assert set(PLACES) == set(LABELS) == set(SETTINGS)
    assert set(RANGES) < set(SETTINGS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sessions": 0}, "sessions: It must be between 1 and 100."),
        ({"sessions": 101}, "sessions: It must be between 1 and 100."),
        ({"spacing": 10_001}, "spacing: It must be between 0 and 10000."),
        ({"guess_percent": 0}, "guess_percent: It must be between 1 and 100."),
        ({"kappa_margin": Decimal("0")}, "kappa_margin: It must be between 0.001"),
        ({"gate": "kappa"}, "gate_minimum: A gate needs the least agreement"),
        (
            {"gate": "kappa", "gate_minimum": Decimal("1.01")},
            "gate_minimum: It must be between 0 and 1.",
        ),
        ({"answer_changes": "always"}, "answer_changes: Value 'always' is not a"),
        ({"kappa_margin": Decimal("0.0001")}, "kappa_margin: It may have at most 3"),
        ({"image_metrics": []}, "image_metrics: This field cannot be blank."),
        ({"image_metrics": ["x"]}, "image_metrics: There is no image metric x."),
        ({"image_metrics": ["ssim-1"] * 2}, "image_metrics: ssim-1 is there twice."),
        ({"image_metrics": "ssim-1"}, "image_metrics: It must be a list of texts."),
        ({"case_codes": [1]}, "case_codes: It must be a list of texts."),
        ({"case_codes": ["C009"]}, "case_codes: The cohort has no case C009."),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(make_draft, settings, said):
    with pytest.raises(Refused) as refused:
        make_draft(**settings)
    assert said in str(refused.value)


def test_a_study_has_a_title(make_draft):
    study = make_draft()
    with pytest.raises(Refused, match="title: This field cannot be null"):
        services.study_update(study=study, arms=[], readers=[], title=None)


def test_all_that_is_wrong_is_told_at_once(make_draft):
    with pytest.raises(Refused) as refused:
        make_draft(sessions=0, guess_percent=200, case_codes=["C008", "C009"])
    assert len(str(refused.value).splitlines()) == 4


def test_without_a_gate_there_is_no_minimum(make_draft):
    study = make_draft(training=TRAINING, gate="kappa", gate_minimum=Decimal("0.6"))
    services.study_update(study=study, arms=[], readers=[], gate="")
    study = Study.objects.get(pk=study.pk)
    assert (study.gate, study.gate_minimum) == ("", None)


def test_everything_wrong_with_a_training_set_is_told_by_its_case(make_draft):
    wrong = [
        *training_set(("C001", "short", 3, 2), ("C009", "short", 3, 2)),
        *training_set(("C001", "short", 3, 2), ("C002", "short", 5, 2)),
        *training_set(("C003", "", 3, 2)),
    ]
    with pytest.raises(Refused) as refused:
        make_draft(training=wrong)
    assert str(refused.value).splitlines() == [
        "Training, case C009: The cohort has no case C009.",
        "Training, case C001: C001 short is there twice.",
        "Training, case C002: 5 is not one of the answers.",
        "Training, case C003: An image needs the name of its method.",
    ]


def test_an_arms_code_is_short_and_its_own():
    assert arm_code("unet-l4@1f2e", ()) == "unet-l4"
    assert arm_code("unet-l4@1f2e", {"unet-l4", "unet-l4-2"}) == "unet-l4-3"
    assert arm_code("！", ()) == "arm"
    assert len(arm_code("x" * 100, ())) <= 50
