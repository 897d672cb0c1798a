"""Which version of a served model a robot takes, and what it refuses."""

from pathlib import Path
from typing import Any, Callable

import pytest

from test.color_bundle import CANDIDATES, offer_precisions, write_color_bundle
from test.triton_double import TRITON_VERSION, TritonDouble
from test.trt_inference.engines.triton.remote_models import (
    SECONDS,
    connected,
    failure_of_run,
    noise,
    refusal,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.failures import BAD_ANSWER, OTHER_MODEL, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.errors import EngineError

REMEDY = "trt-inference export-triton"


@pytest.fixture
def two_precisions(tmp_path: Path) -> Path:
    folder = write_color_bundle(tmp_path / "colors")
    offer_precisions(folder, "fp32", "fp16")
    return folder


@pytest.fixture
def other_bundle(tmp_path: Path) -> Path:
    return write_color_bundle(tmp_path / "colors-of-before", fit="stretch")


def test_the_served_version_is_told(shared_color_bundle: Path) -> None:
    with TritonDouble(shared_color_bundle, name="hues", max_batch=4) as double:
        with connected(double, shared_color_bundle, model="hues") as model:
            served = model.served
    assert (served.name, served.version, served.precision) == ("hues", 1, "fp32")
    assert (served.max_batch, served.server) == (4, f"Triton {TRITON_VERSION}")


def test_the_newest_version_of_the_bundle_is_taken(
    shared_color_bundle: Path, other_bundle: Path
) -> None:
    with TritonDouble(shared_color_bundle) as double:
        double.add(shared_color_bundle, 2)
        double.add(other_bundle, 10)
        with connected(double, shared_color_bundle) as model:
            assert model.served.version == 2
            model.start(noise(load_bundle(shared_color_bundle), 1), SECONDS).finish()
            assert double.received[-1].version == "2"


def test_a_version_that_is_not_ready_is_not_taken(shared_color_bundle: Path) -> None:
    with TritonDouble(shared_color_bundle) as double:
        double.add(shared_color_bundle, 2)
        double.unload(2)
        with connected(double, shared_color_bundle) as model:
            assert model.served.version == 1


def test_a_precision_that_the_bundle_does_not_have_is_not_taken(shared_color_bundle: Path) -> None:
    with TritonDouble(shared_color_bundle) as double:
        double.add(shared_color_bundle, 2).precision = "fp64"
        with connected(double, shared_color_bundle, precision="auto") as model:
            assert (model.served.version, model.served.precision) == (1, "fp32")


@pytest.mark.parametrize(("asked", "version"), [("fp32", 1), ("fp16", 2), ("auto", 3), ("int8", 3)])
def test_the_precision_that_is_asked_for_is_preferred(
    two_precisions: Path, asked: str, version: int
) -> None:
    with TritonDouble(two_precisions) as double:
        double.add(two_precisions, 2, "fp16")
        double.add(two_precisions, 3, "fp32")
        double.unload(1) if asked != "fp32" else double.unload(3)
        with connected(double, two_precisions, precision=asked) as model:
            assert model.served.version == version


def test_another_bundle_of_the_same_name_is_refused(
    shared_color_bundle: Path, other_bundle: Path
) -> None:
    own, other = load_bundle(shared_color_bundle), load_bundle(other_bundle)
    with TritonDouble(other_bundle, name="colors") as double:
        failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == OTHER_MODEL
    message = str(failure)
    assert double.url in message
    assert f"version 1 is of bundle {other.manifest_sha256[:12]}" in message
    assert f"this is bundle {own.manifest_sha256[:12]}" in message
    assert REMEDY in message


def test_the_own_bundle_is_named_where_it_is_not_served_any_more(
    shared_color_bundle: Path, other_bundle: Path
) -> None:
    with TritonDouble(shared_color_bundle) as double:
        double.add(other_bundle, 2)
        double.unload(1)
        message = str(refusal(shared_color_bundle, double.url))
    own = load_bundle(shared_color_bundle).manifest_sha256[:12]
    assert f"version 1 is of bundle {own}, which is not served" in message


def test_a_model_that_was_not_exported_from_a_bundle_is_refused(shared_color_bundle: Path) -> None:
    def forget(method: str, answer: Any) -> None:
        if method == "ModelConfig":
            answer.config.parameters.clear()

    with TritonDouble(shared_color_bundle) as double:
        double.faults.change_any = forget
        failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == OTHER_MODEL
    assert "its configuration tells no bundle" in str(failure)
    assert REMEDY in str(failure)


def test_a_name_that_the_server_does_not_have_is_told_with_those_that_it_has(
    shared_color_bundle: Path,
) -> None:
    with TritonDouble(shared_color_bundle, name="hues") as double:
        failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == OTHER_MODEL
    assert "unknown model: 'colors'" in str(failure)
    assert "It has 'hues'" in str(failure)
    assert "server_model" in str(failure)


def test_a_server_with_no_version_that_is_ready_is_told(shared_color_bundle: Path) -> None:
    with TritonDouble(shared_color_bundle) as double:
        double.unload(1)
        failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == OTHER_MODEL
    assert "It has no model" in str(failure)


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda told: told.inputs[0].shape.__setitem__(1, 65),
            "its input 'image' is 'UINT8' [-1, 65",
        ),
        (lambda told: setattr(told.inputs[0], "datatype", "FP32"), "its input 'image' is 'FP32'"),
        (
            lambda told: setattr(told.inputs[0], "name", "x\n"),
            r"its inputs are 'x\x0a', not 'image'",
        ),
        (lambda told: told.inputs.add(name="more"), "its inputs are 'image', 'more', not 'image'"),
        (lambda told: told.outputs.pop(), "its outputs are 'boxes', 'scores', not"),
        (lambda told: told.outputs.add(name="scores"), "its outputs are"),
        (lambda told: told.outputs[1].shape.__setitem__(1, 21), "[-1, 21], not FP32 [-1, 20]"),
        (lambda told: setattr(told.outputs[2], "datatype", "INT64"), "'INT64' [-1, 20], not INT32"),
    ],
)
def test_other_tensors_are_refused(shared_color_bundle: Path, change: Change, reason: str) -> None:
    def alter(method: str, answer: Any) -> None:
        if method == "ModelMetadata":
            change(answer)

    with TritonDouble(shared_color_bundle) as double:
        double.faults.change_any = alter
        failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == OTHER_MODEL
    assert reason in str(failure)
    assert REMEDY in str(failure)


def test_a_network_that_takes_one_image_at_a_time_is_run_so(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle, max_batch=0) as double, connected(double, bundle, batch=4) as model:
        assert (model.served.max_batch, model.batch) == (1, 1)
        assert model.start(noise(bundle, 1), SECONDS).finish()["scores"].shape == (1, CANDIDATES)
        model.check(SECONDS)


def test_a_name_that_is_no_text_is_refused(shared_color_bundle: Path) -> None:
    bundle, server = load_bundle(shared_color_bundle), ServerOptions("localhost:1", "\udcff")
    with pytest.raises(EngineError, match=r"server_model '\\xff' is no name of a model") as caught:
        RemoteModel.connect(bundle, server, "fp32", 1, SECONDS)
    assert not isinstance(caught.value, ServerFailure)


def test_an_exchange_by_a_new_version_is_none_for_who_has_the_old_one(
    shared_color_bundle: Path, other_bundle: Path
) -> None:
    image = noise(load_bundle(shared_color_bundle), 1)
    with TritonDouble(shared_color_bundle) as double:
        with connected(double, shared_color_bundle) as model:
            model.check(SECONDS)
            double.add(other_bundle, 2)
            model.check(SECONDS)
            model.start(image, SECONDS).finish()
            assert double.received[-1].version == "1"


def kind_of_check(model: RemoteModel) -> str:
    with pytest.raises(ServerFailure) as caught:
        model.check(SECONDS)
    return caught.value.kind


def test_a_version_that_is_unloaded_is_noticed(shared_color_bundle: Path) -> None:
    image = noise(load_bundle(shared_color_bundle), 1)
    with TritonDouble(shared_color_bundle) as double:
        with connected(double, shared_color_bundle) as model:
            double.unload(1)
            assert kind_of_check(model) == OTHER_MODEL
            assert failure_of_run(model.start(image, SECONDS)).kind == OTHER_MODEL


def test_another_model_by_the_same_number_is_noticed(
    shared_color_bundle: Path, other_bundle: Path
) -> None:
    with TritonDouble(shared_color_bundle) as double:
        with connected(double, shared_color_bundle) as model:
            double.add(other_bundle, 1)
            with pytest.raises(
                ServerFailure, match="version 1 of 'colors' was exchanged"
            ) as caught:
                model.check(SECONDS)
    assert caught.value.kind == OTHER_MODEL
    assert REMEDY in str(caught.value)


def test_a_smaller_batch_is_noticed(shared_color_bundle: Path) -> None:
    with TritonDouble(shared_color_bundle, max_batch=4) as double:
        with connected(double, shared_color_bundle) as model:
            double.max_batch = 2
            assert kind_of_check(model) == OTHER_MODEL


@pytest.mark.parametrize(
    "method", ["ServerMetadata", "ModelMetadata", "ModelConfig", "ModelStatistics"]
)
def test_bytes_that_are_no_answer_are_told(shared_color_bundle: Path, method: str) -> None:
    def alter(asked: str, answer: Any) -> Any:
        return b"\xff" * 20 if asked == method else None

    with TritonDouble(shared_color_bundle) as double:
        with connected(double, shared_color_bundle) as model:
            double.faults.replace_any = alter
            if method == "ModelStatistics":
                with pytest.raises(ServerFailure) as caught:
                    model.statistics(SECONDS)
                failure = caught.value
            else:
                failure = refusal(shared_color_bundle, double.url)
    assert failure.kind == BAD_ANSWER
    assert f"20 bytes are no {method}Response" in str(failure)


def test_a_number_of_a_version_that_nobody_can_read_is_left_out(shared_color_bundle: Path) -> None:
    sha256 = load_bundle(shared_color_bundle).manifest_sha256

    def add(method: str, answer: Any) -> None:
        if method == "ModelConfig":
            for version in ("9" * 5000, "٣", "-1", "", "1.2", "0"):
                answer.config.parameters[f"bundle_sha256.{version}"].string_value = sha256
                answer.config.parameters[f"precision.{version}"].string_value = "fp32"

    with TritonDouble(shared_color_bundle) as double:
        double.faults.change_any = add
        with connected(double, shared_color_bundle) as model:
            assert model.served.version == 1
