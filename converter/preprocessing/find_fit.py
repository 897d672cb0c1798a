"""How a network wants pictures of another aspect ratio than that of its input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb

import numpy as np

from converter.export.exported_network import Network
from converter.export.own_input_size import OwnSize
from converter.export.unsupported import layer_of
from converter.heads.base import Head
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from converter.preprocessing.trial_accuracy import annotated_part, run_on_dataset
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import (
    AREA,
    CENTER_CROP,
    CLASSIFICATION,
    LETTERBOX,
    LINEAR,
    RESIZES,
    STRETCH,
)
from trt_inference.inference.results import Classification

# The default of image_dataset_from_directory and load_img of Keras:
# https://keras.io/api/data_loading/image/
USUAL_FOR_CLASSES = Fitting(STRETCH)
# Resize to 256 and crop of 224 in the ImageNet reference training of torchvision:
# https://github.com/pytorch/vision/tree/main/references/classification
_CROPPED_AFTER_RESIZE = 0.875
# So likely it may be that chance alone makes one of all tried fits better.
_LEAST_CERTAIN = 0.05
_COLUMNS = ("fit", "resize", "top-1", "images")


@dataclass(frozen=True)
class _Trial:
    """One fit: for which of the images the best class is right, bool ``[images]``."""

    fitting: Fitting
    right: np.ndarray

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())


def find_fit(
    network: Network, head: Head, pixels: Pixels, dataset: Dataset, own: OwnSize | None
) -> tuple[Fitting, Finding]:
    """Take the fit of the graph where it resizes pictures itself; for a classifier with annotated
    pictures that which is clearly the most accurate on them; else what is usual.

    Args:
        network: is run on ONNX Runtime.
        pixels: as they will be in the bundle.
        dataset: its class folders are the annotations.
        own: the size to which the graph resizes, where the input has that size.

    Returns:
        The fit, and what shows it or that it is assumed.
    """
    of_graph = fit_of_graph(own, pixels)
    if of_graph is not None:
        return of_graph
    if head.task != CLASSIFICATION:
        text = f"{LETTERBOX}, which is usual and which nothing shows: --fit changes it"
        return Fitting(), Finding("fit", text, assumed=True)
    part = annotated_part(dataset)
    if part.folders is None or len(part.folders.names) != head.classes or not part.samples:
        text = (
            f"{_name(USUAL_FOR_CLASSES)}, as Keras loads pictures for classifiers by default; "
            "nothing shows it, --fit changes it (and --images with a folder of pictures for each "
            "class measures it)"
        )
        return USUAL_FOR_CLASSES, Finding("fit", text, assumed=True)
    return _by_accuracy(network, head, pixels, part)


def fit_of_graph(own: OwnSize | None, pixels: Pixels) -> tuple[Fitting, Finding] | None:
    """The fit of a graph that resizes pictures itself, and what shows it; None where it does not,
    or in no way that a robot knows.

    Args:
        pixels: as the graph gets them, in whose values it pads.
    """
    if own is None or own.fit is None:
        return None
    fit = own.fit
    fitting = Fitting(fit.fit, resize=fit.resize)
    text = f"the graph itself fits pictures so (layer {layer_of(own.node)})"
    if fit.border is not None:
        value = _pixel_value(fit.border, pixels)
        fitting = Fitting(fit.fit, value, fit.resize)
        text += f", and pads with {value}"
    return fitting, Finding("fit", f"{_name(fitting)} ({fitting.resize}), because {text}")


def _pixel_value(border: tuple[float, ...], pixels: Pixels) -> int:
    """The grey of 0 to 255 that becomes ``border``, values of the network's input; the mean of the
    channels where each is another one."""
    values = (np.array(border) * pixels.std + pixels.mean) / pixels.scale
    return int(np.clip(np.rint(values.mean()), 0, 255))


def _by_accuracy(
    network: Network, head: Head, pixels: Pixels, part: Dataset
) -> tuple[Fitting, Finding]:
    trials = [_try(network, head, pixels, fitting, part) for fitting in _candidates()]
    usual, others = trials[0], trials[1:]
    best = _clearly_best(trials)
    text = f"{_words(best)}, because its top-1 accuracy {best.accuracy:.3f} on {len(part.samples)} "
    rivals = [one for one in others if one.fitting.resize == LINEAR]
    next_best = max(rivals, key=lambda one: one.accuracy)
    shown = best is not usual
    if shown:
        text += f"of your pictures is clearly above {usual.accuracy:.3f} of {_words(usual)}"
    elif all(_is_better(usual, one, len(rivals)) for one in rivals):
        shown = True
        text += f"of your pictures is clearly above {next_best.accuracy:.3f} of {_words(next_best)}"
    else:
        text = (
            f"{_words(usual)}, as Keras loads pictures for classifiers by default: on "
            f"{len(part.samples)} of your pictures no other has a top-1 accuracy that is clearly "
            f"above its {usual.accuracy:.3f}; --fit changes it"
        )
    rows = tuple(
        (_name(one.fitting), one.fitting.resize, f"{one.accuracy:.3f}", f"{len(part.samples)}")
        for one in trials
    )
    return best.fitting, Finding("fit", text, not shown, _COLUMNS, rows)


def _clearly_best(trials: list[_Trial]) -> _Trial:
    """The most accurate of those that are clearly better than the usual one, which is the first;
    antialiased only where that is clearly better too."""
    usual, others = trials[0], trials[1:]
    clear = [one for one in others if _is_better(one, usual, len(others))]
    best = max(clear, key=lambda one: one.accuracy, default=usual)
    plain = replace(best.fitting, resize=LINEAR)
    twin = next((one for one in clear if one.fitting == plain), best)
    return best if _is_better(best, twin, 1) else twin


def _candidates() -> list[Fitting]:
    """All that are tried, the usual one first, and of equal ones the simpler first."""
    whole = (STRETCH, 1.0), (LETTERBOX, 1.0)
    cropped = (CENTER_CROP, 1.0), (CENTER_CROP, _CROPPED_AFTER_RESIZE)
    found = [
        Fitting(fit, resize=resize, crop_fraction=fraction)
        for resize in RESIZES
        for fit, fraction in (*whole, *cropped)
    ]
    return sorted(found, key=lambda one: (one != USUAL_FOR_CLASSES, one.resize == AREA))


def _try(network: Network, head: Head, pixels: Pixels, fitting: Fitting, part: Dataset) -> _Trial:
    if part.folders is None:
        raise ValueError("the images have no class folders")
    found = run_on_dataset(network, head, pixels, fitting, part)
    right = [
        isinstance(one, Classification)
        and one.class_ids[:1].tolist() == [part.folders.number(sample)]
        for sample, one in zip(part.samples, found, strict=True)
    ]
    return _Trial(fitting, np.array(right))


def _is_better(one: _Trial, usual: _Trial, tried: int) -> bool:
    """Whether chance hardly makes it better: the exact one-sided test of McNemar on the images of
    which only one of the two is right (https://en.wikipedia.org/wiki/McNemar%27s_test), corrected
    for the number of fits that are tried (Bonferroni)."""
    gained = int((one.right & ~usual.right).sum())
    lost = int((usual.right & ~one.right).sum())
    count = gained + lost
    chance = sum(comb(count, number) for number in range(gained, count + 1)) / 2**count
    return chance * tried < _LEAST_CERTAIN


def _words(trial: _Trial) -> str:
    return f"{_name(trial.fitting)} ({trial.fitting.resize})"


def _name(fitting: Fitting) -> str:
    if fitting.crop_fraction == 1:
        return fitting.fit
    return f"{fitting.fit} of {fitting.crop_fraction:g}"
