"""What an ONNX file may hold, looked at before anything of it is run.

For the child of `runtime`: the file is parsed here, so a file that wants more memory
than there is ends that process and no other. A network is a graph of standard
operators with all its numbers inside; it takes one image and gives one. Everything
else that ONNX can say (loops, functions, other files, operators of a vendor) is
refused, even where ONNX Runtime would ignore it: two readers of one file need not
agree on what they ignore.

Fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .onnx_ends import Layout, check_output, ends, input_form, quoted

FILE_LIMIT = 64 * 2**20  # bytes
NODE_LIMIT = 20_000  # a TransUNET has about 1,000
DIMENSION_LIMIT = 8
CARD_LIMIT = 2**20  # characters
CARD_KEY = "readerstudy-weights-1"
# as ONNX Runtime 1.31.1 takes them (tried out, one after the other)
IR_VERSIONS = range(3, 14)
OPSETS = range(7, 27)
STANDARD = ("", "ai.onnx")  # two names of one domain
STRING = 8  # TensorProto.DataType
EXTERNAL = 1  # TensorProto.DataLocation
ORT_FORMAT = b"ORTM"  # at byte 4: ONNX Runtime would not read it as ONNX at all

_DECIDES = gettext_noop(
    "The operator %(operator)s decides or repeats while it runs, so nothing bounds "
    "its time. Export the network for images of a fixed size and without branches in "
    "its code."
)
_RANDOM = gettext_noop(
    "The operator %(operator)s draws random numbers, so the same image would not come "
    "out the same. Export the network for inference (in torch: network.eval())."
)
_NOT_OF_NUMBERS = gettext_noop(
    "The operator %(operator)s is about text or image files; a network here turns "
    "numbers into numbers."
)
REFUSED_OPERATORS = {
    "If": _DECIDES,
    "Loop": _DECIDES,
    "Scan": _DECIDES,
    "SequenceMap": _DECIDES,
    "Bernoulli": _RANDOM,
    "Multinomial": _RANDOM,
    "RandomNormal": _RANDOM,
    "RandomNormalLike": _RANDOM,
    "RandomUniform": _RANDOM,
    "RandomUniformLike": _RANDOM,
    "ImageDecoder": _NOT_OF_NUMBERS,
    "RegexFullMatch": _NOT_OF_NUMBERS,
    "StringConcat": _NOT_OF_NUMBERS,
    "StringNormalizer": _NOT_OF_NUMBERS,
    "StringSplit": _NOT_OF_NUMBERS,
    "TfIdfVectorizer": _NOT_OF_NUMBERS,
}
SPARSE = gettext_noop(
    "It holds numbers in a sparse form, which is not read here. Export the network "
    "with plain tensors."
)


@dataclass(frozen=True)
class OnnxNetwork:
    """A file that passed, as far as one can tell without running it.

    batch: the number of images it takes at once, None if any.
    operators: how often each occurs. parameters: numbers stored in it.
    card: the text of its entry CARD_KEY, empty if it has none.
    """

    input_name: str
    output_name: str
    layout: Layout
    in_channels: int
    batch: int | None
    ir_version: int
    opset: int
    operators: dict[str, int]
    parameters: int
    card: str


def check_onnx(content: bytes, *, name: str) -> OnnxNetwork:
    """The network in `content`; Refused with the reason if it may not be run here.

    `name` is the file's own, for the sentences.
    """
    model = _parse(content, name)
    opset = _check_frame(model, name)
    graph = model.graph
    operators = _check_nodes(graph, name, opset)
    parameters = _check_tensors(graph, len(content))
    taken, given = ends(graph, name)
    layout, in_channels, batch = input_form(taken)
    check_output(given)
    return OnnxNetwork(
        input_name=taken.name,
        output_name=given.name,
        layout=layout,
        in_channels=in_channels,
        batch=batch,
        ir_version=model.ir_version,
        opset=opset,
        operators=operators,
        parameters=parameters,
        card=_card(model, name),
    )


def _parse(content: bytes, name: str) -> Any:
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    if len(content) > FILE_LIMIT:
        raise Refused(
            gettext_noop("%(name)s is larger than %(megabytes)s MB.")
            % {"name": name, "megabytes": FILE_LIMIT // 2**20}
        )
    damaged = Refused(
        gettext_noop("%(name)s is not an ONNX file, or it is damaged or cut off.")
        % {"name": name}
    )
    if content[4:8] == ORT_FORMAT:
        raise damaged
    try:
        model = ModelProto.FromString(content)
    except (DecodeError, ValueError) as error:  # ValueError: text that is not UTF-8
        raise damaged from error
    if not model.HasField("graph") or not model.graph.node:
        raise damaged
    # protobuf hands over bytes where a text is not UTF-8
    if not all(isinstance(text, str) for text in _texts(model)):
        raise damaged
    _refuse_unknown_fields(model, name)
    return model


def _texts(model: Any) -> Iterable[Any]:
    """Every text of the file that somebody will read, or that decides something."""
    graph = model.graph
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, node.overload)
        yield from (*node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    for named in (*graph.input, *graph.output, *graph.initializer, *model.functions):
        yield named.name
    for end in (*graph.input, *graph.output):
        yield from (one.dim_param for one in end.type.tensor_type.shape.dim)
    for entry in model.metadata_props:
        yield from (entry.key, entry.value)
    yield from (one.domain for one in model.opset_import)


def _refuse_unknown_fields(model: Any, name: str) -> None:
    """What we do not know, another reader of the file might."""
    before = model.ByteSize()
    model.DiscardUnknownFields()
    if model.ByteSize() != before:
        raise Refused(
            gettext_noop(
                "%(name)s holds fields that the ONNX known here does not have. Export "
                "it with an older opset."
            )
            % {"name": name}
        )


def _check_frame(model: Any, name: str) -> int:
    """All of the file but its graph; the opset of the standard operators."""
    if model.ir_version not in IR_VERSIONS:
        raise Refused(
            gettext_noop(
                "%(name)s is of ONNX's IR version %(found)s; versions %(first)s to "
                "%(last)s can be run here. Export it with another version."
            )
            % {
                "name": name,
                "found": model.ir_version,
                "first": IR_VERSIONS[0],
                "last": IR_VERSIONS[-1],
            }
        )
    opset = _check_opset(model, name)
    if model.functions:
        raise Refused(
            gettext_noop(
                "%(name)s defines functions of its own (%(function)s); only standard "
                "operators are run. Write them out with "
                "onnx.inliner.inline_local_functions."
            )
            % {"name": name, "function": quoted(model.functions[0].name)}
        )
    if model.training_info or model.configuration:
        raise Refused(
            gettext_noop(
                "%(name)s holds more than a network: what it was trained by, or the "
                "devices it was made for. Export it for inference only."
            )
            % {"name": name}
        )
    return opset


def _check_opset(model: Any, name: str) -> int:
    # domains that no node uses may be imported: converters list them
    opsets = {one.version for one in model.opset_import if one.domain in STANDARD}
    if len(opsets) != 1 or not opsets <= set(OPSETS):
        raise Refused(
            gettext_noop(
                "%(name)s uses ONNX's opset %(found)s; opsets %(first)s to %(last)s "
                "can be run here. Export it with one of them, for example with 17."
            )
            % {
                "name": name,
                "found": ", ".join(map(str, sorted(opsets))) or "?",
                "first": OPSETS[0],
                "last": OPSETS[-1],
            }
        )
    return int(opsets.pop())


def _check_nodes(graph: Any, name: str, opset: int) -> dict[str, int]:
    if len(graph.node) > NODE_LIMIT:
        raise Refused(
            gettext_noop("%(name)s has %(found)s operators; at most %(most)s are run.")
            % {"name": name, "found": len(graph.node), "most": NODE_LIMIT}
        )
    for node in graph.node:
        _check_operator(node, opset)
        for attribute in node.attribute:
            _check_attribute(node, attribute)
    counted = Counter(node.op_type for node in graph.node)
    return dict(sorted(counted.items()))


def _check_operator(node: Any, opset: int) -> None:
    from onnx import defs

    what = quoted(node.op_type)
    if node.domain not in STANDARD:
        raise Refused(
            gettext_noop(
                "The operator %(operator)s is not one of standard ONNX but of "
                "%(domain)s. Export the network with standard operators only."
            )
            % {"operator": what, "domain": quoted(node.domain)}
        )
    if reason := REFUSED_OPERATORS.get(node.op_type):
        raise Refused(reason % {"operator": what})
    if node.overload or not defs.has(node.op_type, opset, ""):
        raise Refused(
            gettext_noop("ONNX's opset %(opset)s has no operator %(operator)s.")
            % {"opset": opset, "operator": what}
        )


def _check_attribute(node: Any, attribute: Any) -> None:
    if attribute.HasField("g") or attribute.graphs or attribute.ref_attr_name:
        raise Refused(
            gettext_noop(
                "The operator %(operator)s holds a graph of its own; only plain "
                "graphs are run."
            )
            % {"operator": quoted(node.op_type)}
        )
    if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
        raise Refused(SPARSE)


def _check_tensors(graph: Any, size: int) -> int:
    """How many numbers are stored. size: bytes of the file; it must hold them all."""
    if graph.sparse_initializer:
        raise Refused(SPARSE)
    stored = 0
    for tensor in _tensors(graph):
        _refuse_external(tensor)
        if tensor.data_type == STRING or tensor.string_data:
            raise Refused(
                gettext_noop("The tensor %(tensor)s holds text, not numbers.")
                % {"tensor": quoted(tensor.name)}
            )
        stored += _count(tensor, size)
    return stored


def _tensors(graph: Any) -> Iterable[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _count(tensor: Any, size: int) -> int:
    dims = list(tensor.dims[:DIMENSION_LIMIT])
    count: int = math.prod(dims)
    # the smallest numbers take half a byte
    if len(tensor.dims) > len(dims) or min(dims, default=0) < 0 or count > 2 * size:
        raise Refused(
            gettext_noop(
                "The tensor %(tensor)s says that it has %(count)s numbers, which the "
                "file cannot hold."
            )
            % {"tensor": quoted(tensor.name), "count": count}
        )
    return count


def _refuse_external(tensor: Any) -> None:
    if tensor.data_location != EXTERNAL and not tensor.external_data:
        return
    raise Refused(
        gettext_noop(
            "The numbers of %(tensor)s lie in another file, and only one file is "
            "taken. Export everything into one: in torch with external_data=False, or "
            'with onnx.save(onnx.load("network.onnx"), "whole.onnx").'
        )
        % {"tensor": quoted(tensor.name)}
    )


def _card(model: Any, name: str) -> str:
    found = [one.value for one in model.metadata_props if one.key == CARD_KEY]
    if len(found) > 1 or any(len(one) > CARD_LIMIT for one in found):
        raise Refused(
            gettext_noop("%(name)s has more than one card, or one that is too long.")
            % {"name": name}
        )
    return str(found[0]) if found else ""
