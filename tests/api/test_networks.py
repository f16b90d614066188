"""Networks by a program: listed with their cards, uploaded, tried."""

import math
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inference import previews
from inference.models import Weights
from inference.services import weights as services
from tests.api.programs import API, Program
from tests.cast import Cast
from tests.inference.uploads import SEEN

pytestmark = pytest.mark.django_db
TOLD = {
    "title": "Theirs",
    "origin": "A group elsewhere",
    "licence": "CC BY 4.0",
    "training_data": "300 scans of another hospital",
    "learned_from": "nobody",
}


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture(autouse=True)
def tried(monkeypatch):
    """Every network passes its probe."""
    monkeypatch.setattr(services.runtime, "probe", lambda file, **more: SEEN)


@pytest.fixture
def program(cast: Cast) -> Program:
    return Program(cast.coordinator)


def upload(program: Program, **fields: object) -> object:
    file = SimpleUploadedFile("theirs.onnx", b"\x08\x08" + b"x" * 9)
    headers = fields.pop("headers", {})
    data = {"file": file, **fields}
    return Client.post(program, API + "networks/", data, headers=headers)


def test_methods_say_what_they_need(program):
    found = {m["method"]: m for m in program.get("methods/").json()["results"]}
    assert found["gaussian"]["needs_weights"] is False
    assert found["unet-l4"]["parameters"] == 535_505
    assert found["unet-l4"]["can_be_trained"] is True


def test_a_network_is_uploaded_with_its_card(cast, program):
    response = upload(program, **TOLD)
    assert response.status_code == 201, response.json()
    found = response.json()
    assert found["weights"]["title"] == "Theirs"
    assert found["weights"]["uploaded_by"] == cast.coordinator.username
    assert (found["learns"], found["probe"]["opset"]) == ("nobody", 17)
    assert found["blocked"][0]["name"] == cast.cohort.name
    weights = Weights.objects.get()
    assert program.get(f"networks/{weights.pk}/").json() == found
    (row,) = program.get("networks/").json()["results"]
    assert row == found["weights"]


def test_a_file_without_a_card_names_what_is_missing(program):
    response = upload(program)
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert errors[0]["detail"].startswith("theirs.onnx brings no card")
    assert {one["field"] for one in errors[1:]} == set(TOLD)
    assert not Weights.objects.exists()


def test_whoever_says_anything_of_a_card_says_all_of_it(program):
    response = upload(program, licence="MIT")
    missing = {one["field"] for one in response.json()["errors"]}
    assert missing == set(TOLD) - {"licence"}


def test_a_cohort_that_a_network_knows_is_the_uploaders_own(cast, program):
    theirs = {**TOLD, "learned_from": "cohort", "cohort": str(cast.cohort.pk)}
    response = upload(Program(cast.other_coordinator), **theirs)
    assert response.status_code == 400
    assert [e["field"] for e in response.json()["errors"]] == ["cohort"]


def test_the_same_upload_with_a_key_is_kept_once(program):
    key = {"Idempotency-Key": "mine"}
    first, again = (upload(program, headers=key, **TOLD) for _ in range(2))
    assert again.status_code == 201
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    without = upload(program, **TOLD)
    assert without.status_code == 409
    assert "already here" in without.json()["detail"]


def test_a_preview_tells_no_infinity(cast, program, monkeypatch):
    """JSON has none, and an image is as like itself as can be."""
    strips = [previews.Strip("short scan", "iVBO", math.inf)]
    monkeypatch.setattr("inference.api.networks.preview", lambda weights, case: strips)
    upload(program, **TOLD)
    pk = Weights.objects.get().pk
    path = f"networks/{pk}/preview/?cohort={cast.cohort.pk}&case=C001"
    assert program.get(path).json()["strips"][0]["psnr_db"] is None
    strange = Program(cast.other_coordinator).get(path)
    assert strange.status_code == 404


def test_weights_are_tried_again(program):
    upload(program, **TOLD)
    weights = Weights.objects.get()
    Weights.objects.update(probe={})
    response = program.post(f"networks/{weights.pk}/probe/")
    assert response.json()["weights"]["probed"] is True


def test_more_networks_are_not_more_queries(program, django_assert_max_num_queries):
    program.get("networks/")
    for number in range(3):
        Weights.objects.create(
            network="onnx", card={}, origin="shipped", sha256=str(number)
        )
    with django_assert_max_num_queries(6):
        assert program.get("networks/").json()["count"] == 3
