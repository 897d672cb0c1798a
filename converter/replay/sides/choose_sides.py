"""What is compared with what, by what the user asked for and what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from converter.errors import ReplayError
from converter.recordings.published.recorded_results import RESULT_TYPES
from converter.replay.sides.bundle_side import EngineChoice
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import Device
from trt_inference.bundles.precisions import FP32
from trt_inference.engines.backends import choose_backend
from trt_inference.inference.detector import choose_precision
from trt_inference.printable import printable_name

_AUTO = "auto"
_REMEDY = (
    "name another bundle with --against or two precisions with --precision P Q, or take a "
    "recording that has what the robot published"
)


class BundleInPrecision(NamedTuple):
    """A bundle, and the precision that is to be opened; ``reason`` is why, where it was not asked
    for."""

    bundle: Bundle
    precision: str
    reason: str = ""


@dataclass(frozen=True)
class AskedSides:
    """What the user asked for.

    Attributes:
        bundle: the candidate.
        against: the baseline; None for another kind of it.
        recorded: topics of the results that the robot published, empty for whatever there is of
            them; None where they were not asked for.
        precisions: none, one for both, or those of baseline and candidate.
    """

    bundle: Bundle
    against: Bundle | None = None
    recorded: tuple[str, ...] | None = None
    precisions: tuple[str, ...] = ()


class ChosenSides(NamedTuple):
    """Both sides before they are opened.

    Attributes:
        before: None for what the robot published.
    """

    before: BundleInPrecision | None
    after: BundleInPrecision


def check_asked(asked: AskedSides) -> None:
    """Refuse what contradicts itself.

    Raises:
        ReplayError: it does; with the remedy.
    """
    if len(asked.precisions) > 2:
        raise ReplayError(
            f"--precision takes one or two, and not {', '.join(asked.precisions)}: that of the "
            "baseline and that of the candidate"
        )
    if asked.against is not None and asked.recorded is not None:
        raise ReplayError(
            "--against and --recorded each name the baseline: leave one of them out, and run "
            "replay twice for both"
        )
    if asked.recorded is not None and len(asked.precisions) == 2:
        raise ReplayError(
            "with --recorded, the baseline is what the robot published, so that --precision takes "
            "one, that of the candidate"
        )
    if asked.against is not None and asked.against.task != asked.bundle.task:
        raise ReplayError(
            f"{_shown(asked.bundle)} is for {asked.bundle.task} and {_shown(asked.against)} for "
            f"{asked.against.task}: compare bundles of the same task"
        )


def choose_sides(asked: AskedSides, has_results: bool, choice: EngineChoice) -> ChosenSides:
    """Choose both sides.

    Args:
        has_results: whether the recording has results of the robot that can be a side.

    Raises:
        ReplayError: there is nothing to compare with, or a server does not have the precision.
        BundleError: a bundle does not have the precision, or the device does not run it.
        EngineError: the backend is not there.
    """
    first, last = _ends(asked.precisions)
    after = _resolve(asked.bundle, last, choice)
    if asked.against is not None:
        return ChosenSides(_resolve(asked.against, first, choice), after)
    if len(asked.precisions) == 2:
        return ChosenSides(_resolve(asked.bundle, first, choice), after)
    if asked.recorded is not None and not has_results:
        raise ReplayError(
            f"the recording has no {asked.bundle.task} results of a robot, which are "
            f"{RESULT_TYPES[asked.bundle.task]}: leave out --recorded, and name another bundle "
            "with --against or two precisions with --precision P Q"
        )
    if has_results:
        return ChosenSides(None, after)
    if after.precision != FP32:
        return ChosenSides(_resolve(asked.bundle, FP32, choice), after)
    if asked.precisions:
        raise ReplayError(
            f"there is nothing to compare {FP32} of {_shown(asked.bundle)} with: {_REMEDY}"
        )
    other = _fastest_other(asked.bundle, choice)
    return ChosenSides(after, _resolve(asked.bundle, other, choice))


def _ends(precisions: Sequence[str]) -> tuple[str, str]:
    return (precisions[0], precisions[-1]) if precisions else (_AUTO, _AUTO)


def _resolve(bundle: Bundle, precision: str, choice: EngineChoice) -> BundleInPrecision:
    found = choose_precision(bundle, choice.backend, precision, choice.options)
    if precision == _AUTO:
        return BundleInPrecision(bundle, found.precision, found.reason)
    if found.precision != precision:  # a server has what was exported to it
        raise ReplayError(
            f"{found.reason} ({_shown(bundle)}): export {precision} to its model repository too, "
            f"or compare {found.precision}, which it has"
        )
    return BundleInPrecision(bundle, precision)


def _fastest_other(bundle: Bundle, choice: EngineChoice) -> str:
    """The fastest precision beside ``FP32`` that can be opened here."""
    options = choice.options
    backend = choose_backend(choice.backend, options.device)
    device: Device = backend.device(options.device)
    built = backend.built_precisions(bundle, options.device)
    for name in device.runs:
        is_there = name in bundle.precisions and (built is None or name in built)
        # A server has what was exported to it, and gives another precision where that is missing.
        if is_there and name != FP32 and backend.choose(bundle, name, options).precision == name:
            return name
    raise ReplayError(
        f"{_shown(bundle)} has only {FP32} that runs on {device.name}, and the recording has no "
        f"results of a robot, so that there is nothing to compare with: {_REMEDY}"
    )


def _shown(bundle: Bundle) -> str:
    return f"'{printable_name(bundle.path)}'"
