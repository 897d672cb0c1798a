"""Which engine of a bundle a server gets; what it could not run is refused with the reason."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

from converter.errors import ModelRepositoryError
from test.color_bundle import offer_precisions
from test.converter.command_line import run_here
from test.converter.model_repository.exported import ORIN, add_plan, export, read_config, told
from test.tensorrt_double.install import install
from trt_inference.errors import BundleError

THOR = replace(ORIN, tensorrt="10.13.0", capability=(11, 0), gpu="Thor")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return tmp_path / "models"


def refusal(bundle: Path, repository: Path, **options: Any) -> str:
    with pytest.raises(ModelRepositoryError) as error:
        export(bundle, repository, platform="tensorrt_plan", **options)
    assert not repository.exists()
    return str(error.value)


def test_the_only_engine_is_taken(color_bundle: Path, repository: Path) -> None:
    sidecar = add_plan(color_bundle)
    result = export(color_bundle, repository, platform="tensorrt_plan")
    assert result.sidecar == sidecar
    assert (result.folder / "model.plan").read_bytes() == b"a plan of fp32"
    assert [one.name for one in result.folder.iterdir()] == ["model.plan"]
    assert read_config(repository / "colors").max_batch_size == 1
    assert told(repository / "colors")[0].precision == "fp32"


@pytest.mark.parametrize(
    "chosen",
    [
        {"engine": "fp16-trt10.13.0-sm110-aarch64.engine"},
        {"engine": "fp16-trt10.13.0-sm110-aarch64", "precision": "fp16"},
        {"precision": "fp16"},
    ],
)
def test_of_several_engines_one_is_named(
    chosen: Dict[str, str], color_bundle: Path, repository: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    add_plan(color_bundle, "fp32")
    add_plan(color_bundle, "fp32", machine=THOR)
    add_plan(color_bundle, "fp16", machine=THOR)
    for options in ({}, {"precision": "fp32"}):
        text = refusal(color_bundle, repository, **options)
        assert "--engine" in text
        assert "fp32-trt10.3.0-sm87-aarch64.engine, fp32-trt10.13.0-sm110" in text.replace(
            "fp32-trt10.13.0-sm110-aarch64.engine, fp32-trt10.3.0-sm87-aarch64.engine",
            "fp32-trt10.3.0-sm87-aarch64.engine, fp32-trt10.13.0-sm110-aarch64.engine",
        )
    result = export(color_bundle, repository, platform="tensorrt_plan", **chosen)
    assert (result.precision, (result.folder / "model.plan").read_bytes()) == (
        "fp16",
        b"a plan of fp16",
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "no engine: none was built"),
        ({"precision": "fp16"}, "no fp16 engine: none was built"),
        ({"engine": "x\n.engine"}, r"no engine 'x\x0a.engine'"),
    ],
)
def test_a_missing_engine_is_refused_with_the_command_that_builds_one(
    options: Dict[str, str], named: str, color_bundle: Path, repository: Path
) -> None:
    text = refusal(color_bundle, repository, **options)
    assert named in text
    assert f"trt-inference build {color_bundle} --precision fp16" in text


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        (
            {"input_dtype": "float32", "machine": replace(ORIN, tensorrt="8.4.1")},
            ("takes float32", "robots send uint8", "TensorRT 8.4.1", "since 8.5", "onnxruntime"),
        ),
        ({"onnx_sha256": "0" * 64}, ("another fp32 model than the bundle has now", "run trt-inf")),
        ({"options": {"dla": True}}, ("accelerator (DLA)", "without --dla")),
        ({"batch": 4}, ("4 images at once and on no fewer", "--batch 4 --any-batch")),
        ({"precision": "int8"}, ("which the bundle does not have", "it has fp32")),
    ],
)
def test_an_engine_that_cannot_be_served_is_refused_with_the_remedy(
    changes: Dict[str, Any], texts: Tuple[str, ...], color_bundle: Path, repository: Path
) -> None:
    add_plan(color_bundle, **changes)
    text = refusal(color_bundle, repository)
    assert "cannot be served" in text
    for one in texts:
        assert one in text


def test_a_plan_that_was_changed_is_refused(color_bundle: Path, repository: Path) -> None:
    sidecar = add_plan(color_bundle)
    (color_bundle / "engines" / sidecar.file).write_bytes(b"a plan of FP32")
    with pytest.raises(BundleError, match="was changed: its sha256"):
        export(color_bundle, repository, platform="tensorrt_plan")
    assert not repository.exists()


def test_an_engine_for_any_batch_is_run_on_as_many_images(
    color_bundle: Path, repository: Path
) -> None:
    add_plan(color_bundle, batch=4, options={"any_batch": True})
    assert export(color_bundle, repository, platform="tensorrt_plan").batch == 4
    config = read_config(repository / "colors")
    assert config.max_batch_size == 4
    assert [one.batch_size for one in config.model_warmup] == [1, 2, 3, 4]


def test_more_images_than_the_engine_takes_are_refused(
    color_bundle: Path, repository: Path
) -> None:
    add_plan(color_bundle)
    text = refusal(color_bundle, repository, batch=2)
    assert "--batch 2 is too many: the engine takes 1 at most" in text


def test_all_versions_take_the_batch_that_they_share(color_bundle: Path, repository: Path) -> None:
    add_plan(color_bundle, batch=8, options={"any_batch": True})
    export(color_bundle, repository, platform="tensorrt_plan")
    add_plan(color_bundle, batch=2, options={"any_batch": True})
    assert export(color_bundle, repository, platform="tensorrt_plan").batch == 2
    add_plan(color_bundle, batch=16, options={"any_batch": True})
    with pytest.raises(
        ModelRepositoryError, match=r"16 is too many: version 2 takes 2 at most.*remove the folder"
    ):
        export(color_bundle, repository, platform="tensorrt_plan", batch=16)
    assert export(color_bundle, repository, platform="tensorrt_plan").batch == 2
    parameters = read_config(repository / "colors").parameters
    assert [parameters[f"largest_batch.{one}"].string_value for one in (1, 2, 3)] == [
        *("8", "2", "16")
    ]


def test_an_engine_is_built_for_a_server_and_put_there(
    color_bundle: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        more = ("--precision", "fp32", "--batch", "4", "--any-batch")
        result = run_here(capsys, "build", color_bundle, *more)
        assert result.exit_code == 0, result.output
    command = ("export-triton", color_bundle, repository, "--platform", "tensorrt_plan")
    result = run_here(capsys, *command)
    assert result.exit_code == 0, result.output
    assert "The server must have TensorRT 10.3.0" in result.output
    assert "4 images at once at most" in result.output
    (plan,) = (color_bundle / "engines").glob("*.engine")
    assert (repository / "colors" / "1" / "model.plan").read_bytes() == plan.read_bytes()
