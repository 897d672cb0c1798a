"""The one byte that makes a model take floats, against the onnx package."""

from pathlib import Path
from typing import List

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

from converter.engine_builder import protobuf_reader
from converter.engine_builder.float_input import with_float_input
from converter.errors import BuildError
from test.task_bundles import write_segmentation_bundle

PICTURE = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8)


def run(model: bytes, image: np.ndarray) -> List[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, {"image": image}))


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_only_the_type_of_the_input_changes(shared_bundle: Path, precision: str) -> None:
    content = (shared_bundle / f"{precision}.onnx").read_bytes()
    wanted = onnx.load_from_string(content)
    wanted.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    changed = with_float_input(content, "image")
    assert onnx.load_from_string(changed) == wanted
    assert len(changed) == len(content)
    assert sum(one != other for one, other in zip(changed, content)) == 1


def test_it_finds_the_same_in_floats(shared_bundle: Path) -> None:
    content = (shared_bundle / "fp32.onnx").read_bytes()
    given = run(with_float_input(content, "image"), PICTURE.astype(np.float32))
    wanted = run(content, PICTURE)
    assert len(given) == len(wanted)
    for one, other in zip(wanted, given):
        np.testing.assert_array_equal(one, other)


def test_nodes_have_names_and_operators_in_order(shared_bundle: Path) -> None:
    file = shared_bundle / "fp32.onnx"
    graph = onnx.load(str(file)).graph
    assert protobuf_reader.nodes(file.read_bytes()) == tuple(
        (n.name, n.op_type) for n in graph.node
    )


def test_a_class_map_of_bytes_is_refused_with_the_version_that_takes_it(tmp_path: Path) -> None:
    file = write_segmentation_bundle(tmp_path / "segments") / "fp32.onnx"
    with pytest.raises(BuildError, match=r"'class_map' is uint8, which TensorRT has from 8\.5"):
        with_float_input(file.read_bytes(), "image")


def test_an_input_that_is_used_without_a_cast_is_refused() -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]>'
        "g (uint8[N, 4] image) => (float[4, N] out)"
        "{ turned = Transpose (image) out = Cast <to = 1> (turned) }"
    )
    with pytest.raises(BuildError, match="in Transpose without a Cast"):
        with_float_input(model.SerializeToString(), "image")


def test_another_input_is_refused(shared_bundle: Path) -> None:
    with pytest.raises(BuildError, match="no uint8 input 'picture'"):
        with_float_input((shared_bundle / "fp32.onnx").read_bytes(), "picture")


@pytest.mark.parametrize("end", [1, 50, 200, 1000])
def test_a_model_that_was_cut_short_is_refused(shared_bundle: Path, end: int) -> None:
    content = (shared_bundle / "fp32.onnx").read_bytes()[:end]
    with pytest.raises(BuildError, match=r"damaged at byte|has no graph"):
        with_float_input(content, "image")
