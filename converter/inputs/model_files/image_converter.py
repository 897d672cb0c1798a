"""The image converter of a KerasHub preset: size, pixels and fit of a picture.

It resizes, multiplies by ``scale`` and adds ``offset``, each one number or one for each channel.
Read in ``layers/preprocessing/image_converter.py`` of keras-hub 0.32 and in the ``Resizing`` of
Keras 3.15, which crops or pads in the middle, with zeros. Presets of earlier versions have
``height``, ``width``, ``mean`` and ``variance`` (see the constructor there).
"""

import math
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

from converter.errors import ModelFileError
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.model_files.typed_values import as_number, as_size, as_word
from converter.inputs.pixels import PixelOptions

_BYTE = 1 / 255


def read_image_converter(
    config: Mapping[str, Any], channels: Optional[int], source: str
) -> ModelFiles:
    """What the configuration of an image converter tells. What is wrong in it is left out and
    reported.

    Args:
        channels: of the network's input, where that is known.
        source: the file, for people.
    """
    facts = ModelFiles()
    for read in (_size, _pixels, _fit):
        try:
            found = read(config, channels)
            findings = [replace(one, text=f"{one.text}, from {source}") for one in found.findings]
        except ModelFileError as error:
            found, findings = ModelFiles(), [fault(f"{source} is not used for all: {error}")]
        facts = facts.completed_by(replace(found, findings=tuple(findings)))
    return facts


def _size(config: Mapping[str, Any], _: Optional[int]) -> ModelFiles:
    """The size of the resized picture; none where pictures are not resized."""
    given = _given_size(config)
    if given is None:
        return ModelFiles()
    height, width = as_size(given)
    return ModelFiles(input_size=(height, width), findings=(Finding("size", f"{width}x{height}"),))


def _given_size(config: Mapping[str, Any]) -> Any:
    if config.get("height") is not None:
        return [config["height"], config.get("width")]
    return config.get("image_size")


def _pixels(config: Mapping[str, Any], channels: Optional[int]) -> ModelFiles:
    """``value * scale + offset`` in the form of ``PixelOptions``."""
    scale, offset = _numbers(config, "scale", 1.0), _numbers(config, "offset", 0.0)
    if config.get("variance") is not None and config.get("mean") is not None:
        std = [math.sqrt(max(one, 0.0)) for one in _numbers(config, "variance", 1.0)]
        mean = _numbers(config, "mean", 0.0)
        if not all(std):
            raise ModelFileError("a channel is divided by 0")
        scale = [one / other for one, other in _pairs(scale, std)]
        offset = [-one / other for one, other in _pairs(mean, std)]
    if not all(scale):
        raise ModelFileError("a channel is multiplied by 0")
    pixels = _as_options({1: "grey", 3: "rgb"}.get(channels or 3), scale, offset)
    return ModelFiles(pixels=pixels, findings=(Finding("pixels", _in_words(pixels)),))


def _as_options(channels: Optional[str], scale: List[float], offset: List[float]) -> PixelOptions:
    """One scale stays as it is. Of several, 1/255 is taken out, so that mean and deviation are
    those of pixels from 0 to 1, as they are usually given."""
    if len(scale) == 1:
        mean = tuple(-one for one in offset)
        return PixelOptions(channels, scale[0], mean if any(mean) else None)
    std = tuple(_BYTE / one for one in scale)
    mean = tuple(-one * other for one, other in _pairs(offset, std))
    if not all(math.isfinite(one) for one in (*std, *mean)):
        raise ModelFileError("its scale is too small")
    return PixelOptions(channels, _BYTE, mean, std)


def _fit(config: Mapping[str, Any], _: Optional[int]) -> ModelFiles:
    """How pictures are resized: cropped to the aspect ratio unless that is switched off."""
    if _given_size(config) is None:
        return ModelFiles()
    facts: Dict[str, Any] = {"resize": "area" if config.get("antialias") is True else "linear"}
    if config.get("pad_to_aspect_ratio") is True:
        facts.update(fit="letterbox", pad_value=0)
    elif config.get("crop_to_aspect_ratio", True) is True:
        facts.update(fit="center-crop", crop_fraction=1.0)
    else:
        facts.update(fit="stretch")
    how = "antialiased" if facts["resize"] == "area" else "linear"
    method = as_word(config.get("interpolation"))
    if method not in ("", "bilinear"):
        how += f" (the model was trained with {method}, which the robot does not have)"
    return ModelFiles(findings=(Finding("fit", f"{facts['fit']}, resized {how}"),), **facts)


def _numbers(config: Mapping[str, Any], key: str, default: float) -> List[float]:
    """One number, or one for each of three channels.

    Raises:
        ModelFileError: it is neither.
    """
    value = config.get(key)
    if value is None:
        return [default]
    numbers = [as_number(one) for one in (value if isinstance(value, list) else [value])]
    if len(numbers) not in (1, 3):
        raise ModelFileError(f"{key} has {len(numbers)} numbers")
    return numbers


def _pairs(first: List[float], second: Any) -> List[Tuple[float, float]]:
    """One number goes with each of several."""
    count = max(len(first), len(second))
    one, other = (
        list(values) * count if len(values) == 1 else list(values) for values in (first, second)
    )
    return list(zip(one, other))


def _in_words(pixels: PixelOptions) -> str:
    parts = [f"0 to 255 times {pixels.scale:.6g}"]
    if pixels.mean is not None:
        parts.append(f"less {_listed(pixels.mean)}")
    if pixels.std is not None:
        parts.append(f"divided by {_listed(pixels.std)}")
    order = {"rgb": ", RGB", "grey": ", grey"}.get(pixels.channels or "", "")
    return ", ".join(parts) + order


def _listed(values: Tuple[float, ...]) -> str:
    return " ".join(f"{value:.6g}" for value in values)
