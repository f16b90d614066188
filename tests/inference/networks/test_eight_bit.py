"""Weights of 8 bits with scales: small files, the same numbers to every reader."""

import json
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from inference.networks.weights import (
    CARD_FORMAT,
    check_shapes,
    parse_weights,
    write_weights,
)
from readerstudy.imaging.errors import Refused
from tests.inference.test_weights_file import CARD

pytestmark = pytest.mark.pure

EIGHT = np.array([[-127, 0, 64], [127, 1, -2]], dtype=np.int8)
SCALE = np.array([[0.5], [0.001]], dtype=np.float32)


def file_of(tensors: dict[str, NDArray]) -> bytes:
    return save(tensors, metadata={CARD_FORMAT: json.dumps(CARD.to_json())})


def large(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(0, 0.1, shape).astype(np.float32)


def test_a_number_of_8_bits_is_read_as_itself_times_the_scale_of_its_row():
    found = parse_weights(file_of({"a": EIGHT, "a.scale": SCALE}), name="theirs")
    assert found.parameters.keys() == {"a"}
    assert found.parameters["a"].dtype == np.float32
    np.testing.assert_allclose(
        found.parameters["a"], [[-63.5, 0, 32], [0.127, 0.001, -0.002]], rtol=1e-6
    )


def test_a_file_of_8_bits_takes_a_quarter_and_is_off_by_half_a_step_at_most(tmp_path):
    parameters = {
        "a.weight": large(32, 16, 3, 3),
        "a.bias": large(32),
        "output.weight": large(1, 16, 1, 1),
    }
    write_weights(tmp_path / "whole", card=CARD, parameters=parameters)
    sha256 = write_weights(
        tmp_path / "small", card=CARD, parameters=parameters, eight_bit=True
    )
    small = (tmp_path / "small").read_bytes()
    assert len(small) < 0.35 * len((tmp_path / "whole").read_bytes())
    found = parse_weights(small, name="small")
    assert found.sha256 == sha256
    shapes = {name: values.shape for name, values in parameters.items()}
    check_shapes(found, shapes=shapes, title="Tiny")
    largest = np.abs(parameters["a.weight"]).max(axis=(1, 2, 3), keepdims=True)
    error = np.abs(found.parameters["a.weight"] - parameters["a.weight"])
    assert (error <= 0.501 * largest / 127).all()
    assert error.max() > 0
    for name in ("a.bias", "output.weight"):  # small ones stay as they are
        np.testing.assert_array_equal(found.parameters[name], parameters[name])
    stored = load(small)
    assert stored["a.weight"].dtype == np.int8
    assert stored["a.weight.scale"].shape == (32, 1, 1, 1)


def test_what_was_read_is_written_again_to_the_same_numbers(tmp_path):
    first = {"a.weight": large(8, 200)}
    write_weights(tmp_path / "one", card=CARD, parameters=first, eight_bit=True)
    read = parse_weights((tmp_path / "one").read_bytes(), name="one").parameters
    write_weights(tmp_path / "two", card=CARD, parameters=read, eight_bit=True)
    again = parse_weights((tmp_path / "two").read_bytes(), name="two").parameters
    np.testing.assert_allclose(again["a.weight"], read["a.weight"], rtol=1e-6)


@pytest.mark.parametrize("fill", [0.0, 1e-45, 1e-38, 3e38])
def test_rows_of_nothing_and_of_extreme_numbers_stay_finite(tmp_path, fill):
    values = large(2, 600)
    values[1] = fill
    write_weights(tmp_path / "w", card=CARD, parameters={"a": values}, eight_bit=True)
    found = parse_weights((tmp_path / "w").read_bytes(), name="w").parameters["a"]
    np.testing.assert_allclose(found[1], fill, rtol=1e-3, atol=1e-37)


def of(**changes: NDArray | None) -> dict[str, NDArray]:
    tensors: dict[str, NDArray | None] = {"a": EIGHT, "a.scale": SCALE}
    for name, values in changes.items():
        tensors[name.replace("_", ".")] = values
    return {name: values for name, values in tensors.items() if values is not None}


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (of(a_scale=None), "'a' has 8 bits and needs 'a.scale' of type F32"),
        (
            of(a_scale=np.ones((2, 1), np.int8)),
            "'a' has 8 bits and needs|'a.scale' has 8 bits and needs",
        ),
        (of(a_scale=np.ones(2, np.float32)), r"shape \(2,\).* 'a' is \(2, 1\)"),
        (of(a_scale=np.ones((1, 3), np.float32)), r"shape \(1, 3\).* is \(2, 1\)"),
        (of(a_scale=np.ones((2, 3), np.float32)), r"shape \(2, 3\).* is \(2, 1\)"),
        (of(a_scale=np.zeros((2, 1), np.float32)), "not above 0"),
        (of(a_scale=-SCALE), "not above 0"),
        (of(a_scale=SCALE * np.float32("nan")), "'a.scale' has values that are not f"),
        (of(a_scale=SCALE * np.float32("inf")), "'a.scale' has values that are not f"),
        (of(a_scale=np.full((2, 1), 3e38, np.float32)), "'a' has values that are not"),
        (of(a=EIGHT.astype(np.float32)), "'a' is of type F32 and yet has 'a.scale'"),
        (of(a=EIGHT.astype(np.uint8)), "only float32"),
        (of(a=EIGHT.astype(np.int16)), "only float32"),
        (of(a_scale=SCALE.astype(np.float16)), "only float32"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_8_bits_without_the_scale_that_they_need_are_refused(tensors, words):
    with pytest.raises(Refused, match=words):
        parse_weights(file_of(tensors), name="theirs")


def test_a_scale_of_nothing_is_a_tensor_that_no_network_has():
    found = parse_weights(file_of({"b.scale": SCALE}), name="theirs")
    with pytest.raises(Refused, match=r"it has no 'b\.scale'"):
        check_shapes(found, shapes={}, title="Tiny")


def test_a_scale_of_one_number_is_read_too():
    tensors = {"a": np.array(100, np.int8), "a.scale": np.array(0.5, np.float32)}
    assert parse_weights(file_of(tensors), name="theirs").parameters["a"] == 50


def test_bytes_that_do_not_fit_8_bits_are_refused():
    content = file_of(of())
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    header["a"]["shape"] = [2, 4]
    text = json.dumps(header).encode()
    changed = struct.pack("<Q", len(text)) + text + content[8 + length :]
    with pytest.raises(Refused, match="do not fit its shape"):
        parse_weights(changed, name="theirs")
