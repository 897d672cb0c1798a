"""Whether a build can have the memory that it takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from converter.engine_builder.check_memory import check_memory, default_workspace
from converter.errors import BuildError
from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.free_memory import GIB, MIB, Memory

NANO = Memory(GIB, 4 * GIB - 128 * MIB, 2 * GIB, 4 * GIB - 128 * MIB, shared=True)
ORIN = Memory(5 * GIB, 7 * GIB, 6 * GIB, 7 * GIB, shared=True)
BundleOf = Callable[[int], Bundle]
DESKTOP = Memory(22 * GIB, 24 * GIB, 50 * GIB, 64 * GIB)


def data_file(size: int) -> Dict[str, Any]:
    return {"file": "fp32.onnx.data", "sha256": "0" * 64, "bytes": size}


@pytest.fixture
def bundle_of(tmp_path: Path) -> BundleOf:
    """A bundle whose manifest gives its model so many bytes, most of them in a second file."""

    def make(size: int) -> Bundle:
        folder = write_color_bundle(tmp_path / "colors")
        change_manifest(folder, lambda m: m["precisions"]["fp32"].update(data=data_file(size)))
        return load_bundle(folder)

    return make


def test_the_workspace_fits_the_machine() -> None:
    assert default_workspace(NANO) == 256 * MIB
    assert default_workspace(ORIN) == 1536 * MIB  # a quarter of the 6 that can be had
    assert default_workspace(DESKTOP) == 8 * GIB
    assert default_workspace(replace(DESKTOP, gpu_free=GIB // 8)) == 256 * MIB


def test_a_small_model_is_built_without_a_word(bundle_of: BundleOf) -> None:
    assert check_memory(NANO, 256 * MIB, bundle_of(20 * MIB), "fp32") == []
    assert check_memory(DESKTOP, 8 * GIB, bundle_of(500 * MIB), "fp32") == []


def test_a_build_that_may_not_fit_is_warned_of_with_advice(bundle_of: BundleOf) -> None:
    (warning,) = check_memory(NANO, 256 * MIB, bundle_of(300 * MIB), "fp32")
    assert "2.0GiB are free" in warning
    for advice in ("swap", "desktop", "--workspace", "fp16"):
        assert advice in warning


def test_a_workspace_that_the_gpu_does_not_have_is_refused(bundle_of: BundleOf) -> None:
    with pytest.raises(BuildError, match=r"--workspace 5\.0GiB is more than .* choose 256MiB"):
        check_memory(NANO, 5 * GIB, bundle_of(MIB), "fp32")


def test_a_model_that_does_not_fit_is_refused_with_advice(bundle_of: BundleOf) -> None:
    with pytest.raises(BuildError, match=r"the model has 3\.0GiB, and 2\.0GiB .* can be had"):
        check_memory(NANO, 256 * MIB, bundle_of(3 * GIB), "fp32")


def test_swap_makes_the_refusal_a_warning(bundle_of: BundleOf) -> None:
    full = replace(NANO, gpu_free=MIB, system_free=300 * MIB)
    bundle = bundle_of(400 * MIB)
    with pytest.raises(BuildError, match="add 4 GB of swap"):
        check_memory(full, 256 * MIB, bundle, "fp32")
    (warning,) = check_memory(replace(full, system_obtainable=4 * GIB), 256 * MIB, bundle, "fp32")
    assert "300MiB are free" in warning


def test_a_model_that_the_processor_cannot_hold_is_refused(bundle_of: BundleOf) -> None:
    small_host = replace(DESKTOP, system_free=GIB, system_total=2 * GIB)
    with pytest.raises(BuildError, match=r"takes about 3\.0GiB while it is built"):
        check_memory(small_host, GIB, bundle_of(GIB), "fp32")


def test_what_a_build_takes_of_the_processor_may_be_in_swap(bundle_of: BundleOf) -> None:
    large = bundle_of(3 * GIB // 2)  # TensorRT has it three times
    small_host = replace(DESKTOP, system_total=4 * GIB, system_free=3 * GIB)
    with pytest.raises(BuildError, match=r"this machine has 4\.0GiB with its swap: .*add swap"):
        check_memory(small_host, 256 * MIB, large, "fp32")
    assert check_memory(replace(small_host, swap_total=GIB), 256 * MIB, large, "fp32") != []
