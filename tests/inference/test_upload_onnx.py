"""A coordinator brings a network as ONNX: taken in whole, or not at all."""

import hashlib
import json

import numpy as np
import pytest
from onnx import helper, numpy_helper

from inference import runtime, selectors
from inference.exports import exports_folder
from inference.learned import Known
from inference.models import Weights
from inference.services.weights import CardMissingError, weights_probe
from inference.told_cards import ToldCard
from readerstudy.audit.models import AuditEvent
from readerstudy.cases.learning import Learned
from readerstudy.imaging.errors import Refused

from .conftest import weights_content
from .onnx_files import FILES, TORCH, as_keras, model, small, with_card
from .uploads import SEEN, TOLD, nothing_is_left, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_storage")]
node = helper.make_node


@pytest.mark.parametrize("name", TORCH)
def test_what_torch_exports_becomes_a_network_that_can_be_run(coordinator, name):
    content = (FILES / name).read_bytes()
    weights = send(coordinator, content, told=TOLD)
    assert (weights.network, weights.format) == ("onnx", "onnx")
    assert weights.sha256 == hashlib.sha256(content).hexdigest()
    assert weights.file.read() == content
    assert weights.probe["operators"]["Conv"] == 4
    assert weights.probe["network_blocked"]
    assert weights.card["origin"] == "A group elsewhere"
    assert weights.card["configuration"]["layout"] == "NCHW"
    assert f"weights-{weights.pk}" in [c.value for c in selectors.method_choices()]
    event = AuditEvent.objects.get(action="weights.add")
    assert event.after["format"] == "onnx"


@pytest.mark.parametrize("channels", [1, 3])
def test_what_comes_from_keras_is_run_with_its_channels_last(coordinator, channels):
    weights = send(coordinator, as_keras(channels), told=TOLD)
    assert weights.probe["layout"] == "NHWC"
    assert weights.probe["in_channels"] == channels


def one(operator, **more):
    return model([node(operator, ["image"], ["output"])], **more).SerializeToString()


def endless_memory():
    size = numpy_helper.from_array(np.array([10**6, 10**6], np.int64), "size")
    nodes = [
        node("ConstantOfShape", ["size"], ["much"]),
        node("ReduceSum", ["much"], ["sum"], keepdims=0),
        node("Add", ["image", "sum"], ["output"]),
    ]
    return model(nodes, weights=[size]).SerializeToString()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (one("Log"), "not finite"),
        (one("Identity", taken=("N", 3, 64, 64), given=None), r"of the shape \(5, 3"),
        (one("Loop"), "'Loop' decides"),
        (endless_memory(), "more than 2048 MB of memory"),
        (small()[:-30], "not an ONNX file"),
    ],
    ids=["no-numbers", "three-channels", "loop", "memory", "cut-off"],
)
def test_what_cannot_be_run_is_refused_and_leaves_nothing(coordinator, content, words):
    with pytest.raises(Refused, match=words):
        send(coordinator, content, told=TOLD)
    assert nothing_is_left()


def test_weights_that_do_not_fit_their_network_are_found_by_the_probe(
    coordinator, tmp_path
):
    """Names and shapes are asked of torch, in a process of its own."""
    from .test_weights_rows import with_network

    content = with_network(tmp_path, "attention-unet", configuration=True)
    with pytest.raises(Refused, match="do not fit Attention U-Net"):
        send(coordinator, content, name="theirs.safetensors")
    assert nothing_is_left()


def test_a_network_that_never_gives_the_same_twice_is_refused(coordinator, monkeypatch):
    from dataclasses import replace

    seen = replace(SEEN, deterministic=False)
    monkeypatch.setattr(runtime, "probe", lambda file, *, cache: seen)
    with pytest.raises(Refused, match="different outputs for the same images"):
        send(coordinator, small(), told=TOLD)
    assert nothing_is_left()


def test_a_card_inside_the_file_is_taken_before_what_is_said(coordinator, tmp_path):
    card = weights_card(tmp_path, title="Inside", licence="MIT")
    weights = send(coordinator, with_card(small(), json.dumps(card)), told=TOLD)
    assert (weights.title, weights.card["licence"]) == ("Inside", "MIT")
    assert weights.network == "onnx"


def weights_card(folder, **changes):
    content = weights_content(folder, **changes)
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    return json.loads(metadata["readerstudy-weights-1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "not a JSON object"),
        ('{"title": "only"}', "lacks"),
        ('{"a": NaN}', "cannot be read"),
        ('{"\\ud800": 1}', "not valid Unicode"),
    ],
)
@pytest.mark.usefixtures("tried")
def test_a_card_inside_that_is_none_is_refused(coordinator, monkeypatch, text, words):
    from dataclasses import replace

    seen = replace(SEEN, card=text)
    monkeypatch.setattr(runtime, "probe", lambda file, *, cache: seen)
    with pytest.raises(Refused, match=words):
        send(coordinator, small(), told=TOLD)
    assert nothing_is_left()


@pytest.mark.usefixtures("tried")
def test_a_network_without_a_card_is_asked_for_one(coordinator):
    with pytest.raises(CardMissingError, match="brings no card"):
        send(coordinator, small())
    assert nothing_is_left()


@pytest.mark.usefixtures("tried")
def test_the_same_network_twice_is_refused_before_it_is_tried(coordinator, tried):
    send(coordinator, small(), told=TOLD)
    with pytest.raises(Refused, match="already here, as “Theirs”"):
        send(coordinator, small(), name="copy.onnx", told=TOLD)
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("patients", "said"),
    [
        ({}, Learned.NOT),
        ({"training": ["a" * 64], "validation": []}, Learned.TRAINING),
        ({"training": [], "validation": ["a" * 64]}, Learned.VALIDATION),
        (None, Learned.UNKNOWN),
    ],
)
@pytest.mark.usefixtures("tried")
def test_what_is_said_of_its_patients_decides_who_is_read(coordinator, patients, said):
    told = ToldCard("T", "o", "l", "d", patients)
    weights = send(coordinator, small(), told=told)
    assert Known(weights.card).learned("a" * 64) == said


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_row_that_cannot_be_written_leaves_no_file_and_no_export(
    coordinator, monkeypatch, failure, tmp_path
):
    def fail(**kwargs):
        raise failure

    content = weights_content(tmp_path)
    export = exports_folder() / f"{hashlib.sha256(content).hexdigest()}-export.onnx"
    export.parent.mkdir(parents=True)
    export.write_bytes(b"made by the probe")
    monkeypatch.setattr("inference.services.weights.event_record", fail)
    with pytest.raises(failure):
        send(coordinator, content, name="theirs.safetensors")
    assert nothing_is_left()


def test_shipped_weights_can_be_tried_later(weights, monkeypatch):
    monkeypatch.setattr(runtime, "probe", lambda file, *, cache: SEEN)
    assert weights.probe == {}
    weights_probe(weights=weights)
    assert Weights.objects.get().probe["opset"] == 17
