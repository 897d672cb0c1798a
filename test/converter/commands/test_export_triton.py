"""The command line of `export-triton`: what is printed, and what each wrong use is told."""

import os
import re
from pathlib import Path
from typing import Callable, Tuple

import pytest

from test.color_bundle import change_manifest, offer_precisions, write_color_bundle
from test.converter.command_line import Result, run_here
from test.converter.model_repository.exported import (
    ORIN,
    add_plan,
    let_take_one_image_only,
    read_config,
    rename_weights,
)
from test.hostile_bundles import BROKEN_MODELS, make_hostile
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.test_command_line import run, without

Export = Callable[..., Result]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return tmp_path / "srv models"


@pytest.fixture
def export(color_bundle: Path, repository: Path, capsys: pytest.CaptureFixture[str]) -> Export:
    """For the Python backend, if nothing else is asked for."""

    def export_it(*more: object, bundle: Path = color_bundle) -> Result:
        platform = () if "--platform" in more else ("--platform", "python")
        return run_here(capsys, "export-triton", bundle, repository, *platform, *more)

    return export_it


def test_what_was_written_and_what_is_next_is_told(export: Export, repository: Path) -> None:
    result = export()
    assert result.exit_code == 0
    assert f"{repository}/colors/1 has model.py" in result.output
    assert "version 1 of colors: fp32, python, 8 images at once at most" in result.output
    assert f"tritonserver --model-repository='{repository}'" in result.output
    assert "backend: triton, server_url: HOST:8001, server_model: colors" in result.output
    assert "caution" not in result.output


def test_the_same_again_is_a_new_version_and_told_so(export: Export) -> None:
    export()
    result = export()
    assert "version 2 of colors" in result.output
    assert "caution: version 1 has the same bundle and precision" in result.output
    assert "beside it: 1. The server has the newest 2. To go back, remove" in result.output


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("latest { num_versions: 3 }", "beside it: 1. The server has the newest 3. To go back"),
        ("all { }", "beside it: 1. To go back"),
    ],
)
def test_the_versions_that_are_served_are_those_of_the_configuration(
    policy: str, told: str, export: Export, repository: Path
) -> None:
    export()
    file = repository / "colors" / "config.pbtxt"
    text, count = re.subn(r"latest \{\s+num_versions: 2\s+\}", policy, file.read_text("utf-8"))
    assert count == 1
    file.write_text(text, "utf-8")
    assert told in export().output


def test_a_version_that_is_not_served_is_told(export: Export, repository: Path) -> None:
    export()
    file = repository / "colors" / "config.pbtxt"
    text = file.read_text("utf-8")
    policy = re.search(r"latest \{\s+num_versions: 2\s+\}", text)
    assert policy is not None
    file.write_text(text.replace(policy.group(), "specific { versions: 1 }"), "utf-8")
    assert "add this one to its version_policy" in export().output
    assert read_config(repository / "colors").version_policy.specific.versions == [1]


def test_a_version_that_a_server_of_another_user_cannot_read_is_told(
    export: Export, repository: Path
) -> None:
    before = os.umask(0o077)
    try:
        output = export().output
    finally:
        os.umask(before)
    assert f"chmod -R a+rX '{repository}/colors'" in output


def test_another_precision_is_no_reason_for_a_caution(export: Export, color_bundle: Path) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    export()
    assert "caution" not in export("--precision", "fp16").output


@pytest.mark.parametrize(
    ("platform", "precision"), [("python", "fp32"), ("onnxruntime_onnx", "fp16")]
)
def test_each_platform_has_a_precision_of_its_own(
    platform: str, precision: str, export: Export, color_bundle: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16", "int8")
    assert f": {precision}, {platform}," in export("--platform", platform).output


def test_a_model_that_runs_on_the_processor_goes_on_so_with_its_precision(
    export: Export, color_bundle: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    more = ("--platform", "onnxruntime_onnx")
    assert ": fp32, onnx" in export(*more, "--run-on", "cpu").output
    assert ": fp32, onnx" in export(*more).output
    assert ": fp16, onnx" in export(*more, "--run-on", "gpu").output


def test_an_engine_names_the_server_that_it_needs(export: Export, color_bundle: Path) -> None:
    add_plan(color_bundle, options={"version_compatible": True})
    output = export("--platform", "tensorrt_plan").output
    assert f"The server must have TensorRT {ORIN.tensorrt} and sm_87, on aarch64" in output
    assert "--backend-config=tensorrt,version-compatible=true" in output


def test_an_engine_for_one_image_is_told_to_keep_robots_apart(
    export: Export, color_bundle: Path
) -> None:
    more = ("--platform", "tensorrt_plan", "--engine")
    single = add_plan(color_bundle).file
    assert "build it with --batch 8 --any-batch" in export(*more, single).output
    for file in (color_bundle / "engines").iterdir():
        file.unlink()
    several = add_plan(color_bundle, batch=8, options={"any_batch": True}).file
    assert "caution: until" not in export(*more, several, "--model", "other").output
    assert "build it with" not in export(*more, several, "--model", "other").output
    for file in (color_bundle / "engines").iterdir():
        file.unlink()
    single = add_plan(color_bundle).file
    output = export(*more, single, "--model", "other").output
    assert "caution: until now 8 images were run at once" in output


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("--platform", "onnxruntime_onnx"), ("its platform is python, not onnxruntime_onnx",)),
        (("--batch", "0"), ()),
        (("--precision", "int8"), ("has no precision 'int8'", "choose one of fp32")),
        (("--engine", "x.engine"), ("--engine is for --platform tensorrt_plan",)),
        (("--run-on", "gpu"), ("python runs on cpu only. Leave --run-on out",)),
        (("--model", "a/b"), ("--model 'a/b' is no name of a model",)),
        (("--model", ".."), ("'..' is no name",)),
        (("--model", ".hidden"), ("begins with a letter",)),
        (("--model", "a\nb"), (r"'a\x0ab' is no name",)),
        (("--model", "a\n"), (r"'a\x0a' is no name",)),
        (("--model", "x" * 201), ("up to 200",)),
        (("--model", "\x1b[2J"), (r"'\x1b[2J' is no name",)),
        (("--batch", "1025"), ("--batch 1025 is too many: a model takes 1024 at most at once",)),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    arguments: Tuple[str, ...], texts: Tuple[str, ...], export: Export, repository: Path
) -> None:
    export()
    before = {file: file.stat().st_mtime_ns for file in repository.rglob("*")}
    if not texts:  # a wrong use
        with pytest.raises(SystemExit) as ended:
            export(*arguments)
        assert ended.value.code == 2
    else:
        export(*arguments).refused(*texts)
    assert {file: file.stat().st_mtime_ns for file in repository.rglob("*")} == before


def test_another_model_does_not_become_a_version_of_this_one(
    export: Export, repository: Path, tmp_path: Path
) -> None:
    export()
    other = write_classification_bundle(tmp_path / "classes")
    export("--model", "colors", bundle=other).refused(
        "it has image [64, 64, 3], boxes [20, 4]",
        "not image [48, 64, 3], scores [3], classes [3]",
        "Choose another name by --model",
    )
    assert export(bundle=other).exit_code == 0
    assert sorted(one.name for one in repository.iterdir()) == ["classes", "colors"]


def test_a_network_for_one_image_cannot_have_a_batch(export: Export, color_bundle: Path) -> None:
    let_take_one_image_only(color_bundle)
    export("--batch", "2").refused("--batch 2 is too many: the network takes one image")
    assert "one image at once at most" in export("--batch", "1").output


@pytest.mark.parametrize("name", ["büro", "my model", "-x", "a/b", "x" * 250, "a\u202eb"])
def test_a_bundle_whose_name_is_none_of_a_model_needs_another(
    name: str, export: Export, color_bundle: Path, repository: Path
) -> None:
    change_manifest(color_bundle, lambda found: found.update(name=name))
    result = export()
    result.refused("the bundle's name", "choose one by --model, and give it to robots")
    assert "\u202e" not in result.output
    assert not repository.exists()
    assert export("--model", "other").exit_code == 0
    assert read_config(repository / "other").name == "other"


@pytest.mark.parametrize("kind", BROKEN_MODELS)
def test_a_bundle_with_a_broken_model_is_refused(
    kind: str, export: Export, shared_color_bundle: Path, repository: Path, tmp_path: Path
) -> None:
    make, text = BROKEN_MODELS[kind]
    broken = make_hostile(shared_color_bundle, tmp_path / "broken", make)
    result = export(bundle=broken)
    result.refused()
    assert re.search(text, result.output)
    assert not repository.exists()


@pytest.mark.parametrize("name", ["model.py", "model.onnx", "coloredlogs.py"])
def test_weights_are_not_taken_for_another_file_of_a_version(
    name: str, export: Export, repository: Path, tmp_path: Path
) -> None:
    bundle = write_segmentation_bundle(tmp_path / "segments", external_data=True)
    rename_weights(bundle, name)
    export(bundle=bundle).refused(f"has its weights in '{name}'", "convert the model again")
    assert not repository.exists()


@pytest.mark.parametrize(
    ("place", "texts"),
    [
        ("colors", ("is a bundle, not a repository",)),
        ("models/colors", ("is a model of Triton, not a repository", "the one that it is in")),
        ("file", ("is a file, a model repository is a folder",)),
        ("nowhere/models", ("cannot be made: there is no folder",)),
    ],
)
def test_what_is_no_repository_is_refused(
    place: str,
    texts: Tuple[str, ...],
    color_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    command = ("export-triton", color_bundle)
    platform = ("--platform", "python")
    assert run_here(capsys, *command, tmp_path / "models", *platform).exit_code == 0
    before = sorted(tmp_path.rglob("*"))
    run_here(capsys, *command, tmp_path / place, *platform).refused(*texts)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_in_the_repository_may_have_any_other_name(
    export: Export, repository: Path
) -> None:
    for name in ("colors_2", "Colors-v1.0", "7"):
        assert export("--model", name).exit_code == 0
        assert read_config(repository / name).name == name


def test_without_the_library_of_triton_it_is_told_how_to_install_it(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    command = ("export-triton", shared_color_bundle, tmp_path / "models", "--platform", "python")
    shown = run(*command, before=without("tritonclient"), code=1)
    assert "python3 -m pip install 'tritonclient[grpc]'" in shown
    assert not (tmp_path / "models").exists()


def test_it_runs_with_what_robots_have(tmp_path: Path) -> None:
    bundle = write_color_bundle(tmp_path / "colors")
    command = ("export-triton", bundle, tmp_path / "models", "--platform", "python")
    bare = without("tensorflow", "tf2onnx", "onnx", "pycocotools", "jinja2")
    assert "version 1 of colors" in run(*command, before=bare)
