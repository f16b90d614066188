"""Programs that read whole stacks: a reader's own, and the leak oracle."""

from collections.abc import Callable
from math import prod

import pytest
from django.test import Client

from readerstudy.reading.leaks.asking import study_observe
from readerstudy.reading.leaks.copying import study_copy
from readerstudy.reading.models import Read, Score
from tests.cast import Cast
from tests.factory import STACK
from tests.stacks import make_stack_study


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("finding-confidence", {"confidence": {"image": 50.0}}),
        ("anatomical-fidelity", {"fidelity": {"image": 1.0}}),
        ("anatomical-fidelity", {"fidelity": {"image": {"value": 1.0}}}),
    ],
)
def test_a_number_that_is_no_whole_one_becomes_no_reason(
    at: Callable[..., Client], cast: Cast, asked: str, answers: object
) -> None:
    """Some programs write 50 as 50.0; as words it would say why there is no answer."""
    study = make_stack_study(cast, question_set=asked)
    client, base = at(cast.reader), f"/api/v1/reading/{study.slug}/"
    due = client.post(f"{base}next/").json()
    body = {"token": due["token"], "key": "k", "answers": answers}
    said = client.post(f"{base}answers/", body, content_type="application/json")
    assert said.status_code in (400, 409), said.content
    assert not Score.objects.exists()


@pytest.mark.parametrize(
    ("asked", "images"),
    [
        ("image-quality", 1),
        ("finding-confidence", 1),
        ("anatomical-fidelity", 1),
        ("forced-choice", 2),
    ],
)
def test_the_leak_oracle_answers_every_kind_of_question(
    cast: Cast, asked: str, images: int
) -> None:
    study = make_stack_study(cast, question_set=asked)
    with study_copy(study) as twin:
        seen = study_observe(twin)
    assert {one.values["lengths/pixels/body"] for one in seen} == {
        2 * prod(STACK) * images
    }
    assert len(seen) == Read.objects.filter(reader__study=study).count()
