"""Choose the precision of a bundle that a device runs, and tell why that one."""

from dataclasses import dataclass
from itertools import takewhile
from typing import List, Mapping, Optional, Sequence, Tuple

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.precisions import NARROW_PRECISIONS, PRECISION_TABLE, PRECISIONS
from trt_inference.errors import BundleError


@dataclass(frozen=True)
class Device:
    """A device that runs networks.

    Attributes:
        name: for people, such as ``the CPU`` or ``sm_87``.
        fastest_first: the precisions, the fastest first, with those that are in ``lacks``.
        lacks: the ones that this device does not run.
        remark: what users should know about the fastest one, to follow the device's name.
    """

    name: str
    fastest_first: Tuple[str, ...]
    lacks: Tuple[str, ...] = ()
    remark: str = ""

    @property
    def runs(self) -> Tuple[str, ...]:
        """The precisions that the device runs, the fastest first."""
        return tuple(name for name in self.fastest_first if name not in self.lacks)


# ONNX Runtime computes most of fp16 on the CPU in float32, and of int8 too when the Q/DQ nodes are
# placed for TensorRT: the narrower ones only add conversions.
CPU = Device(
    "the CPU", PRECISIONS, remark=f", which gains nothing from {' and '.join(NARROW_PRECISIONS)}"
)


def gpu(major: int, minor: int) -> Device:
    """Return the NVIDIA GPU of compute capability ``major.minor``."""
    table = PRECISION_TABLE.values()
    lacks = tuple(one.name for one in table if not one.runs_on((major, minor)))
    return Device(f"sm_{major}{minor}", PRECISIONS[::-1], lacks)


@dataclass(frozen=True)
class PrecisionChoice:
    """The precision to run, and why that one, in a few words to be shown after it."""

    precision: str
    reason: str

    def __str__(self) -> str:
        return f"{self.precision} ({self.reason})"


def choose(
    bundle: Bundle,
    requested: str,
    device: Device,
    built: Optional[Mapping[str, Optional[float]]] = None,
) -> PrecisionChoice:
    """Choose the precision that is asked for, or for ``auto`` the fastest one that the bundle has
    and the device runs. Every precision in a bundle has passed its check of accuracy.

    Args:
        built: precisions for which there is an engine, where one is needed, with the milliseconds
            of an image that were measured on this machine, or None. For ``auto``, one of them is
            taken if there are any: the fastest of those that were measured, since a narrower
            precision is not always faster, or else the narrowest.

    Raises:
        BundleError: the bundle does not have the requested precision, or the device does not
            run it, or the bundle has none that the device runs.
    """
    if requested not in ("auto", *bundle.precisions):
        raise BundleError(
            f"{bundle.path} has no precision '{requested}': "
            f"choose one of {', '.join(bundle.precisions)}"
        )
    usable = [name for name in device.runs if name in bundle.precisions]
    if not usable:
        raise BundleError(
            f"{bundle.path} has only {', '.join(bundle.precisions)}, and {device.name} runs only "
            f"{', '.join(device.runs)}: take a bundle that has one of these"
        )
    if requested == "auto":
        return _choose_fastest(device, usable, dict.fromkeys(usable) if built is None else built)
    if requested not in usable:
        raise BundleError(
            f"{device.name} has no {requested}: of {bundle.path} choose one of {', '.join(usable)}"
        )
    return PrecisionChoice(requested, "asked for")


def _choose_fastest(
    device: Device, usable: Sequence[str], built: Mapping[str, Optional[float]]
) -> PrecisionChoice:
    ready = [name for name in usable if name in built] or usable
    known = [(built.get(name), name) for name in ready]
    measured = [(value, name) for value, name in known if value is not None]
    measured.sort(key=lambda one: one[0])
    fastest = measured[0][1] if measured else ready[0]
    reasons = _what_lacks(fastest, device, usable, ready)
    if measured and len(ready) > 1:
        unmeasured = [name for value, name in known if value is None]
        reasons.insert(0, _compare(measured, unmeasured))
    return PrecisionChoice(
        fastest,
        f"auto: {' and '.join(reasons) or f'the fastest on {device.name}{device.remark}'}",
    )


def _compare(measured: Sequence[Tuple[float, str]], unmeasured: Sequence[str]) -> str:
    """The milliseconds of the fastest one, and what is known of the others."""
    (least, _), *others = measured
    which = "fastest" if others else "only one"
    parts = [f"the {which} measured here, {least:.3f} ms an image"]
    parts += [f"{name} {milliseconds:.3f} ms" for milliseconds, name in others]
    parts += [f"{name} not measured: build it here" for name in unmeasured]
    return ", ".join(parts)


def _what_lacks(
    chosen: str, device: Device, usable: Sequence[str], ready: Sequence[str]
) -> List[str]:
    """Tell who lacks the ones that would be expected to be faster, if somebody does."""
    faster = list(takewhile(lambda name: name != chosen, device.fastest_first))
    return [
        *_lack(device.name, [name for name in faster if name in device.lacks]),
        *_lack("this bundle", [name for name in faster if name not in (*device.lacks, *usable)]),
        *_lack(
            "this machine",
            [f"engine of {name}" for name in faster if name in usable and name not in ready],
        ),
    ]


def _lack(who: str, names: Sequence[str]) -> List[str]:
    return [f"{who} has no {' and no '.join(names)}"] if names else []
