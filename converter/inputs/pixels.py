"""What a network expects of its pixels, and how the user specifies it."""

from dataclasses import dataclass
from typing import Dict, Optional, Tuple

import numpy as np

from converter.errors import SavedModelError
from converter.inputs.image_input import ImageInput

# Weights of blue, green and red in a grey value: those of ITU-R BT.601, as OpenCV counts with
# them, in whole numbers. All products and sums are exact in float32.
GREY = (3735 / 32768, 19235 / 32768, 9798 / 32768)


@dataclass(frozen=True)
class Pixels:
    """What the network expects: ``(value * scale - mean) / std`` in ``channels`` order.

    ``value`` is 0 to 255; ``mean`` and ``std`` have one number for each of the network's
    channels, in its order. ``channels`` is ``rgb``, ``bgr`` or ``grey``.
    """

    channels: str = "rgb"
    scale: float = 1 / 255
    mean: Tuple[float, ...] = (0.0, 0.0, 0.0)
    std: Tuple[float, ...] = (1.0, 1.0, 1.0)

    @property
    def count(self) -> int:
        """How many channels the network gets."""
        return 1 if self.channels == "grey" else 3

    @property
    def range(self) -> str:
        """What black and white become, the middle of all channels: such as ``0 to 1``."""
        ends = [
            np.mean([(value * self.scale - m) / s for m, s in zip(self.mean, self.std)])
            for value in (0, 255)
        ]
        return " to ".join(f"{end + 0.0:.3g}" for end in ends)

    @property
    def order(self) -> str:
        """The channels for people: ``RGB``, ``BGR`` or ``grey``."""
        return self.channels if self.count == 1 else self.channels.upper()

    @property
    def range_and_order(self) -> str:
        """For people, such as ``0 to 1, RGB``."""
        return f"{self.range}, {self.order}"

    @property
    def as_they_are(self) -> bool:
        """Whether the network gets the values of the camera, 0 to 255."""
        return self.scale == 1 and not any(self.mean) and all(value == 1 for value in self.std)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The same in NumPy: uint8 ``[..., 3]`` BGR → float32 ``[..., channels]``."""
        if self.channels == "grey":
            grey = image.astype(np.float32) @ np.asarray(GREY, np.float32)
            ordered = np.floor(grey + np.float32(0.5))[..., None]
        else:
            ordered = (image[..., ::-1] if self.channels == "rgb" else image).astype(np.float32)
        count = self.count
        values = ordered * np.float32(self.scale) - self.mean[:count]
        return (values / self.std[:count]).astype(np.float32)


@dataclass(frozen=True)
class PixelOptions:
    """What the network expects of its pixels, as in ``Pixels``; None leaves it to the type of
    the input: whole numbers take 0 to 255 as they are, int8 -128 to 127, floats 0 to 1."""

    channels: Optional[str] = None
    scale: Optional[float] = None
    mean: Optional[Tuple[float, ...]] = None
    std: Optional[Tuple[float, ...]] = None

    @property
    def states_range(self) -> bool:
        """Whether more is stated than the order of the channels."""
        return any(value is not None for value in (self.scale, self.mean, self.std))

    def resolve(self, image: ImageInput, takes_bytes: bool) -> Pixels:
        """The pixels of an input.

        Args:
            takes_bytes: it takes whole numbers.

        Raises:
            SavedModelError: the options are for another number of channels.
        """
        channels = self.channels or ("grey" if image.channels == 1 else "rgb")
        pixels = Pixels(channels)
        if pixels.count != image.channels:
            raise SavedModelError(
                f"--channels {channels} does not fit input {image}: "
                f"choose {'grey' if image.channels == 1 else 'rgb or bgr'}"
            )
        means, deviations = (
            self._for_each_channel(name, values, default, pixels.count)
            for name, values, default in (("mean", self.mean, 0.0), ("std", self.std, 1.0))
        )
        scale = self.scale if self.scale is not None else (1.0 if takes_bytes else 1 / 255)
        if image.dtype == "int8" and self.scale is None and self.mean is None:
            means = (128.0,) * pixels.count  # 0 to 255 does not fit
        return Pixels(channels, scale, means, deviations)

    @staticmethod
    def _for_each_channel(
        name: str, values: Optional[Tuple[float, ...]], default: float, count: int
    ) -> Tuple[float, ...]:
        given = values or (default,)
        if len(given) not in (1, count):
            raise SavedModelError(
                f"--{name} has {len(given)} numbers for {count} channels: give 1 or {count}"
            )
        return given if len(given) == count else given * count


# Ways of preparing pixels that have a name.
PRESETS: Dict[str, PixelOptions] = {
    "zero-to-one": PixelOptions(scale=1 / 255),
    "minus-one-to-one": PixelOptions(scale=1 / 127.5, mean=(1.0,)),
    "zero-to-255": PixelOptions(scale=1.0),
    "imagenet": PixelOptions("rgb", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": PixelOptions("bgr", 1.0, (103.939, 116.779, 123.68)),
}


def pixels_hint(pixels: Pixels) -> str:
    """What a message begins with where pixels that differ from those of the training are the
    likeliest cause: a sentence without its full stop."""
    return (
        f"The network got pixels of {pixels.range_and_order}: if it was trained with "
        f"others, choose them with --pixels ({', '.join(PRESETS)}) and --channels"
    )
