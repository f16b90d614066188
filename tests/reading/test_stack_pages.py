"""Whole stacks before a reader: what a page and an answer tell, and what is stored."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client

from readerstudy.cases.models import Rendition
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.rendering import OUTSIDE
from readerstudy.reading.models import Answer, Membership, Read, Study
from readerstudy.reading.verification.answers import WINDOWS, answers_check
from tests.cast import Cast, reader_membership
from tests.factory import STACK, make_stack_cohort
from tests.stacks import make_stack_study

from .conftest import HARMS, address, current

QUALITY = {
    "noise-image": 4,
    "sharpness-image": 3,
    "artefacts-image": "none",
    "why-artefacts-image": "motion",
    "acceptability-image": 5,
    "text:remark-image": " A ring. ",
}
SMALL = (4, 90, 70)


@pytest.fixture
def make_room(
    at: Callable[..., Client], cast: Cast
) -> Callable[..., tuple[Client, Study]]:
    """The reader before the first read of a study of stacks."""

    def make(**settings: object) -> tuple[Client, Study]:
        study = make_stack_study(cast, **settings)
        client = at(cast.reader)
        assert client.get(address("read-next", study.slug)).status_code == 200
        return client, study

    return make


def reader_of(study: Study, cast: Cast) -> Membership:
    return reader_membership(study, cast.reader)


def submit(client: Client, study: Study, token: str, answer: dict[str, object]):
    key = f"key-{Answer.objects.count()}"
    data = {**answer, "token": token, "key": key}
    return client.post(address("read-submit", study.slug), data)


def scores(read: Read) -> dict[str, object]:
    latest = read.answers.latest("version")
    return {
        score.question: score.text or score.unassessable or score.value
        for score in latest.scores.all()
    }


def values_of(read: Read, method: str) -> np.ndarray:
    row = Rendition.objects.get(case=read.case, method=method)
    return np.load(row.values.path)


def read_all(client: Client, study: Study, reader: Membership, answer) -> list[Read]:
    """Answer every read; ask for its pixels before, and give the reads."""
    reads = []
    while read := current(reader):
        pixels = client.get(address("read-pixels", study.slug, read.token))
        assert pixels.status_code == 200
        read.pixels, read.headers = pixels.content, dict(pixels.headers)
        read.told = submit(client, study, read.token, answer).json()
        reads.append(read)
    return reads


def test_every_read_has_as_many_bytes_and_the_same_headers_whatever_its_stack(
    make_room, cast
):
    cohort = make_stack_cohort(coordinators=[cast.coordinator], shapes=(STACK, SMALL))
    client, study = make_room(cohort=cohort)
    reads = read_all(client, study, reader_of(study, cast), QUALITY)
    assert len(reads) == 8
    assert {len(read.pixels) for read in reads} == {2 * np.prod(STACK)}
    assert len({tuple(read.headers.items()) for read in reads}) == 1
    for read in reads:
        values = values_of(read, read.arm.method).astype(float)
        shown = np.frombuffer(read.pixels, "<u2").reshape(STACK)
        inside = tuple(slice(length) for length in values.shape)
        assert np.abs(shown[inside] - 1024.0 - values).max() <= 0.5
        outside = np.ones(STACK, bool)
        outside[inside] = False
        assert (shown[outside] == OUTSIDE).all()
        assert outside.any() == (values.shape == SMALL)


def test_a_pair_comes_left_image_first_and_never_says_which_it_is(make_room, cast):
    client, study = make_room(question_set="forced-choice")
    reads = read_all(client, study, reader_of(study, cast), {"preference-image": 2})
    assert len(reads) == 12  # three pairs of four cases
    assert {len(read.pixels) for read in reads} == {4 * np.prod(STACK)}
    for read in reads:
        left, right = np.frombuffer(read.pixels, "<u2").reshape(2, *STACK)
        for shown, arm in ((left, read.arm), (right, read.second_arm)):
            assert np.abs(shown - 1024.0 - values_of(read, arm.method)).max() <= 0.5


def test_an_answer_tells_the_next_token_and_brings_no_stack(make_room, cast):
    client, study = make_room()
    reads = read_all(client, study, reader_of(study, cast), QUALITY)
    shapes = {tuple(read.told) for read in reads if read.told["state"] == "read"}
    assert len(shapes) == 1
    for read in reads:
        assert read.told.get("pixels") is None
        if read.told.get("next"):
            assert read.told["next"] != read.told["token"]


def test_each_kind_of_answer_is_stored_as_it_was_given(make_room, cast):
    client, study = make_room()
    read = current(reader_of(study, cast))
    assert submit(client, study, read.token, QUALITY).status_code == 200
    assert scores(read) == {
        "noise": 4,
        "sharpness": 3,
        "artefacts": "motion",
        "acceptability": 5,
        "remark": "A ring.",
    }


def test_a_confidence_of_nought_is_an_answer(make_room, cast):
    client, study = make_room(question_set="finding-confidence")
    first, second = Read.objects.filter(reader__study=study).order_by("position")[:2]
    submit(client, study, first.token, {"confidence-image": 0})
    assert first.answers.get().scores.get().value == 0
    told = submit(client, study, second.token, {"confidence-image": 101})
    assert told.status_code == 409


def test_marks_are_stored_with_their_answer_and_come_back_once_more(make_room, cast):
    client, study = make_room(question_set="anatomical-fidelity")
    read = current(reader_of(study, cast))
    marks = [{"slice": 2, "row": 40, "column": 9}, {"slice": 5, "row": 0, "column": 79}]
    answer = {
        "fidelity-image": 3,
        "marks:fidelity-image": json.dumps(marks),
        "text:remark-image": "Gone.",
    }
    assert submit(client, study, read.token, answer).status_code == 200
    score = read.answers.get().scores.get(question="fidelity")
    assert (score.value, score.marks) == (3, marks)
    again = client.post(address("read-undo", study.slug)).json()["again"]
    assert again["grades"] == {"fidelity-image": 3}
    assert again["marks"] == {"fidelity-image": marks}
    assert again["texts"] == {"remark-image": "Gone."}


@pytest.mark.parametrize(
    "marks",
    [
        "[",
        "[" * 3999,
        "{}",
        '"x"',
        "7",
        '[{"slice": 6, "row": 0, "column": 0}]',
        '[{"slice": -1, "row": 0, "column": 0}]',
        '[{"slice": 0.5, "row": 0, "column": 0}]',
        '[{"slice": 0, "row": 0}]',
        "[null]",
    ],
)
def test_marks_that_are_no_places_of_the_image_are_refused_in_words(
    make_room, cast, marks
):
    client, study = make_room(question_set="anatomical-fidelity")
    read = current(reader_of(study, cast))
    answer = {"fidelity-image": 3, "marks:fidelity-image": marks}
    told = submit(client, study, read.token, answer)
    assert told.status_code == 409
    assert told.json()["error"]
    assert not Answer.objects.exists()


@pytest.mark.parametrize("place", ["slice", "row", "column"])
def test_nothing_is_marked_where_a_smaller_stack_has_no_image(make_room, cast, place):
    cohort = make_stack_cohort(coordinators=[cast.coordinator], shapes=(STACK, SMALL))
    client, study = make_room(cohort=cohort, question_set="anatomical-fidelity")
    reader = reader_of(study, cast)
    length = dict(zip(("slice", "row", "column"), SMALL, strict=True))[place]
    told = {}
    while read := current(reader):
        mark = {"slice": 0, "row": 0, "column": 0, place: length}
        answer = {"fidelity-image": 3, "marks:fidelity-image": json.dumps([mark])}
        said = submit(client, study, read.token, answer)
        shape = values_of(read, read.arm.method).shape
        told.setdefault(shape, set()).add((said.status_code, said.json().get("error")))
        submit(client, study, read.token, {"fidelity-image": 3})
    assert told == {
        STACK: {(200, None)},
        SMALL: {(409, "A mark lies outside the image.")},
    }


BONE = (36, 129)  # -450 to 1050 of -1024 to 3071 HU, in 255ths


@pytest.mark.parametrize("adjustable", [False, True])
def test_a_window_of_the_protocol_is_kept_and_one_of_ones_own_where_it_is_allowed(
    make_room, cast, adjustable
):
    client, study = make_room(window_adjustable=adjustable)
    reader = reader_of(study, cast)
    page = client.get(address("read-next", study.slug)).content.decode()
    assert f'data-kept="{BONE[0]} {BONE[1]}"' in page
    kept = []
    for window in (None, BONE, (40, 129)):
        told = {"low": window[0], "high": window[1]} if window else {}
        read = current(reader)
        assert submit(client, study, read.token, QUALITY | told).status_code == 200
        answer = read.answers.get()
        kept.append((answer.window_low, answer.window_high))
    own = (40, 129) if adjustable else (None, None)
    assert kept == [(None, None), BONE, own]
    found = answers_check(study)
    assert found.lines[WINDOWS] == []
    Answer.objects.filter(window_low=36).update(window_low=35)
    assert bool(answers_check(study).lines[WINDOWS]) is not adjustable


def test_the_page_says_how_large_stacks_are_and_which_windows_there_are(
    make_room, cast
):
    client, study = make_room(question_set="finding-confidence")
    page = client.get(address("read-next", study.slug)).content.decode()
    for told in (
        'data-depth="6" data-rows="96" data-columns="80"',
        'data-low="-1024.0" data-high="3071.0" data-unit="HU"',
        'data-low="0" data-high="80" data-kept="64 69" data-keys="KeyQ"',
        'class="stacks single"',
        "How sure are you that a finding is present?",
    ):
        assert told in page
    assert page.count('class="quiet preset"') == 4
    assert "window-low" not in page  # the protocol lets nobody adjust it


def test_grey_is_as_much_of_each_colour_and_no_other_table_is_there(make_room):
    client, _study = make_room()
    grey = client.get(address("lut-show", "grey")).content
    assert grey == bytes(n for n in range(256) for _ in range(3))
    assert grey == load_lut("grey").tobytes()
    assert client.get(address("lut-show", "jet")).status_code == 404


@pytest.mark.parametrize("harm", HARMS[1:])
def test_a_stack_that_cannot_be_shown_is_said_and_names_nothing(
    make_room, cast, caplog, harm
):
    client, study = make_room(question_set="forced-choice")
    read = current(reader_of(study, cast))
    harm(cast, Rendition.objects.get(case=read.case, method=read.second_arm.method))
    told = client.get(address("read-pixels", study.slug, read.token))
    assert told.status_code == 409
    said = caplog.text + told.content.decode()
    for secret in (read.case.code, read.arm.title, read.second_arm.title):
        assert secret not in said


def test_another_stack_than_at_opening_is_not_shown(make_room, cast):
    client, study = make_room()
    read = current(reader_of(study, cast))
    other = Rendition.objects.exclude(case=read.case).filter(method=read.arm.method)
    taken = other.filter(case__cohort=study.cohort).first()
    rows = Rendition.objects.filter(case=read.case, method=read.arm.method)
    rows.update(values=taken.values.name, sha256=taken.sha256)
    told = client.get(address("read-pixels", study.slug, read.token))
    assert told.status_code == 409


def test_own_answers_are_listed_by_question(make_room, cast):
    client, study = make_room()
    read = current(reader_of(study, cast))
    submit(client, study, read.token, QUALITY)
    page = client.get(address("read-changes", study.slug)).content.decode()
    for told in ("Sharpness", "<b>3</b> fair", "motion", "A ring."):
        assert told in page
    assert "Patient" not in page
