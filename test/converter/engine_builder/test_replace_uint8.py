"""The bytes that make a model do without uint8, against the onnx package."""

from pathlib import Path
from typing import List

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

from converter.engine_builder.replace_uint8 import find_changes
from converter.errors import BuildError
from test.task_bundles import HEIGHT, MAP_HEIGHT, MAP_WIDTH, WIDTH, write_segmentation_bundle
from trt_inference.bundles import protobuf_reader
from trt_inference.errors import BundleError

FLOAT, UINT8, INT32 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8, onnx.TensorProto.INT32
PICTURE = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8)


def run(model: bytes, image: np.ndarray) -> List[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, {"image": image}))


def without_uint8(model: bytes) -> bytes:
    changed = bytearray(model)
    for place, value in find_changes(model, "image").items():
        changed[place] = value
    return bytes(changed)


def model_of(text: str) -> bytes:
    model = onnx.parser.parse_model(f'<ir_version: 7, opset_import: ["" : 13]> {text}')
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_only_the_type_of_the_input_changes(shared_bundle: Path, precision: str) -> None:
    content = (shared_bundle / f"{precision}.onnx").read_bytes()
    wanted = onnx.load_from_string(content)
    wanted.graph.input[0].type.tensor_type.elem_type = FLOAT
    changed = without_uint8(content)
    assert onnx.load_from_string(changed) == wanted
    assert sum(one != other for one, other in zip(changed, content)) == 1


def test_it_finds_the_same_in_floats(shared_bundle: Path) -> None:
    content = (shared_bundle / "fp32.onnx").read_bytes()
    given = run(without_uint8(content), PICTURE.astype(np.float32))
    wanted = run(content, PICTURE)
    assert len(given) == len(wanted)
    for one, other in zip(wanted, given):
        np.testing.assert_array_equal(one, other)


def test_a_class_map_becomes_one_of_int32_with_the_same_classes(tmp_path: Path) -> None:
    content = (write_segmentation_bundle(tmp_path / "segments") / "fp32.onnx").read_bytes()
    picture = np.random.default_rng(2).choice([0, 255], (2, HEIGHT, WIDTH, 3)).astype(np.uint8)
    picture[:, : HEIGHT // 2, :, :2] = 0  # something red, so that there are several classes
    (wanted,) = run(content, picture)
    (given,) = run(without_uint8(content), picture.astype(np.float32))
    assert (given.shape, given.dtype) == ((2, MAP_HEIGHT, MAP_WIDTH), np.int32)
    assert len(np.unique(wanted)) > 1
    np.testing.assert_array_equal(given, wanted)


def test_pixels_for_a_network_that_takes_bytes_become_int32_too() -> None:
    """Where something works on bytes in the network itself."""
    content = model_of(
        "g (uint8[N, 4] image) => (float[N, 4] out) <uint8[N, 4] pixels> {"
        "  step = Cast <to = 1> (image) whole = Round (step) pixels = Cast <to = 2> (whole)"
        "  out = Cast <to = 1> (pixels) }"
    )
    wanted = onnx.load_from_string(content)
    wanted.graph.input[0].type.tensor_type.elem_type = FLOAT
    wanted.graph.value_info[0].type.tensor_type.elem_type = INT32
    wanted.graph.node[2].attribute[0].i = INT32
    changed = without_uint8(content)
    assert onnx.load_from_string(changed) == wanted
    row = np.array([[0, 1, 128, 255]], np.float32)
    np.testing.assert_array_equal(run(changed, row), [row])


def test_a_cast_in_the_body_of_a_branch_changes_too() -> None:
    body = "then () => (uint8[4] one) { pixels = Constant <value_floats = [1.0, 2.0, 3.0, 4.0]> ()"
    content = model_of(
        "g (uint8[4] image, bool chosen) => (uint8[4] out) { floats = Cast <to = 1> (image)"
        f"  out = If (chosen) <then_branch = {body} one = Cast <to = 2> (pixels) }},"
        "  else_branch = other () => (uint8[4] two) { two = Cast <to = 2> (floats) }> }"
    )
    left = onnx.load_from_string(without_uint8(content)).graph
    branches = [given.g for given in left.node[1].attribute]
    assert len(branches) == 2
    for branch in branches:
        assert branch.node[-1].attribute[0].i == INT32
    for graph in (left, *branches):
        assert [one.type.tensor_type.elem_type for one in graph.output] == [INT32]


def test_nodes_have_names_and_operators_in_order(shared_bundle: Path) -> None:
    file = shared_bundle / "fp32.onnx"
    graph = onnx.load(str(file)).graph
    assert protobuf_reader.nodes(file.read_bytes()) == tuple(
        (n.name, n.op_type) for n in graph.node
    )


def test_an_input_that_is_used_without_a_cast_is_refused() -> None:
    model = model_of(
        "g (uint8[N, 4] image) => (float[4, N] out)"
        "{ turned = Transpose (image) out = Cast <to = 1> (turned) }"
    )
    with pytest.raises(BuildError, match="in Transpose without a Cast"):
        find_changes(model, "image")


def test_another_input_is_refused(shared_bundle: Path) -> None:
    with pytest.raises(BuildError, match="no uint8 input 'picture'"):
        find_changes((shared_bundle / "fp32.onnx").read_bytes(), "picture")


@pytest.mark.parametrize("end", [1, 50, 200, 1000])
def test_a_model_that_was_cut_short_is_refused(shared_bundle: Path, end: int) -> None:
    content = (shared_bundle / "fp32.onnx").read_bytes()[:end]
    with pytest.raises(BundleError, match=r"damaged at byte|has no graph"):
        find_changes(content, "image")
