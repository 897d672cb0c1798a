"""Which of a bundle's precisions a device runs, and why that one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import List, Optional, Sequence, Tuple

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import BundleError


@dataclass(frozen=True)
class Device:
    """What runs the networks.

    Attributes:
        name: for people, such as ``the CPU`` or ``sm_87``.
        fastest_first: the precisions, the fastest first, with those that are in ``lacks``.
        lacks: those that this device does not run.
        remark: what is to be known about the fastest one, after the device's name.
    """

    name: str
    fastest_first: Tuple[str, ...]
    lacks: Tuple[str, ...] = ()
    remark: str = ""

    @property
    def runs(self) -> Tuple[str, ...]:
        """The precisions that it runs, the fastest first."""
        return tuple(name for name in self.fastest_first if name not in self.lacks)


# ONNX Runtime computes most of fp16 on the CPU in float32, and of int8 too when the Q/DQ nodes are
# placed for TensorRT: the narrower ones only add conversions.
CPU = Device("the CPU", ("fp32", "fp16", "int8"), remark=", which gains nothing from fp16 and int8")


def gpu(major: int, minor: int) -> Device:
    """The NVIDIA GPU of compute capability ``major.minor``.

    From the table "Hardware and Precision" of NVIDIA's TensorRT Support Matrix, for capabilities
    below 7.0 that of TensorRT 5 to 8: https://docs.nvidia.com/deeplearning/tensorrt/support-matrix
    and https://docs.nvidia.com/deeplearning/tensorrt/archives/. All from 7.0 on have both; those
    that are newer than the table are taken to have them too.
    """
    capability = (major, minor)
    has = {
        "fp16": capability >= (7, 0) or capability in ((5, 3), (6, 0), (6, 2)),
        "int8": capability >= (7, 0) or capability == (6, 1),
    }
    lacks = tuple(name for name, there in has.items() if not there)
    return Device(f"sm_{major}{minor}", ("int8", "fp16", "fp32"), lacks)


@dataclass(frozen=True)
class PrecisionChoice:
    """The precision to run, and why that one, in a few words to be shown after it."""

    precision: str
    reason: str

    def __str__(self) -> str:
        return f"{self.precision} ({self.reason})"


def choose(
    bundle: Bundle, requested: str, device: Device, built: Optional[Sequence[str]] = None
) -> PrecisionChoice:
    """The precision that is asked for, or for ``auto`` the fastest one that the bundle has and
    the device runs. All that a bundle has have passed their check of accuracy.

    Args:
        built: precisions for which there is an engine, where one is needed: for ``auto``, one of
            them is taken if there are any.

    Raises:
        BundleError: the bundle does not have the requested precision, or the device does not
            run it, or the bundle has none that the device runs.
    """
    if requested not in ("auto", *bundle.precisions):
        raise BundleError(
            f"{bundle.path} has no precision '{requested}': "
            f"choose {', '.join(bundle.precisions)} or auto"
        )
    usable = [name for name in device.runs if name in bundle.precisions]
    if not usable:
        raise BundleError(
            f"{bundle.path} has only {', '.join(bundle.precisions)}, and {device.name} runs only "
            f"{', '.join(device.runs)}: take a bundle that has one of these"
        )
    if requested == "auto":
        ready = [name for name in usable if built is None or name in built] or usable
        return PrecisionChoice(ready[0], f"auto: {_why(ready[0], device, usable)}")
    if requested not in usable:
        raise BundleError(
            f"{device.name} has no {requested}: of {bundle.path} choose {', '.join(usable)} or auto"
        )
    return PrecisionChoice(requested, "asked for")


def _why(fastest: str, device: Device, usable: Sequence[str]) -> str:
    """Who lacks the faster ones, or that there are none."""
    faster = list(takewhile(lambda name: name != fastest, device.fastest_first))
    reasons = [
        *_lack(device.name, [name for name in faster if name in device.lacks]),
        *_lack("this bundle", [name for name in faster if name not in (*device.lacks, *usable)]),
        *_lack("this machine", [f"engine of {name}" for name in faster if name in usable]),
    ]
    return " and ".join(reasons) or f"the fastest on {device.name}{device.remark}"


def _lack(who: str, names: Sequence[str]) -> List[str]:
    return [f"{who} has no {' and no '.join(names)}"] if names else []
