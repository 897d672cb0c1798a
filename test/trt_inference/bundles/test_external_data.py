"""The files that an ONNX model names for its weights, wherever in the model that is."""

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Set, Tuple

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from trt_inference.bundles import external_data
from trt_inference.bundles.external_data import check_external_data
from trt_inference.errors import BundleError

FILE = Path("fp32.onnx")
DATA = "fp32.onnx.data"


def outside(location: str = DATA) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "weight")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def model(*nodes: onnx.NodeProto, **parts: Any) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "graph", [], [], **parts)
    return helper.make_model(graph, ir_version=8)


def body(*nodes: onnx.NodeProto, **parts: Any) -> onnx.GraphProto:
    return model(*nodes, **parts).graph


def node(**attributes: Any) -> onnx.NodeProto:
    return helper.make_node("Node", ["a"], ["b"], **attributes)


def in_function(tensor: onnx.TensorProto) -> onnx.ModelProto:
    made = model()
    made.functions.add(name="f").node.append(node(value=tensor))
    return made


def in_default_of_function(tensor: onnx.TensorProto) -> onnx.ModelProto:
    made = model()
    made.functions.add(name="f").attribute_proto.append(helper.make_attribute("value", tensor))
    return made


def in_training(tensor: onnx.TensorProto) -> onnx.ModelProto:
    made = model()
    made.training_info.add().algorithm.initializer.append(tensor)
    return made


def sparse(tensor: onnx.TensorProto) -> onnx.SparseTensorProto:
    indices = numpy_helper.from_array(np.arange(4), "indices")
    return helper.make_sparse_tensor(tensor, indices, [10])


def deep(tensor: onnx.TensorProto) -> onnx.ModelProto:
    graph = body(initializer=[tensor])
    for _ in range(10):
        graph = body(node(body=graph))
    return model(node(branches=[body(), graph]))


PLACES: Dict[str, Callable[[onnx.TensorProto], onnx.ModelProto]] = {
    "initializer": lambda tensor: model(initializer=[tensor]),
    "attribute": lambda tensor: model(node(value=tensor)),
    "list in an attribute": lambda tensor: model(node(values=[tensor])),
    "sparse initializer": lambda tensor: model(sparse_initializer=[sparse(tensor)]),
    "sparse attribute": lambda tensor: model(node(value=sparse(tensor))),
    "body of a loop": lambda tensor: model(node(body=body(initializer=[tensor]))),
    "ten bodies in one another": deep,
    "function": in_function,
    "default of a function": in_default_of_function,
    "training": in_training,
}


@pytest.mark.parametrize("place", PLACES)
def test_another_file_is_refused_wherever_it_is_named(place: str) -> None:
    content = PLACES[place](outside("/etc/passwd")).SerializeToString()
    for allowed in (DATA, ""):
        with pytest.raises(BundleError, match=r"fp32.onnx names '/etc/passwd' for its weights"):
            check_external_data(content, allowed, FILE)


@pytest.mark.parametrize("place", PLACES)
def test_the_file_of_the_manifest_is_taken_and_only_where_it_has_one(place: str) -> None:
    content = PLACES[place](outside()).SerializeToString()
    check_external_data(content, DATA, FILE)
    with pytest.raises(BundleError, match="no such file"):
        check_external_data(content, "", FILE)
    inside = numpy_helper.from_array(np.arange(4, dtype=np.float32), "weight")
    check_external_data(PLACES[place](inside).SerializeToString(), "", FILE)


@pytest.mark.parametrize("name", [f"./{DATA}", f"../x/{DATA}", f"x/{DATA}", "", "int8.onnx.data"])
def test_other_ways_to_write_a_name_are_refused(name: str) -> None:
    content = model(initializer=[outside(name)]).SerializeToString()
    with pytest.raises(BundleError, match="convert the model again"):
        check_external_data(content, DATA, FILE)


def test_a_place_without_a_name_and_a_name_without_a_place_are_refused() -> None:
    nameless, placeless, twice = outside(), outside("other"), outside()
    nameless.ClearField("external_data")
    placeless.data_location = TensorProto.DEFAULT
    twice.external_data.add(key="location", value="other")
    for tensor in (nameless, placeless, twice):
        with pytest.raises(BundleError, match="for its weights"):
            check_external_data(model(initializer=[tensor]).SerializeToString(), DATA, FILE)


def _ways(message: Any, seen: Set[str]) -> Iterator[Tuple[str, int, str]]:
    """Each field of onnx.proto that holds a message, from one kind of message on."""
    if message.name in seen:
        return
    seen.add(message.name)
    for field in message.fields:
        if field.message_type is not None:
            yield message.name, field.number, field.message_type.name
            yield from _ways(field.message_type, seen)


def test_every_way_to_a_tensor_that_the_onnx_package_knows_is_looked_at() -> None:
    ways = set(_ways(onnx.ModelProto.DESCRIPTOR, set()))
    leading, before = {"TensorProto"}, set()
    while leading != before:
        before = set(leading)
        leading |= {outer for outer, _, inner in ways if inner in leading}
    known = {
        "ModelProto": "model",
        "TrainingInfoProto": "training",
        "GraphProto": "graph",
        "FunctionProto": "function",
        "NodeProto": "node",
        "AttributeProto": "attribute",
        "SparseTensorProto": "sparse",
        "TensorProto": "tensor",
    }
    wanted = {
        (known[outer], number, known[inner])
        for outer, number, inner in ways
        if inner in leading and outer != "TensorProto"
    }
    found = {
        (outer, number, inner)
        for outer, fields in external_data._WAYS.items()
        for number, inner in fields.items()
    }
    assert found == wanted


SOUND = model(node(body=body(initializer=[outside()])), initializer=[outside()])
BYTES = SOUND.SerializeToString()


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
def test_a_changed_byte_lets_no_other_file_through(place: int, flip: int) -> None:
    """Whatever the onnx package still reads of it."""
    changed = bytearray(BYTES)
    changed[place] ^= flip
    _check(bytes(changed))


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_end_in_nothing_or_one_error(content: bytes) -> None:
    _check(content)
    _check(BYTES + content)


def _check(content: bytes) -> None:
    """What passes has no other file, in the eyes of the onnx package."""
    try:
        check_external_data(content, DATA, FILE)
    except BundleError:
        return
    try:
        read = onnx.load_model_from_string(content)
    except Exception:  # protobuf's errors have no common base below Exception
        return
    for tensor in onnx.external_data_helper._get_all_tensors(read):
        if onnx.external_data_helper.uses_external_data(tensor):
            assert {e.value for e in tensor.external_data if e.key == "location"} == {DATA}


def test_graphs_in_one_another_without_end_are_refused() -> None:
    content = b""
    for _ in range(3000):
        for tag in (b"\x32", b"\x2a", b"\x0a"):  # graph of attribute of node of graph
            content = tag + _varint(len(content)) + content
    with pytest.raises(BundleError, match="inside of one another"):
        check_external_data(b"\x3a" + _varint(len(content)) + content, "", FILE)


def test_parts_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_data, "_MOST_FIELDS", 10000)
    with pytest.raises(BundleError, match="more parts than any network has"):
        check_external_data(b"\x08\x07" * 20000, "", FILE)


def test_a_number_that_readers_cut_hides_no_graph() -> None:
    """Readers take the lower 32 bits of a tag: of this one, the graph."""
    graph = body(initializer=[outside("other")]).SerializeToString()
    content = _varint((1 << 32) | 0x3A) + _varint(len(graph)) + graph
    with pytest.raises(BundleError, match="damaged"):
        check_external_data(content, "", FILE)


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*digits, value))
