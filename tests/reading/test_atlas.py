"""The examples of the grades: what they show, where they come from, who gets them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from inference.building import TRAINING_SEED
from readerstudy.cases.digests import patient_digest
from readerstudy.demo import services as demo
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.rendering import SHOWN_BYTES, WINDOWS, shown_pixels
from readerstudy.reading import atlas, services
from readerstudy.reading.atlas import ATLAS_SEED, atlas_pixels, load_atlas
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.questions import QUESTION_SETS, Kind
from readerstudy.simulation import calibration
from readerstudy.simulation.observer import impressions
from tests.factory import TRAINING
from tests.stacks import make_stack_study

from .conftest import address

GRADES = "striatum-grade-1-4"
OF_GRADES = [
    key
    for key, one in QUESTION_SETS.items()
    if any(question.kind == Kind.GRADE for question in one.questions)
]


@pytest.mark.parametrize("question_set", OF_GRADES)
def test_each_grade_has_an_example_and_each_side_is_once_the_worse(question_set):
    told = load_atlas(question_set).grades
    for question in QUESTION_SETS[question_set].questions:
        shown = [
            (one[question.key]["right"], one[question.key]["left"]) for one in told
        ]
        both = [right for right, left in shown if right == left]
        assert both == sorted((a.value for a in question.answers), reverse=True)
        assert {(4, 2), (2, 4), (3, 1)} <= set(shown)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_simulated_reader_sees_in_each_example_the_grades_it_is_for(window):
    pixels = atlas_pixels(GRADES, window=window)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, 3, 64, 64)
    told = load_atlas(GRADES).grades
    assert len(images) == len(told)
    for image, grades in zip(images, told, strict=True):
        seen = impressions(image)
        for side, grade in grades["grade"].items():
            assert seen[side] == pytest.approx(grade, abs=0.4)


def test_examples_are_windowed_as_the_studys_own_images_are():
    values = load_atlas(GRADES).values.astype(np.float32)
    for window in WINDOWS:
        expected = [shown_pixels(one, window=window) for one in values]
        assert atlas_pixels(GRADES, window=window) == b"".join(expected)


@pytest.mark.slow
@pytest.mark.pure
def test_made_anew_an_example_is_as_it_is_stored():
    from readerstudy.reading.atlas import building

    place = 5  # a patient whose sides differ
    values, central = building.make_example(building.PLANS[place])
    stored = load_atlas(GRADES).values[place]
    # another processor may add up in another order
    np.testing.assert_allclose(values, stored, atol=2e-3)
    far = np.abs(to_eight_bit(values).astype(int) - to_eight_bit(stored))
    assert far.max() <= 1
    told = card()["examples"][place]
    assert told == building._certificate(building.PLANS[place], central)


def card() -> dict:
    return json.loads((atlas.FOLDER / f"{GRADES}.json").read_text())


def test_the_certificate_says_where_the_examples_come_from():
    told = card()
    assert told["made_by"] == "manage.py build_atlas"
    assert told["seed"] == ATLAS_SEED
    truth = told["examples"][6]["truth"]
    assert truth["right"]["putamen_sbr"] > 4 * truth["left"]["putamen_sbr"]
    assert len({one["index"] for one in told["examples"]}) == len(told["examples"])


def test_other_values_than_the_certificates_are_refused(tmp_path, monkeypatch):
    (tmp_path / f"{GRADES}.json").write_text(json.dumps(card()))
    np.save(tmp_path / f"{GRADES}.npy", load_atlas(GRADES).values * 0.5)
    monkeypatch.setattr(atlas, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="not what they should be"):
        load_atlas.__wrapped__(GRADES)


def test_no_other_patients_of_ours_are_simulated_from_the_examples_seed(tmp_path):
    others = {
        demo.SEED,
        TRAINING_SEED,
        calibration.SEED,
        calibration.OBSERVER_SEED,
    }
    assert ATLAS_SEED not in others
    with pytest.raises(CommandError, match="examples"):
        call_command("simulate_cohort", tmp_path, cases=1, seed=ATLAS_SEED)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("by", ["patient_digest", "second_patient_digest"])
@pytest.mark.parametrize("trains", [False, True])
def test_no_study_opens_that_has_a_patient_of_the_examples(
    make_draft, cast, trains, by
):
    """However the patient came in: also as one to be trained on."""
    study = make_draft(training=TRAINING if trains else [])
    assert preflight(study) == []
    patient = load_atlas(GRADES).patients[2]
    code = "C001" if trains else "C003"
    cases = cast.cohort.cases.filter(code=code)
    cases.update(**{by: patient_digest(patient)})
    assert [finding.message for finding in preflight(study)] == [
        f"The examples of the grades are made of the patient of 1 case: {code}."
    ]


def fetched(client: Client, study: Study):
    return client.get(address("atlas-pixels", study.slug))


def test_readers_get_the_same_examples_before_every_read(cast, at, reader):
    client = at(cast.reader)
    first = fetched(client, cast.study)
    assert len(first.content) == len(load_atlas(GRADES).grades) * SHOWN_BYTES
    assert first["Content-Type"] == "application/octet-stream"
    services.read_next(reader=reader)
    later, others = fetched(client, cast.study), fetched(at(cast.reader), cast.study)
    assert first.content == later.content == others.content
    assert first.headers == later.headers


@pytest.fixture
def dim(monkeypatch):
    """Examples whose slices are brighter beyond what is shown, so that rules differ."""
    bright = load_atlas(GRADES)
    dim = replace(bright, values=bright.values * np.float16(0.5))
    monkeypatch.setattr(atlas, "load_atlas", lambda question_set: dim)
    atlas_pixels.cache_clear()
    yield dim
    atlas_pixels.cache_clear()


def test_examples_follow_their_studys_window_rule(cast, at, make_open, dim):
    fixed = make_open(slug="fixed-window", window_rule="fixed")
    client = at(cast.reader)
    brightest = [max(fetched(client, s).content) for s in (fixed, cast.study)]
    assert brightest == [128, 255]


def test_nobody_gets_the_examples_of_a_study_they_do_not_read(cast, at):
    for person in (cast.stranger, cast.coordinator, cast.other_reader):
        assert fetched(at(person), cast.study).status_code == 404


def test_the_grades_of_the_examples_are_told_in_the_readers_language(cast, at):
    client = at(cast.reader)
    page = client.get(address("atlas-show", cast.study.slug)).content.decode()
    assert page.count("putamen mildly reduced") == 3
    client.cookies["django_language"] = "ja"
    page = client.get(address("atlas-show", cast.study.slug)).content.decode()
    assert "putamen mildly reduced" not in page
    assert page.count("被殻") >= 9


def test_the_first_page_of_reading_asks_for_no_example_yet(cast, at):
    page = at(cast.reader).get(address("read-next", cast.study.slug)).content.decode()
    assert address("atlas-pixels", cast.study.slug) in page  # where they can be had
    assert 'id="atlas"' in page


def test_examples_are_offered_where_there_are_some(client, cast):
    make_stack_study(cast)
    client.force_login(cast.reader)
    page = client.get(address("reader-home")).content.decode()
    slugs = Study.objects.values_list("slug", flat=True)
    offered = {slug for slug in slugs if address("atlas-show", slug) in page}
    assert offered == {cast.study.slug}
