"""A device takes the fastest precision that it runs and the bundle has, and gives the reason."""

from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

import pytest

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import CPU, Device, PrecisionChoice, choose, gpu
from trt_inference.errors import BundleError

With = Callable[..., Bundle]


@pytest.fixture
def bundle_with(shared_color_bundle: Path) -> With:
    """Returns a bundle that claims to have some precisions."""
    bundle = load_bundle(shared_color_bundle)
    return lambda *names: replace(bundle, precisions={name: {} for name in names})


ALL = ("fp32", "fp16", "int8")
JETSON_NANO, PASCAL, ORIN = gpu(5, 3), gpu(6, 1), gpu(8, 7)


@pytest.mark.parametrize(
    ("device", "names", "precision", "reason"),
    [
        (CPU, ALL, "fp32", "the fastest on the CPU, which gains nothing from fp16 and int8"),
        (CPU, ("int8", "fp16"), "fp16", "this bundle has no fp32"),
        (ORIN, ALL, "int8", "the fastest on sm_87"),
        (ORIN, ("fp32", "fp16"), "fp16", "this bundle has no int8"),
        (ORIN, ("fp32",), "fp32", "this bundle has no int8 and no fp16"),
        (JETSON_NANO, ALL, "fp16", "sm_53 has no int8"),
        (JETSON_NANO, ("fp32", "fp16"), "fp16", "sm_53 has no int8"),
        (JETSON_NANO, ("fp32", "int8"), "fp32", "sm_53 has no int8 and this bundle has no fp16"),
        (PASCAL, ALL, "int8", "the fastest on sm_61"),
        (PASCAL, ("fp32", "fp16"), "fp32", "sm_61 has no fp16 and this bundle has no int8"),
        (gpu(5, 0), ALL, "fp32", "sm_50 has no int8 and no fp16"),
    ],
)
def test_auto_takes_the_fastest_and_gives_the_reason(
    bundle_with: With, device: Device, names: Tuple[str, ...], precision: str, reason: str
) -> None:
    for order in (names, names[::-1]):
        assert choose(bundle_with(*order), "auto", device) == PrecisionChoice(
            precision, f"auto: {reason}"
        )


@pytest.mark.parametrize(
    ("capability", "expected"),
    [
        ((5, 0), "fp32"),  # Quadro K2200
        ((5, 2), "fp32"),  # Tesla M4
        ((5, 3), "fp16 fp32"),  # Jetson Nano, Jetson TX1
        ((6, 0), "fp16 fp32"),  # P100
        ((6, 1), "int8 fp32"),  # P4, GeForce GTX 1080
        ((6, 2), "fp16 fp32"),  # Jetson TX2
        ((7, 0), "int8 fp16 fp32"),  # V100
        ((7, 2), "int8 fp16 fp32"),  # Jetson Xavier
        ((7, 5), "int8 fp16 fp32"),  # T4
        ((8, 7), "int8 fp16 fp32"),  # Jetson Orin
        ((9, 0), "int8 fp16 fp32"),  # H100
        ((12, 0), "int8 fp16 fp32"),  # GeForce RTX 5090
    ],
)
def test_gpu_runs_what_nvidia_lists_for_its_compute_capability(
    bundle_with: With, capability: Tuple[int, int], expected: str
) -> None:
    device, there, taken = gpu(*capability), list(ALL), []
    while "fp32" in there:  # all GPUs run it, as the slowest
        taken.append(choose(bundle_with(*there), "auto", device).precision)
        there.remove(taken[-1])
    assert " ".join(taken) == expected


@pytest.mark.parametrize(("device", "names"), [(CPU, ALL), (ORIN, ALL), (JETSON_NANO, ALL[:2])])
def test_what_is_asked_for_is_taken_if_the_device_runs_it(
    bundle_with: With, device: Device, names: Tuple[str, ...]
) -> None:
    for name in names:
        assert choose(bundle_with(*ALL), name, device) == PrecisionChoice(name, "asked for")


@pytest.mark.parametrize("device", [CPU, JETSON_NANO, ORIN])
def test_precision_that_the_bundle_lacks_is_an_error_with_those_that_it_has(
    bundle_with: With, device: Device
) -> None:
    with pytest.raises(
        BundleError, match=r"colors has no precision 'int8': choose one of fp32, fp16"
    ):
        choose(bundle_with("fp32", "fp16"), "int8", device)


def test_precision_that_the_device_lacks_is_an_error_with_those_that_it_can_run(
    bundle_with: With,
) -> None:
    with pytest.raises(BundleError, match=r"sm_53 has no int8: .*colors choose one of fp16, fp32"):
        choose(bundle_with(*ALL), "int8", JETSON_NANO)


@pytest.mark.parametrize("requested", ["auto", "int8"])
def test_bundle_without_any_that_the_device_runs_is_an_error(
    bundle_with: With, requested: str
) -> None:
    with pytest.raises(BundleError, match="colors has only int8, and sm_53 runs only fp16, fp32"):
        choose(bundle_with("int8"), requested, JETSON_NANO)


@pytest.mark.parametrize(
    ("device", "built", "precision", "reason"),
    [
        (
            ORIN,
            {"fp32": 0.3, "fp16": 0.118, "int8": 0.166},
            "fp16",
            "the fastest measured here, 0.118 ms an image, int8 0.166 ms, fp32 0.300 ms",
        ),
        (
            ORIN,
            {"fp32": 0.3, "int8": 0.1},
            "int8",
            "the fastest measured here, 0.100 ms an image, fp32 0.300 ms",
        ),
        (
            ORIN,
            {"fp32": 0.1, "fp16": 0.2},
            "fp32",
            "the fastest measured here, 0.100 ms an image, fp16 0.200 ms and this machine has no "
            "engine of int8",
        ),
        (
            JETSON_NANO,
            {"fp32": 31.0, "fp16": 20.25, "int8": 1.0},
            "fp16",
            "the fastest measured here, 20.250 ms an image, fp32 31.000 ms and sm_53 has no int8",
        ),
        # One that was measured comes before those of which nothing is known.
        (
            ORIN,
            {"fp32": None, "fp16": 0.2, "int8": None},
            "fp16",
            "the only one measured here, 0.200 ms an image, int8 not measured: build it here, fp32 "
            "not measured: build it here",
        ),
        # Alone, or without times, as it is without measurements.
        (ORIN, {"fp16": 0.2}, "fp16", "this machine has no engine of int8"),
        (ORIN, {"fp32": None, "fp16": None}, "fp16", "this machine has no engine of int8"),
        (ORIN, {"fp16": None, "int8": None}, "int8", "the fastest on sm_87"),
        # Equally fast: the narrower one.
        (
            ORIN,
            {"fp32": 0.2, "int8": 0.2},
            "int8",
            "the fastest measured here, 0.200 ms an image, fp32 0.200 ms",
        ),
    ],
)
def test_auto_takes_the_fastest_that_was_measured_here(
    bundle_with: With,
    device: Device,
    built: Dict[str, Optional[float]],
    precision: str,
    reason: str,
) -> None:
    for order in (list(built), list(built)[::-1]):
        choice = choose(bundle_with(*ALL), "auto", device, {name: built[name] for name in order})
        assert choice == PrecisionChoice(precision, f"auto: {reason}")


def test_times_do_not_matter_for_a_precision_that_is_asked_for(bundle_with: With) -> None:
    built = {"fp16": 0.1, "int8": 0.2}
    assert choose(bundle_with(*ALL), "int8", ORIN, built).precision == "int8"
    assert choose(bundle_with(*ALL), "fp32", ORIN, built).precision == "fp32"
