"""What the configuration of an exported model tells Triton, read by Triton's own protobuf."""

from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from converter.errors import ModelRepositoryError
from converter.model_repository.model_config import config_text, parse_config
from test.color_bundle import CANDIDATES, write_color_bundle
from test.converter.model_repository.exported import (
    add_plan,
    export,
    let_take_one_image_only,
    read_config,
)
from test.task_bundles import (
    HEIGHT,
    MAP_HEIGHT,
    MAP_WIDTH,
    WIDTH,
    write_classification_bundle,
    write_segmentation_bundle,
)
from trt_inference.bundles.bundle import load_bundle

PLATFORMS = ("tensorrt_plan", "onnxruntime_onnx", "python")
Tensors = List[Tuple[str, int, List[int]]]
UINT8, INT32, FP32 = (
    model_config_pb2.TYPE_UINT8,
    model_config_pb2.TYPE_INT32,
    model_config_pb2.TYPE_FP32,
)
KIND_GPU = model_config_pb2.ModelInstanceGroup.KIND_GPU
KIND_CPU = model_config_pb2.ModelInstanceGroup.KIND_CPU


def tensors(found: Any) -> Tensors:
    return [(one.name, one.data_type, list(one.dims)) for one in found]


@pytest.mark.parametrize(
    ("write", "outputs"),
    [
        (
            write_color_bundle,
            [
                ("boxes", FP32, [CANDIDATES, 4]),
                ("scores", FP32, [CANDIDATES]),
                ("classes", INT32, [CANDIDATES]),
            ],
        ),
        (write_classification_bundle, [("scores", FP32, [3]), ("classes", INT32, [3])]),
        (write_segmentation_bundle, [("class_map", UINT8, [MAP_HEIGHT, MAP_WIDTH])]),
    ],
)
def test_inputs_and_outputs_are_those_of_the_bundle_without_the_batch(
    write: Callable[..., Path], outputs: Tensors, tmp_path: Path
) -> None:
    bundle = write(tmp_path / "bundle")
    export(bundle, tmp_path / "models", model="one")
    config = read_config(tmp_path / "models" / "one")
    side = [64, 64] if write is write_color_bundle else [HEIGHT, WIDTH]
    assert config.name == "one"
    assert tensors(config.input) == [("image", UINT8, [*side, 3])]
    assert tensors(config.output) == outputs
    assert config.max_batch_size == 8


@pytest.mark.parametrize(
    ("platform", "backend", "called", "kind"),
    [
        ("tensorrt_plan", "tensorrt", "tensorrt_plan", KIND_GPU),
        ("onnxruntime_onnx", "onnxruntime", "onnxruntime_onnx", KIND_GPU),
        ("python", "python", "", KIND_CPU),
    ],
)
def test_each_platform_has_its_backend_and_its_processor(
    platform: str, backend: str, called: str, kind: int, color_bundle: Path, tmp_path: Path
) -> None:
    add_plan(color_bundle)
    export(color_bundle, tmp_path / "models", platform=platform)
    config = read_config(tmp_path / "models" / "colors")
    assert (config.backend, config.platform) == (backend, called)
    assert [(one.kind, one.count) for one in config.instance_group] == [(kind, 1)]


def test_onnx_runtime_runs_on_the_processor_where_that_is_asked_for(
    color_bundle: Path, tmp_path: Path
) -> None:
    export(color_bundle, tmp_path / "models", platform="onnxruntime_onnx", runs_on="cpu")
    (group,) = read_config(tmp_path / "models" / "colors").instance_group
    assert group.kind == KIND_CPU


def test_no_request_waits_for_others_or_for_a_turn_of_the_batcher(
    color_bundle: Path, tmp_path: Path
) -> None:
    """With any of timeout, override and size of the queue, Triton 2.51 takes half a second for some
    requests."""
    export(color_bundle, tmp_path / "models")
    file = tmp_path / "models" / "colors" / "config.pbtxt"
    config = read_config(file.parent)
    assert config.HasField("dynamic_batching")
    assert config.dynamic_batching.max_queue_delay_microseconds <= 1000
    policy = config.dynamic_batching.default_queue_policy
    assert policy.timeout_action == model_config_pb2.ModelQueuePolicy.REJECT
    assert policy == model_config_pb2.ModelQueuePolicy()
    assert file.read_text("utf-8").count("timeout_action: REJECT") == 1


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_a_model_runs_once_and_at_its_largest_before_it_is_served(
    batch: int, color_bundle: Path, tmp_path: Path
) -> None:
    export(color_bundle, tmp_path / "models", batch=batch)
    config = read_config(tmp_path / "models" / "colors")
    assert config.max_batch_size == batch
    assert [one.batch_size for one in config.model_warmup] == sorted({1, batch})
    for sample in config.model_warmup:
        image = sample.inputs["image"]
        assert (image.data_type, list(image.dims), image.zero_data) == (UINT8, [64, 64, 3], True)


@pytest.mark.parametrize(
    ("runs_on", "batch", "warmed"),
    [
        ("gpu", 1, [1]),
        ("gpu", 4, [1, 2, 3, 4]),
        ("gpu", 100, [*range(1, 33), 100]),
        ("cpu", 4, [1, 4]),
    ],
)
def test_a_gpu_has_run_each_number_of_images_before_a_model_is_served(
    runs_on: str, batch: int, warmed: List[int], color_bundle: Path, tmp_path: Path
) -> None:
    options = {"platform": "onnxruntime_onnx", "runs_on": runs_on}
    export(color_bundle, tmp_path / "models", batch=batch, **options)
    config = read_config(tmp_path / "models" / "colors")
    assert [one.batch_size for one in config.model_warmup] == warmed


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_network_for_one_image_has_its_batch_in_its_shapes(
    platform: str, color_bundle: Path, tmp_path: Path
) -> None:
    let_take_one_image_only(color_bundle)
    add_plan(color_bundle)
    export(color_bundle, tmp_path / "models", platform=platform)
    config = read_config(tmp_path / "models" / "colors")
    assert config.max_batch_size == 0
    assert tensors(config.input) == [("image", UINT8, [1, 64, 64, 3])]
    assert tensors(config.output)[0] == ("boxes", FP32, [1, CANDIDATES, 4])
    (sample,) = config.model_warmup
    assert (sample.batch_size, list(sample.inputs["image"].dims)) == (1, [1, 64, 64, 3])


def test_the_newest_bundle_is_told_for_people_too(color_bundle: Path, tmp_path: Path) -> None:
    export(color_bundle, tmp_path / "models")
    found = read_config(tmp_path / "models" / "colors").parameters
    sha256 = load_bundle(color_bundle).manifest_sha256
    for name, value in (("bundle_sha256", sha256), ("precision", "fp32")):
        assert found[name].string_value == found[f"{name}.1"].string_value == value


def test_the_server_has_the_newest_two_versions(color_bundle: Path, tmp_path: Path) -> None:
    export(color_bundle, tmp_path / "models")
    policy = read_config(tmp_path / "models" / "colors").version_policy
    assert (policy.WhichOneof("policy_choice"), policy.latest.num_versions) == ("latest", 2)


def test_a_configuration_that_triton_reads_otherwise_is_not_written(
    color_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = text_format.MessageToString

    def lose_a_field(config: Any) -> str:
        return write(config).replace("max_batch_size: 8\n", "")

    monkeypatch.setattr(text_format, "MessageToString", lose_a_field)
    with pytest.raises(ModelRepositoryError, match="another configuration"):
        export(color_bundle, tmp_path / "models")
    monkeypatch.setattr(text_format, "MessageToString", lambda config: write(config) + "colour: 1")
    with pytest.raises(ModelRepositoryError, match="no field named"):
        export(color_bundle, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_is_written_is_what_is_read() -> None:
    config = model_config_pb2.ModelConfig(name='quo"te\n\u00e9', max_batch_size=3)
    assert parse_config(config_text(config)) == config
    policy = config.dynamic_batching.default_queue_policy
    for action in (
        model_config_pb2.ModelQueuePolicy.DELAY,
        model_config_pb2.ModelQueuePolicy.REJECT,
    ):
        policy.timeout_action, policy.max_queue_size = action, 3
        assert parse_config(config_text(config)) == config
