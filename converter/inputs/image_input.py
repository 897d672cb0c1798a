"""Which input of a signature is the image, and in what form the network wants it."""

from dataclasses import dataclass
from typing import Any, Collection, Mapping, Optional, Tuple, Union

import cv2
import numpy as np

from converter.errors import SavedModelError
from converter.inputs.saved_model import Signature
from converter.inputs.tensor import Tensor

CHANNELS = (1, 3)
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
_FLOATS = ("float16", "float32", "float64", "bfloat16")


@dataclass(frozen=True)
class ImageInput:
    """One image input of a SavedModel.

    Attributes:
        name: of the input in the signature.
        dtype: of its values; ``string`` for encoded images.
        layout: order of its axes: NHWC, NCHW, HWC or CHW; for encoded images NHWC.
        channels: 3, or 1 for grey images.
        height, width: in pixels.
        batch: the number of images at once; -1 for any.
        rank: of the tensor; for encoded images 0 or 1, which is how many texts it takes.
        size_note: where the size comes from, a sentence for the user where it is neither the
            signature nor an option.
    """

    name: str
    dtype: str
    layout: str
    channels: int
    height: int
    width: int
    batch: int
    rank: int
    size_note: str = ""

    @property
    def encoded(self) -> bool:
        """Whether it takes JPEG or PNG files rather than pixels."""
        return self.dtype == "string"

    @property
    def size(self) -> Tuple[int, int]:
        """Height, width in pixels."""
        return self.height, self.width

    @property
    def exported_shape(self) -> Tuple[int, ...]:
        """What the exported input is fixed to: any batch stays, another one becomes 1."""
        sizes = {"N": -1 if self.batch < 0 else 1, "H": self.height, "W": self.width}
        return tuple(sizes.get(axis, self.channels) for axis in self.layout)

    def arrange(self, pixels: np.ndarray, dtype: Optional[str] = None) -> np.ndarray:
        """What the network takes for one image.

        Args:
            pixels: ``[height, width, channels]``, in the network's order of channels.
            dtype: instead of that of the SavedModel.
        """
        values = pixels
        if "C" in self.layout and self.layout.index("C") < self.layout.index("H"):
            values = values.transpose(2, 0, 1)
        if self.layout.startswith("N"):
            values = values[None]
        return np.ascontiguousarray(values, dtype or self.dtype)

    def for_saved_model(self, pixels: np.ndarray) -> Any:
        """What the SavedModel takes for one image: ``arrange``, or a PNG file, as often as the
        signature wants images at once."""
        if not self.encoded:
            values = self.arrange(pixels)
            return np.repeat(values, self.batch, axis=0) if self.batch > 1 else values
        _, file = cv2.imencode(".png", np.rint(pixels[..., ::-1]).astype(np.uint8))
        return file.tobytes() if self.rank == 0 else [file.tobytes()] * max(1, self.batch)

    def __str__(self) -> str:
        form = "encoded image" if self.encoded else f"{self.dtype} {self.layout}"
        return f"{self.name}: {form}, {self.width}x{self.height}, {self.channels} channels"


def find_image(
    signature: Signature,
    size: Optional[Tuple[int, int]] = None,
    name: Optional[str] = None,
    values: Union[Mapping[str, Any], Collection[str]] = (),
    grey: bool = False,
) -> ImageInput:
    """The image input of ``signature``: see ``find_image_of_any_size``.

    Raises:
        SavedModelError: no input can be an image, several can, or its size is open or another.
    """
    found = find_image_of_any_size(signature, size, name, values, grey)
    check_input_size(found, signature)
    return found


def find_image_of_any_size(
    signature: Signature,
    size: Optional[Tuple[int, int]] = None,
    name: Optional[str] = None,
    values: Union[Mapping[str, Any], Collection[str]] = (),
    grey: bool = False,
) -> ImageInput:
    """The image input of ``signature``, with a height and width of -1 where they are open.

    Args:
        size: height, width that the user wants.
        name: the input that the user names as the image.
        values: names of inputs that the user gives a fixed value.
        grey: whether the user asks for one channel where encoded images are decoded.

    Raises:
        SavedModelError: no input can be an image, several can, or its size is another.
    """
    tensor = _image_tensor(signature, name, values)
    if tensor.dtype == "string":
        height, width = size or (-1, -1)
        rank = 1 if tensor.shape is None else len(tensor.shape)
        batch = tensor.shape[0] if tensor.shape else -1
        channels = 1 if grey else 3
        found = ImageInput(tensor.name, "string", "NHWC", channels, height, width, batch, rank)
    else:
        found = _numeric(tensor, size)
    return found


def check_input_size(image: ImageInput, signature: Signature) -> None:
    """Make sure that height and width are known.

    Raises:
        SavedModelError: the size is open.
    """
    if min(image.size) >= 1:
        return
    tensor = next(one for one in signature.inputs if one.name == image.name)
    texts = (
        ". It must take image files: a model that takes serialised tf.Example records needs a "
        "signature that takes pixels"
    )
    raise SavedModelError(
        f"input {tensor} has no fixed size: give one, as in --input-size 640x480"
        + (texts if image.encoded else "")
    )


def _image_tensor(
    signature: Signature, name: Optional[str], values: Union[Mapping[str, Any], Collection[str]]
) -> Tensor:
    listed = "; ".join(str(tensor) for tensor in signature.inputs)
    if name is not None:
        named = [tensor for tensor in signature.inputs if tensor.name == name]
        if not named:
            raise SavedModelError(
                f"signature '{signature.name}' has no input '{name}': it has {listed}"
            )
        return named[0]
    candidates = [
        tensor for tensor in signature.inputs if tensor.name not in values and _may_be_image(tensor)
    ]
    encoded = [tensor for tensor in candidates if tensor.dtype == "string"]
    encoded = [tensor for tensor in encoded if _is_named_image(tensor)] or encoded
    found = [tensor for tensor in candidates if tensor.dtype != "string"] or encoded
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(f"--input {tensor.name}" for tensor in found)
        raise SavedModelError(
            f"signature '{signature.name}' has several inputs that can be the image ({listed}): "
            f"choose with {names}, and give the others a value with --set NAME=VALUE"
        )
    raise SavedModelError(
        f"no input of signature '{signature.name}' is an image ({listed or 'it has none'}): it "
        "must be [N, height, width, channels] or [N, channels, height, width] with 1 or 3 "
        "channels, of numbers, or an encoded image. Export or choose a signature with such an "
        "input (--signature)"
    )


def _may_be_image(tensor: Tensor) -> bool:
    if tensor.dtype == "string":
        return tensor.shape is None or len(tensor.shape) <= 1
    if tensor.dtype not in (*_INTEGERS, *_FLOATS):
        return False
    return tensor.shape is None or _layout(tensor.shape) is not None


def _is_named_image(tensor: Tensor) -> bool:
    """Among texts, which may be keys as well."""
    return any(word in tensor.name.lower() for word in ("image", "jpeg", "jpg", "png"))


def _layout(shape: Tuple[int, ...]) -> Optional[str]:
    """The order of the axes; channels are last where that is possible."""
    if len(shape) not in (3, 4):
        return None
    last, first = shape[-1], shape[-3]
    batch = "N" if len(shape) == 4 else ""
    if last in CHANNELS and not (first in CHANNELS and shape[-2] == last):
        return f"{batch}HWC"
    if first in CHANNELS:
        return f"{batch}CHW"
    return f"{batch}HWC" if last < 0 else None


def _numeric(tensor: Tensor, size: Optional[Tuple[int, int]]) -> ImageInput:
    shape = tensor.shape if tensor.shape is not None else (-1, -1, -1, -1)
    layout = _layout(shape) or "NHWC"
    sizes = dict(zip(layout, shape, strict=True))  # novm: on workstations only
    channels = sizes["C"] if sizes["C"] > 0 else 3
    fixed = sizes["H"], sizes["W"]
    for wanted, found in zip(size or fixed, fixed, strict=True):  # novm
        if found > 0 and wanted != found:
            width, height = (size or fixed)[::-1]
            raise SavedModelError(f"--input-size {width}x{height} does not fit input {tensor}")
    height, width = size or fixed
    batch = sizes.get("N", 1)
    return ImageInput(tensor.name, tensor.dtype, layout, channels, height, width, batch, len(shape))
