"""A network is tried on one case before it is taken in."""

import json
from pathlib import Path

import numpy as np
import pytest

from inference import runtime
from inference.runtime import Limits, NetworkFailedError, NetworkFile
from readerstudy.imaging.errors import Refused
from tests.inference.conftest import weights_content

from . import graphs

pytestmark = pytest.mark.pure


def probe(content: bytes, folder: Path, **limits) -> runtime.Probe:
    file = NetworkFile("onnx", content, "mine.onnx")
    return runtime.probe(file, cache=folder, limits=Limits(**limits))


def test_it_tells_what_was_seen(tmp_path: Path) -> None:
    shape = ("N", 64, 64, 1)
    found = probe(graphs.halving(shape=shape, output=shape), tmp_path)
    assert (found.layout, found.in_channels, found.opset) == ("NHWC", 1, 17)
    assert found.operators == {"Mul": 1}
    assert found.parameters == 1
    assert found.output_min == 0
    assert found.output_max == 0.5
    assert 0 < found.output_mean < 0.5
    assert 0 < found.seconds < 20
    assert 20 < found.peak_mib < 1000
    assert found.deterministic
    assert found.network_blocked
    assert json.loads(json.dumps(found.to_json()))["engine"] == "onnxruntime"


def test_its_memory_is_its_own_and_not_that_of_who_started_it(tmp_path: Path) -> None:
    held = np.ones(700 * 2**20, np.uint8)
    found = probe(graphs.halving(), tmp_path)
    assert 20 < found.peak_mib < 500 < held.nbytes / 2**20


def test_weights_of_a_registered_network_are_tried_likewise(tmp_path: Path) -> None:
    content = weights_content(tmp_path)
    file = NetworkFile("safetensors", content, "small.safetensors")
    found = runtime.probe(file, cache=tmp_path)
    assert (found.layout, found.in_channels) == ("NCHW", 1)
    assert found.parameters == 2497
    assert found.operators["Conv"] == 3


def test_one_whose_images_see_each_other_is_told_from_others(tmp_path: Path) -> None:
    nodes_see_order = graphs.sorted_by_place()
    assert not probe(nodes_see_order, tmp_path).deterministic


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (graphs.endless(), "Loop"),
        (b"\x08\x08", "not an ONNX file"),
        (graphs.black(), "not finite numbers"),
    ],
)
def test_what_cannot_be_used_is_refused(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=sentence):
        probe(content, tmp_path)


@pytest.mark.parametrize(
    ("content", "limits", "sentence"),
    [
        (graphs.greedy(), {"memory_mib": 1500}, "more than 1500 MB of memory"),
        (graphs.heavy(), {"processor_s": 1}, "took longer than 1 s"),
        (graphs.heavy(), {"start_s": 0.5, "case_s": 0.5}, "took longer than 1 s"),
    ],
)
def test_what_takes_too_much_is_refused(
    content: bytes, limits: dict, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(NetworkFailedError, match=sentence):
        probe(content, tmp_path, **limits)
