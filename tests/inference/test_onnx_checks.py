"""ONNX files are looked at before anything of them is run."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.runtime.onnx_checks import FILE_LIMIT, check_onnx
from inference.runtime.onnx_ends import is_one_image
from readerstudy.imaging.errors import Refused

from . import onnx_files
from .onnx_files import FILES, TORCH, as_keras, convolution, model, small, value

pytestmark = pytest.mark.pure
node = helper.make_node
NOT_RUN = (
    *("If", "Loop", "Scan", "SequenceMap"),
    *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike"),
    *("RandomUniform", "RandomUniformLike"),
    *("ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer"),
    *("StringSplit", "TfIdfVectorizer"),
)


def check(content, name="theirs.onnx"):
    if not isinstance(content, bytes):
        content = content.SerializeToString()
    return check_onnx(content, name=name)


@pytest.mark.parametrize("name", TORCH)
def test_what_both_exporters_of_torch_write_is_taken(name):
    found = check((FILES / name).read_bytes())
    assert (found.layout, found.in_channels, found.batch) == ("NCHW", 1, None)
    assert found.operators["Conv"] == 4
    # two 3×3 convolutions down, one up, a 1×1: 4·9+4 + 8·4·9+8 + 4·12·9+4 + 4+1
    assert found.parameters >= 40 + 296 + 436 + 5


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_keras_network_is_taken_as_its_converter_writes_it(channels):
    found = check(as_keras(channels))
    assert (found.layout, found.in_channels, found.opset) == ("NHWC", channels, 15)
    assert check(small(channels=channels)).in_channels == channels


def test_one_image_at_a_time_is_enough():
    assert check(as_keras(images=1)).batch == 1


def test_a_card_inside_is_handed_on():
    assert check(onnx_files.with_card(small(), '{"a": 1}')).card == '{"a": 1}'
    assert check(onnx_files.with_card(small(), "x", key="other")).card == ""
    twice = onnx_files.with_card(onnx_files.with_card(small(), "x"), "y")
    with pytest.raises(Refused, match="more than one card"):
        check(twice)


def changed(change, **more):
    found = convolution(**more)
    change(found)
    return found


def one_node(operator, **more):
    return model([node(operator, ["image"], ["output"], **more)])


def external(found, place="initializer"):
    tensor = found.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")


def half_external(found):
    """The place is named, but not said to be in use."""
    found.graph.initializer[0].external_data.add(key="location", value="x")


def external_constant(found):
    tensor = TensorProto(name="hidden", data_type=1, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    found.graph.node.append(node("Constant", [], ["c"], value=tensor))


def branches(found):
    inner = helper.make_graph(
        [node("Identity", ["image"], ["then"])], "i", [], [value("then", None)]
    )
    found.graph.node.append(
        node("If", ["image"], ["z"], then_branch=inner, else_branch=inner)
    )


def hidden_graph(found):
    """An attribute that says it is a number and holds a graph as well."""
    attribute = found.graph.node[0].attribute.add(name="x", i=1, type=2)
    attribute.g.name = "hidden"


def hidden_graphs(found):
    attribute = found.graph.node[0].attribute.add(name="x", i=1, type=2)
    attribute.graphs.add().name = "hidden"


def of_a_function(found):
    attribute = found.graph.node[0].attribute.add(name="x", type=2)
    attribute.ref_attr_name = "theirs"


def sparse_attribute(found):
    found.graph.node[0].attribute.add(name="x", type=2).sparse_tensor.dims.append(1)


def sparse_attributes(found):
    found.graph.node[0].attribute.add(name="x", type=2).sparse_tensors.add()


def function(found):
    found.functions.add(name="mine", domain="me")


def sparse(found):
    found.graph.sparse_initializer.add()


def text(found):
    found.graph.initializer.append(helper.make_tensor("t", 8, [1], [b"text"]))


def hidden_text(found):
    found.graph.initializer[0].string_data.append(b"text")


def huge(found):
    found.graph.initializer[0].dims[0] = 2**40


def negative(found):
    found.graph.initializer[0].dims[:2] = [-1, -9]


def many_dimensions(found):
    found.graph.initializer[0].dims.extend([1] * 100_000)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (changed(external), "'w' lie in another file.*external_data=False"),
        (changed(half_external), "'w' lie in another file"),
        (changed(external_constant), "'hidden' lie in another file"),
        (changed(branches), "'If' decides or repeats.*without branches"),
        (changed(hidden_graph), "'Conv' holds a graph of its own"),
        (changed(hidden_graphs), "'Conv' holds a graph of its own"),
        (changed(of_a_function), "'Conv' holds a graph of its own"),
        (changed(sparse_attribute), "sparse form"),
        (changed(sparse_attributes), "sparse form"),
        (changed(function), "functions of its own .'mine'.*inline_local_functions"),
        (changed(sparse), "sparse form"),
        (changed(text), "'t' holds text"),
        (changed(hidden_text), "'w' holds text"),
        (changed(huge), "'w' says that it has .* numbers"),
        (changed(negative), "'w' says that it has"),
        (changed(many_dimensions), "'w' says that it has"),
        (changed(lambda m: m.training_info.add()), "more than a network"),
        (changed(lambda m: m.configuration.add()), "more than a network"),
        (one_node("Loop"), "'Loop' decides or repeats"),
        (one_node("RandomNormalLike"), "'RandomNormalLike' draws random"),
        (one_node("Bernoulli"), r"network\.eval"),
        (one_node("StringNormalizer"), "text or image files"),
        (one_node("Gelu"), "opset 17 has no operator 'Gelu'"),
        (one_node("Relu", overload="theirs"), "no operator 'Relu'"),
        (one_node("Nonsense"), "no operator 'Nonsense'"),
        (one_node("Relu", domain="com.microsoft"), "of 'com.microsoft'"),
        (one_node("Scaler", domain="ai.onnx.ml"), "of 'ai.onnx.ml'"),
        (convolution(ir=2), "IR version 2; versions 3 to 13"),
        (convolution(ir=14), "IR version 14"),
        (convolution(opset=6), "opset 6; opsets 7 to 26"),
        (convolution(opset=27), "opset 27.*with 17"),
        (changed(lambda m: m.ClearField("opset_import")), r"opset \?;"),
    ],
)
def test_what_is_not_a_plain_network_is_refused_by_name(bad, words):
    with pytest.raises(Refused, match=words):
        check(bad)


@pytest.mark.parametrize("operator", NOT_RUN)
def test_an_operator_that_decides_draws_or_reads_is_not_run(operator):
    with pytest.raises(Refused, match=f"^The operator '{operator}' "):
        check(one_node(operator))


@pytest.mark.parametrize(
    ("taken", "given", "words"),
    [
        (("N", 1, 128, 128), ("N", 1, 64, 64), r"shape \(\?, 1, 128, 128\)"),
        (("N", 2, 64, 64), ("N", 1, 64, 64), "1, 3 or 5 channels"),
        ((8, 1, 64, 64), ("N", 1, 64, 64), "any number of images or one"),
        (("N", 64, 64), ("N", 1, 64, 64), "input 'image' has the shape"),
        (None, ("N", 1, 64, 64), r"shape \(\)"),
        (("N", "C", "H", "W"), ("N", 1, 64, 64), r"\(\?, \?, \?, \?\)"),
        (("N", 1, 64, 64), ("N", 3, 64, 64), "one channel of 64×64"),
        (("N", 1, 64, 64), ("N", 1, 32, 32), "output 'output' has the shape"),
        (("N", 1, 64, 64), ("N", 4096), "output 'output' has the shape"),
    ],
)
def test_shapes_that_cannot_fit_an_image_are_refused(taken, given, words):
    bad = model([node("Relu", ["image"], ["output"])], taken=taken, given=given)
    with pytest.raises(Refused, match=words):
        check(bad)


@pytest.mark.parametrize(
    "taken",
    [("N", 1, "H", "W"), (None, 1, 64, 64), ("N", "H", "W", 3), (0, 64, 64, 1)],
)
def test_sizes_left_open_are_left_to_the_probe(taken):
    check(model([node("Relu", ["image"], ["output"])], taken=taken, given=None))


def test_one_thing_goes_in_and_one_comes_out():
    two = changed(lambda m: m.graph.input.append(value("more", (1,))))
    with pytest.raises(Refused, match="takes 2 inputs"):
        check(two)
    both = changed(lambda m: m.graph.output.append(value("w", (1,))))
    with pytest.raises(Refused, match=r"gives 2 outputs.*last output only"):
        check(both)
    # files before IR version 4 list what is stored among the inputs
    check(changed(lambda m: m.graph.input.append(value("w", (1, 1, 3, 3))), ir=3))


@pytest.mark.parametrize("end", ["input", "output"])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE, 0])
def test_other_numbers_than_float32_are_refused(end, kind):
    def change(found):
        getattr(found.graph, end)[0].type.tensor_type.elem_type = kind

    with pytest.raises(Refused, match="float32"):
        check(changed(change))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"ONNX",
        b"PK\x03\x04" + bytes(60),
        small()[:-20],
        onnx.ModelProto(ir_version=8).SerializeToString(),
        small().replace(b"Conv", b"\x80onv"),
        small().replace(b"image", b"\xffmage"),
        as_keras().replace(b"unk__17", b"unk__\xff7"),
        # valid ONNX, which ONNX Runtime would read as something else
        bytes([8, 8, 18, 9]) + b"ORTMxxxxx" + small(),
    ],
)
def test_what_is_no_onnx_is_refused(content):
    with pytest.raises(Refused, match=r"theirs\.onnx is not an ONNX file"):
        check(content)


def test_a_field_that_we_do_not_know_is_refused():
    field_number_99_a_varint = bytes([0x98, 0x06, 0x01])
    with pytest.raises(Refused, match="fields that the ONNX known here does not have"):
        check(small() + field_number_99_a_varint)


def test_a_file_too_large_is_not_parsed():
    with pytest.raises(Refused, match="larger than 64 MB"):
        check(bytes(FILE_LIMIT + 1))


def test_too_many_operators_are_refused():
    nodes = [node("Identity", ["image"], [f"x{n}"]) for n in range(20_001)]
    with pytest.raises(Refused, match="20001 operators; at most 20000"):
        check(model(nodes))


def test_names_from_the_file_stay_short_and_on_one_line():
    bad = one_node("Relu\n" * 1000)
    with pytest.raises(Refused) as refusal:
        check(bad)
    assert len(str(refusal.value)) < 200
    assert "\n" not in str(refusal.value)


def test_the_way_out_of_external_data_that_we_name_leads_out(tmp_path):
    big = numpy_helper.from_array(np.ones((1, 1, 30, 30), np.float32), "w")
    whole = model([node("Conv", ["image", "w"], ["output"])], weights=[big])
    onnx.save(whole, tmp_path / "network.onnx", save_as_external_data=True)
    with pytest.raises(Refused, match="another file"):
        check((tmp_path / "network.onnx").read_bytes())
    onnx.save(onnx.load(tmp_path / "network.onnx"), tmp_path / "whole.onnx")
    check((tmp_path / "whole.onnx").read_bytes())


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ((2, 1, 64, 64), True),
        ((2, 64, 64, 1), True),
        ((1, 1, 64, 64), False),
        ((2, 64, 64), False),
        ((2, 3, 64, 64), False),
    ],
)
def test_an_output_is_one_channel_of_every_image(shape, fits):
    assert is_one_image(shape, images=2) is fits
