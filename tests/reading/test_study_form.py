"""The form of a draft: every setting of a protocol, most of it folded away."""

from decimal import Decimal

import pytest

from readerstudy.reading import services
from readerstudy.reading.forms.study import OF_SLICES, StudyForm
from readerstudy.reading.models import IMAGE_METRICS, Study
from readerstudy.reading.protocol.file import protocol_document
from readerstudy.reading.protocol.type_rules import OF_STACKS
from readerstudy.reading.services.settings import SETTINGS
from tests.factory import TRAINING, make_stack_cohort

from .conftest import address

ELSEWHERE = {"own_questions", *OF_STACKS}  # in files; in studies of whole stacks
ARMS = {
    f"arm-{index}-{field}": value
    for index, method in enumerate(("reference", "short", "gaussian"))
    for field, value in {"method": method, "title": method, "chosen": "on"}.items()
}
LEAST = {
    **ARMS,
    "title": "By hand",
    "slug": "by-hand",
    "sessions": "2",
    "washout_days": "28",
    "spacing": "1",
    "reference": "reference",
}
EVERYTHING = {
    **LEAST,
    "arm-1-repeated": "on",
    "readers": "stranger",
    "statisticians": "statistician",
    "case_codes": "C004, C002\nC003",
    "resampling_allowed": "on",
    "question_set": "striatum-grade-1-4",
    "window_rule": "fixed",
    "lut": "cool",
    "interpolation": "nearest",
    "window_adjustable": "on",
    "least_slice_side": "150",
    "answer_changes": "study",
    "break_after_minutes": "0",
    "long_pause_minutes": "20",
    "asks_conditions": "on",
    "training": "C001 reference 4 4\nC001 short 2 1",
    "gate": "within-one",
    "gate_minimum": "0.9",
    "guesses": "at-end",
    "guess_percent": "100",
    "primary_arm": "gaussian",
    "control_arm": "short",
    "kappa_margin": "0.05",
    "kappa_weights": "linear",
    "kappa_interval": "clustered-delta",
    "image_metrics": ["ssim-1"],
    "reference_standard": "given",
    "stability_limits": "deformation 2.5\ngain-random 1",
    "given_standard": "C004 4 3\nC002; 1; 1\nC003 2 4",
}


@pytest.fixture
def new(at, cast):
    """Send the form of a new study; the study, or the form with its complaints."""
    client = at(cast.coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"

    def send(data):
        response = client.post(url, data)
        if response.status_code == 302:
            return Study.objects.get(slug=data["slug"])
        return response.context["form"]

    return send


def typed(study, at, cast):
    """A draft's form as a browser would send it back untouched."""
    page = at(cast.coordinator).get(address("study-edit", study.slug))
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields if name != "slug"}
    for arm in form.arms:
        data |= {arm[name].html_name: arm[name].value() for name in arm.fields}
    return {k: v for k, v in data.items() if v is not None and v is not False}


def test_every_setting_can_be_written_in_the_browser(new):
    study = new(EVERYTHING)
    assert {name: getattr(study, name) for name in SETTINGS} == {
        "title": "By hand",
        "case_split": "",
        "case_codes": ["C004", "C002", "C003"],
        "resampling_allowed": True,
        "question_set": "striatum-grade-1-4",
        "window_rule": "fixed",
        "lut": "cool",
        "interpolation": "nearest",
        "window_adjustable": True,
        "least_slice_side": 150,
        "sessions": 2,
        "washout_days": 28,
        "spacing": 1,
        "answer_changes": "study",
        "break_after_minutes": 0,
        "long_pause_minutes": 20,
        "asks_conditions": True,
        "gate": "within-one",
        "gate_minimum": Decimal("0.90"),
        "guesses": "at-end",
        "guess_percent": 100,
        "primary_arm": "gaussian",
        "control_arm": "short",
        "kappa_margin": Decimal("0.050"),
        "kappa_weights": "linear",
        "kappa_interval": "clustered-delta",
        "image_metrics": ["ssim-1"],
        "stability_limits": {"deformation": 2.5, "gain-random": 1.0},
        "own_questions": [],
        **dict.fromkeys(OF_STACKS),
        "windows": [],
        "reference_standard": "given",
        "given_standard": [
            {"case": "C004", "right": 4, "left": 3},
            {"case": "C002", "right": 1, "left": 1},
            {"case": "C003", "right": 2, "left": 4},
        ],
    }
    images = study.training.values_list("position", "case__code", "method", "key")
    assert list(images) == [
        (1, "C001", "reference", {"grade": {"right": 4, "left": 4}}),
        (2, "C001", "short", {"grade": {"right": 2, "left": 1}}),
    ]


def test_a_draft_saved_untouched_stays_as_it_was(new, at, cast):
    study = new(EVERYTHING)
    before = protocol_document(study)
    client = at(cast.coordinator)
    data = typed(study, at, cast)
    assert client.post(address("study-edit", study.slug), data).status_code == 302
    assert protocol_document(Study.objects.get(pk=study.pk)) == before


def in_page_order(form, field):
    """The ticked boxes in the order in which a browser sends them."""
    ticked = form[field].value()
    return [value for value, _words in form.fields[field].choices if value in ticked]


def test_the_order_of_the_metrics_survives_the_browser(at, cast, make_draft):
    planned = ["ssim-1", "psnr-255"]
    draft = make_draft(image_metrics=planned)
    client = at(cast.coordinator)
    form = client.get(address("study-edit", draft.slug)).context["form"]
    assert in_page_order(form, "image_metrics") == planned
    Study.objects.filter(pk=cast.study.pk).update(image_metrics=planned)
    form = client.get(address("study-amend", cast.study.slug)).context["form"]
    assert in_page_order(form, "image_metrics") == planned


def test_a_draft_from_a_file_keeps_its_arms_codes_and_order_in_the_browser(at, cast):
    arms = [
        services.ArmChoice("short", "Five", "comparison", False, "five-minutes"),
        services.ArmChoice("unet@abc", "U-Net", "comparison", True, "network"),
        services.ArmChoice("reference", "Standard", "reference", False, "gold"),
    ]
    study = services.study_create(
        slug="of-a-file",
        title="Of a file",
        cohort=cast.cohort,
        coordinator=cast.coordinator,
        arms=arms,
        training=TRAINING,
        primary_arm="network",
        control_arm="five-minutes",
        sessions=2,
    )
    before = protocol_document(study)
    page = at(cast.coordinator).get(address("study-edit", study.slug))
    rows = [(arm.initial["method"], arm.count) for arm in page.context["form"].arms]
    # an arm whose images are not made yet is not lost on the way
    assert rows == [("short", 4), ("unet@abc", 0), ("reference", 4), ("gaussian", 4)]
    data = typed(study, at, cast)
    assert "arm-3-chosen" not in data
    client = at(cast.coordinator)
    assert client.post(address("study-edit", study.slug), data).status_code == 302
    assert protocol_document(Study.objects.get(pk=study.pk)) == before
    # another arm gets a code of its own
    client.post(address("study-edit", study.slug), {**data, "arm-3-chosen": "on"})
    codes = study.arms.values_list("code", flat=True)
    assert list(codes) == ["five-minutes", "network", "gold", "gaussian"]


def test_what_is_left_empty_has_its_default(new):
    study, fresh = new(LEAST), Study()
    for name in set(SETTINGS) - {"title", "sessions", "washout_days", "spacing"}:
        if name != "asks_conditions":  # a box without a tick
            assert getattr(study, name) == getattr(fresh, name), name
    assert study.asks_conditions is False
    assert study.image_metrics == list(IMAGE_METRICS)


def test_the_page_opens_folded_with_the_defaults_of_a_study(at, cast):
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    page = at(cast.coordinator).get(url)
    form, fresh = page.context["form"], Study()
    for name in set(SETTINGS) - {"title", "case_codes", *ELSEWHERE}:
        shown, default = form[name].value(), getattr(fresh, name)
        assert shown == default or (shown in (None, "") and not default), name
    assert page.content.decode().count("<details") == len(form.sections())
    assert "<details open" not in page.content.decode().replace(
        ' class="card fold"', ""
    )


def test_every_setting_stands_on_the_form_once(cast):
    form = StudyForm(cohort=cast.cohort, methods={"reference": 4})
    folded = [field.name for section in form.sections() for field in section.fields]
    assert len(folded) == len(set(folded))
    above = {"title", "slug", "sessions", "washout_days", "spacing", "reference"}
    above |= {"readers", "statisticians", "coordinators"}
    assert set(folded) | above == set(form.fields)
    assert set(SETTINGS) - ELSEWHERE | {"training"} <= set(folded) | above


def test_a_study_of_stacks_is_asked_for_what_it_has_and_for_nothing_else(cast):
    cohort = make_stack_cohort(coordinators=[cast.coordinator])
    form = StudyForm(cohort=cohort, methods={"reference": 4})
    folded = [field.name for section in form.sections() for field in section.fields]
    assert set(OF_STACKS) < set(folded)
    assert set(folded).isdisjoint(OF_SLICES)
    offered = dict(form.fields["question_set"].choices)
    assert list(offered) == [
        "forced-choice",
        "image-quality",
        "finding-confidence",
        "anatomical-fidelity",
    ]
    assert form["windows"].value().splitlines() == [
        "brain 0 80",
        "soft tissue -160 240",
        "lung -1350 150",
        "bone -450 1050",
    ]
    assert (form["value_low"].value(), form["lut"].value()) == (-1024, "grey")
    assert str(form["value_low"]).count('value="-1024"') == 1
    assert "window rule" not in form["window_adjustable"].help_text


STACKS = {
    **LEAST,
    "question_set": "finding-confidence",
    "windows": "mediastinum −160 240\nlung -1350 150",
    "value_low": "-1400",
    "value_high": "600.5",
    "lut": "grey",
    "metric_low": "-160",
    "metric_high": "240",
    "reference_standard": "given",
    "given_standard": "H001 1\nH002 0\nH003 1\nH004 0",
}


@pytest.fixture
def new_of_stacks(at, cast):
    cohort = make_stack_cohort(coordinators=[cast.coordinator])
    url = f"{address('study-create')}?cohort={cohort.pk}"

    def send(data):
        response = at(cast.coordinator).post(url, data)
        if response.status_code == 302:
            return Study.objects.get(slug=data["slug"])
        return response.context["form"]

    return send


def test_a_study_of_stacks_is_written_in_the_browser_and_saved_untouched(
    new_of_stacks, at, cast
):
    study = new_of_stacks(STACKS)
    assert study.windows == [
        {"key": "mediastinum", "title": "mediastinum", "low": -160.0, "high": 240.0},
        {"key": "lung", "title": "lung", "low": -1350.0, "high": 150.0},
    ]
    assert (study.value_low, study.value_high) == (-1400, 600.5)
    assert (study.metric_low, study.metric_high) == (-160, 240)
    assert study.given_standard[1] == {"case": "H002", "image": 0}
    assert study.presentation == "single"
    before = protocol_document(study)
    client = at(cast.coordinator)
    data = typed(study, at, cast)
    assert client.post(address("study-edit", study.slug), data).status_code == 302
    assert protocol_document(Study.objects.get(pk=study.pk)) == before


def test_questions_that_a_file_brought_stay_the_drafts_own(new_of_stacks, at, cast):
    study = new_of_stacks(STACKS)
    services.draft_change(
        study=study,
        by=cast.coordinator,
        changes={
            "questions": [{"key": "sure", "words": "Sure?", "kind": "confidence"}]
        },
    )
    before = protocol_document(Study.objects.get(pk=study.pk))
    assert before["questions"][0]["words"] == "Sure?"
    data = typed(study, at, cast)
    client = at(cast.coordinator)
    assert client.post(address("study-edit", study.slug), data).status_code == 302
    assert protocol_document(Study.objects.get(pk=study.pk)) == before
    data |= {"question_set": "image-quality", "given_standard": ""}
    data |= {"reference_standard": "own"}
    assert client.post(address("study-edit", study.slug), data).status_code == 302
    study = Study.objects.get(pk=study.pk)
    assert (study.question_set, study.own_questions) == ("image-quality", [])


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("question_set", "own", "Select a valid choice. own is not one"),
        ("windows", "lung low 150", "Line 1: a line is a name and then its numbers."),
        ("windows", "lung 150 -1350", "the first one smaller"),
        ("stability_limits", "deformation", "a line is a name and then its numbers"),
        ("stability_limits", "form 3", "There is no measure of stability “form”."),
        ("given_standard", "H001 1 0", "1 with a finding or 0 without"),
        ("given_standard", "H001 2", "2 is not one of the answers"),
        ("value_low", "700", "the first one smaller"),
    ],
)
def test_what_is_wrong_with_a_study_of_stacks_is_said(new_of_stacks, field, text, said):
    assert said in str(new_of_stacks({**STACKS, field: text}).errors)


@pytest.mark.parametrize(
    ("repeated", "chosen", "control"),
    [
        (["arm-1"], {}, "short"),
        (["arm-1"], {"control_arm": "gaussian"}, "gaussian"),
        (["arm-1", "arm-2"], {}, ""),
        ([], {}, ""),
        (["arm-1"], {"primary_arm": "short"}, ""),
        (["arm-1"], {"primary_arm": "gaussian"}, "short"),
        (["arm-1"], {"reference": "short"}, ""),  # nothing is its own control
    ],
)
def test_the_control_arm_is_the_repeated_one_unless_another_is_chosen(
    new, repeated, chosen, control
):
    boxes = {f"{arm}-repeated": "on" for arm in repeated}
    assert new({**LEAST, **boxes, **chosen}).control_arm == control


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"case_codes": "C001 C009"}, "case_codes", "no case C001 C009."),
        ({"case_codes": "C001\nC008,C009"}, "case_codes", "no case C008."),
        ({"least_slice_side": "0"}, "least_slice_side", "at least 1."),
        ({"break_after_minutes": "x"}, "break_after_minutes", "whole number"),
        ({"interpolation": "cubic"}, "interpolation", "Select a valid choice"),
        ({"gate": "kappa"}, "gate_minimum", "least agreement that passes"),
        ({"gate": "kappa", "gate_minimum": "2"}, "gate_minimum", "at most 1."),
        ({"guess_percent": "101"}, "guess_percent", "at most 100."),
        (
            {"kappa_margin": "0.0001"},
            "kappa_margin",
            "at most 3 digits after the point",
        ),
        ({"image_metrics": ["x"]}, "image_metrics", "x is not one of the available"),
        ({"primary_arm": "short", "arm-1-chosen": ""}, "primary_arm", "is not read"),
        ({"training": "C001"}, "training", "Line 1: A line is: case, method"),
    ],
)
def test_a_wrong_field_is_marked_and_its_section_unfolded(new, changes, field, said):
    form = new({**LEAST, **changes})
    assert said in " ".join(form.errors[field])
    [wrong] = [s for s in form.sections() if s.wrong]
    assert field in [one.name for one in wrong.fields]
    assert not Study.objects.filter(slug="by-hand").exists()


def test_a_training_set_may_be_pasted_from_a_table(new):
    tables = (
        "C001 short 3 2\n\nC002 reference 4 4\n",
        "case,method,right,left\r\nC001,short,3,2\r\nC002, reference, 4, 4\r\n",
        "Case\tMethod\tRight\tLeft\nC001\tshort\t3\t2\nC002\treference\t4\t4",
        "C001;short;3;2\nC002;reference;4;4",
    )
    for number, text in enumerate(tables):
        study = new({**LEAST, "slug": f"by-hand-{number}", "training": text})
        images = study.training.values_list("case__code", "method", "key")
        assert list(images) == [
            ("C001", "short", {"grade": {"right": 3, "left": 2}}),
            ("C002", "reference", {"grade": {"right": 4, "left": 4}}),
        ]


def test_every_wrong_line_of_a_training_set_is_named_by_its_number(new):
    lines = [
        "C001 short 3 2",
        "C009 short 3 2",
        "",
        "C002 short 3",
        "C003 short x 2",
        "C001 short 4 4",
        "C004 short 5 0",
    ]
    form = new({**LEAST, "training": "\n".join(lines)})
    assert form.errors["training"] == [
        "Line 2: The cohort has no case C009.",
        "Line 4: A line is: case, method, grade right, grade left.",
        "Line 5: The last two are grades: right, then left.",
        "Line 6: C001 short is there twice.",
        "Line 7: 5 is not one of the answers.",
    ]


def test_a_method_with_a_space_survives_the_training_lines(new, at, cast):
    study = new({**LEAST, "training": "C001, my method, 3, 2"})
    assert study.training.get().method == "my method"
    data = typed(study, at, cast)
    assert data["training"] == "C001, my method, 3, 2"


def test_a_thousand_lines_of_training_are_enough(new):
    form = new({**LEAST, "training": "C001 short 3 2\n" * 1500})
    assert len(form.errors["training"]) == 20
