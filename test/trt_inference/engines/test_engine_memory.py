"""What an engine takes is compared with what there is, before it is loaded."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

import pytest

from trt_inference.bundles.engine_files import EngineFile
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.free_memory import GIB, MIB, Memory
from trt_inference.engines.tensorrt.engine_memory import (
    EngineMemory,
    check_room,
    needed_memory,
)
from trt_inference.errors import EngineError

MACHINE = Machine("8.2.1.8", "10.2", (5, 3), "NVIDIA Tegra X1", "linux", "aarch64")
# 300 MiB of weights, 200 to compute in, 4 of buffers for each of two runs, and libraries.
KNOWN = EngineMemory(300 * MIB, 200 * MIB, 4 * MIB, measured=700 * MIB)
LEAST = (300 + 200 + 2 * 4) * MIB
NEEDED = (700 + 4) * MIB
NANO = 4 * GIB - 128 * MIB


def engine(memory: Optional[EngineMemory] = KNOWN) -> EngineFile:
    sidecar = Sidecar(
        file="fp16.engine",
        sha256="0" * 64,
        bytes=320 * MIB,
        precision="fp16",
        onnx_sha256="",
        machine=MACHINE,
        typing="weak",
        measured=memory.content() if memory else {},
    )
    return EngineFile(Path("engines", "fp16.engine"), sidecar, "")


def nano(free: int, obtainable: int) -> Memory:
    return Memory(64 * MIB, NANO, free, NANO, shared=True, system_obtainable=obtainable)


def desktop(free: int) -> Memory:
    return Memory(free, 24 * GIB, 8 * GIB, 16 * GIB)


def test_what_an_engine_takes_has_the_buffers_of_both_runs() -> None:
    assert needed_memory(engine().sidecar) == NEEDED
    # Other programs gave memory back while it was measured: TensorRT's own figures are exact.
    quiet = EngineMemory(300 * MIB, 200 * MIB, 4 * MIB, measured=0)
    assert needed_memory(engine(quiet).sidecar) == LEAST


def test_an_engine_of_an_earlier_build_takes_at_least_its_plan() -> None:
    assert needed_memory(engine(None).sidecar) == 320 * MIB


@pytest.mark.parametrize("memory", [nano(NEEDED, NEEDED), desktop(NEEDED)])
def test_nothing_is_said_where_it_fits(memory: Memory) -> None:
    assert check_room(engine(), memory) == []


@pytest.mark.parametrize("memory", [nano(NEEDED - 1, NEEDED), desktop(NEEDED - 1)])
def test_a_caution_where_less_is_free_than_it_took(memory: Memory) -> None:
    (caution,) = check_room(engine(), memory)
    assert "fp16.engine may not fit" in caution
    assert "about 704MiB" in caution
    assert ("swap" in caution.split("swaps, ")[1]) is memory.shared
    assert "narrower precision" in caution


def test_an_error_with_figures_and_remedies_where_it_cannot_fit() -> None:
    with pytest.raises(EngineError) as caught:
        check_room(engine(), nano(LEAST - MIB, LEAST - MIB))
    message = str(caught.value)
    for text in (
        "fp16.engine does not fit",
        "508MiB (300MiB of weights, 200MiB to compute in, 8MiB for images and outputs)",
        "507MiB of 3.9GiB can be had, even if other programs were swapped out",
        "desktop",
        "4 GB of swap",
        "fp16",
    ):
        assert text in message


def test_swap_makes_the_error_a_caution() -> None:
    """Other programs can go there, so that it may fit in the end."""
    assert len(check_room(engine(), nano(LEAST // 2, LEAST))) == 1


def test_an_error_on_a_gpu_of_its_own_is_about_that_alone() -> None:
    with pytest.raises(EngineError, match=r"507MiB of 24\.0GiB are free: close other users of the"):
        check_room(engine(), desktop(LEAST - MIB))


def test_an_engine_of_which_nothing_was_measured_is_never_refused() -> None:
    (caution,) = check_room(engine(None), nano(MIB, MIB))
    assert "about 320MiB" in caution


def test_what_a_later_release_measures_as_well_is_left_aside() -> None:
    sidecar = engine().sidecar
    more = {**KNOWN.content()["memory"], "streamed": 5}
    assert EngineMemory.of(replace(sidecar, measured={"memory": more})) == KNOWN
