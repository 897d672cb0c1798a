"""The ways in which the pixels of published models are prepared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from converter.inputs.pixels import PRESETS, PixelOptions

_WORDS = {
    "zero-to-one": "0 to 1",
    "minus-one-to-one": "-1 to 1",
    "zero-to-255": "0 to 255",
    "imagenet": "ImageNet's mean and deviation",
    "caffe": "0 to 255 less Caffe's mean",
}


@dataclass(frozen=True)
class KnownRange:
    """A preset for one order of the channels.

    Attributes:
        preset: its name.
        options: how the pixels are made.
    """

    preset: str
    options: PixelOptions


def words_of(preset: str) -> str:
    """A preset for people, with its name."""
    return f"{_WORDS[preset]} ({preset})"


def known_ranges(count: int, channels: str | None) -> tuple[KnownRange, ...]:
    """All presets for a network that takes ``count`` channels, 1 or 3.

    Args:
        channels: the order that the user states; None for the usual one of each preset.
    """
    if count == 1:
        return tuple(
            KnownRange(name, options)
            for name, options in PRESETS.items()
            if options.channels is None
        )
    found = (
        KnownRange(name, replace(options, channels=options.channels or "rgb"))
        for name, options in PRESETS.items()
    )
    return tuple(
        one if channels in (None, one.options.channels) else in_other_order(one) for one in found
    )


def in_other_order(known: KnownRange) -> KnownRange:
    """The same with red and blue exchanged; means and deviations stay with their colours."""
    options = known.options
    mean, std = (values and values[::-1] for values in (options.mean, options.std))
    channels = "bgr" if options.channels == "rgb" else "rgb"
    return KnownRange(known.preset, PixelOptions(channels, options.scale, mean, std))
