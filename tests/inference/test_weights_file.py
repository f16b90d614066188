"""Files of weights: round trip, and every kind of bad file said no to."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from inference.networks.weights import (
    CARD_FORMAT,
    HEADER_LIMIT,
    WeightsCard,
    check_shapes,
    parse_weights,
    read_weights,
    write_weights,
)
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

CARD = WeightsCard(
    network="unet-l1",
    title="Tiny",
    configuration={"filters": [16]},
    preprocessing={"input": "8-bit"},
    data={"description": "nothing", "sha256": "0" * 64},
    recipe={"name": "none"},
    loss="mse",
    seed=1,
    versions={"torch": "2.13.0"},
    results={},
)
PARAMETERS = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.bias": np.array([0.5, -1], dtype=np.float32),
}


@pytest.fixture
def content(tmp_path):
    write_weights(tmp_path / "w.safetensors", card=CARD, parameters=PARAMETERS)
    return (tmp_path / "w.safetensors").read_bytes()


def rebuilt(content, change):
    """The same file with its header changed by `change`."""
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def test_what_was_written_is_read_again(tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = write_weights(path, card=CARD, parameters=PARAMETERS)
    found = read_weights(path)
    assert found.card == CARD
    assert found.sha256 == sha256
    assert found.parameters.keys() == PARAMETERS.keys()
    for name, values in PARAMETERS.items():
        np.testing.assert_array_equal(found.parameters[name], values)
    assert list(tmp_path.iterdir()) == [path]


def test_the_library_reads_the_same_numbers(content):
    for name, values in load(content).items():
        np.testing.assert_array_equal(values, PARAMETERS[name])


def test_the_same_weights_give_the_same_bytes(tmp_path):
    turned = dict(reversed(PARAMETERS.items()))
    first = write_weights(tmp_path / "a", card=CARD, parameters=PARAMETERS)
    assert write_weights(tmp_path / "b", card=CARD, parameters=turned) == first


def test_weights_that_are_not_finite_are_not_even_written(tmp_path):
    with pytest.raises(Refused, match="not finite"):
        write_weights(
            tmp_path / "w",
            card=CARD,
            parameters={"a": np.array([np.nan], dtype=np.float32)},
        )
    assert not list(tmp_path.iterdir())


def edit(name, **entry):
    return lambda header: header[name].update(entry)


def edit_card(change):
    def apply(header):
        card = json.loads(header["__metadata__"][CARD_FORMAT])
        change(card)
        header["__metadata__"][CARD_FORMAT] = json.dumps(card)

    return apply


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit("a.bias", dtype="F16"), "float32"),
        (edit("a.bias", dtype="I64"), "float32"),
        (edit("a.bias", shape=[3]), "does not|do not fit its shape"),
        (edit("a.bias", shape=[-2]), "no valid shape"),
        (edit("a.bias", shape=[2**40]), "no valid shape"),
        (edit("a.bias", shape="2"), "no valid shape"),
        (edit("a.bias", data_offsets=[0, 2**60]), "do not fit"),
        (edit("a.bias", data_offsets=[4, 12]), "overlap|gap"),
        (edit("a.bias", data_offsets=[-8, 0]), "byte range"),
        (edit("a.bias", data_offsets=None), "byte range"),
        (lambda header: header.update({"a.bias": 7}), "byte range"),
        (lambda header: header.pop("__metadata__"), "no card"),
        (lambda header: header.update(__metadata__=[]), "no card"),
        (lambda header: header.pop("a.weight"), "overlap|gap|after its last"),
        (edit_card(lambda card: card.pop("seed")), "lacks: seed"),
        (edit_card(lambda card: card.update(more=1)), "unknown fields: more"),
        (edit_card(lambda card: card.update(seed="1")), "'seed' is not a whole"),
        (edit_card(lambda card: card.update(seed=True)), "'seed' is not a whole"),
        (edit_card(lambda card: card.update(data={})), "hash of its data"),
        (edit_card(lambda card: card.update(title="a\0b")), "NUL"),
        (edit_card(lambda card: card.update(results=[])), "'results' is not an obj"),
    ],
)
def test_a_header_that_lies_is_refused(content, change, words):
    with pytest.raises(Refused, match=words):
        parse_weights(rebuilt(content, change), name="theirs")


def test_a_card_with_an_infinite_number_is_refused(content):
    damaged = rebuilt(
        content,
        lambda header: header["__metadata__"].update(
            {
                CARD_FORMAT: json.dumps(
                    {**CARD.to_json(), "results": {"x": 0}}
                ).replace('"x": 0', '"x": 1e999')
            }
        ),
    )
    with pytest.raises(Refused, match="number too large"):
        parse_weights(damaged, name="theirs")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda c: b"", "not a safetensors"),
        (lambda c: c[:20], "cut off within its header"),
        (lambda c: c[:-1], "cut off|missing"),
        (lambda c: c + b"\0", "1 bytes after its last"),
        (lambda c: b"PK\x03\x04" + c, "not a safetensors"),
        (lambda c: struct.pack("<Q", HEADER_LIMIT + 1) + c[8:], "at most"),
        (lambda c: struct.pack("<Q", 2**64 - 1) + c[8:], "at most"),
        (lambda c: c[:-4] + struct.pack("<f", float("nan")), "not finite"),
        (lambda c: c[:-4] + struct.pack("<f", float("inf")), "not finite"),
    ],
)
def test_a_damaged_file_is_refused(content, damage, words):
    with pytest.raises(Refused, match=words):
        parse_weights(damage(content), name="theirs")


def test_a_name_twice_in_the_header_is_refused():
    text = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' * 1
    text += b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    with pytest.raises(Refused, match="appears twice"):
        parse_weights(struct.pack("<Q", len(text)) + text + b"\0" * 4, name="theirs")


def test_a_card_nested_too_deeply_for_a_page_is_refused(content):
    def nest(header):
        card = json.loads(header["__metadata__"]["readerstudy-weights-1"])
        for _ in range(400):
            card["results"] = {"more": card["results"]}
        header["__metadata__"]["readerstudy-weights-1"] = json.dumps(card)

    with pytest.raises(Refused, match="nested more than 20 levels deep"):
        parse_weights(rebuilt(content, nest), name="theirs")


def test_a_deeply_nested_header_is_refused_not_crashed_on():
    text = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    with pytest.raises(Refused):
        parse_weights(struct.pack("<Q", len(text)) + text, name="theirs")


@settings(max_examples=300)
@given(st.data())
def test_no_change_of_a_byte_gives_anything_but_weights_or_a_refusal(data):
    content = bytearray(
        save(PARAMETERS, metadata={CARD_FORMAT: json.dumps(CARD.to_json())})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    try:
        found = parse_weights(bytes(content), name="theirs")
    except Refused:
        return
    assert sum(v.size for v in found.parameters.values()) == 8


@pytest.mark.parametrize("suffix", [".pt", ".PTH", ".pt2", ".pkl", ".h5", ".keras"])
def test_a_format_that_can_run_code_is_not_opened(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(b"whatever")
    with pytest.raises(
        Refused,
        match=r"can run a program.*torch\.onnx.*tf2onnx.*bring-your-network\.md",
    ):
        read_weights(path)


def test_weights_of_another_network_do_not_fit(content):
    found = parse_weights(content, name="theirs")
    shapes = {"a.weight": (2, 3), "a.bias": (2,)}
    check_shapes(found, shapes=shapes, title="Tiny")
    with pytest.raises(Refused, match=r"do not fit Tiny; missing: 'b.bias'\."):
        check_shapes(found, shapes={**shapes, "b.bias": (1,)}, title="Tiny")
    with pytest.raises(Refused, match=r"it has no 'a\.bias'"):
        check_shapes(found, shapes={"a.weight": (2, 3)}, title="Tiny")
    with pytest.raises(Refused, match=r"shape \(2, 3\), not \(3, 2\)"):
        check_shapes(found, shapes={**shapes, "a.weight": (3, 2)}, title="Tiny")


def test_the_licence_on_a_card_may_be_left_out():
    data = CARD.to_json()
    data.pop("licence")
    assert WeightsCard.from_json(data) == replace(CARD, licence="")
