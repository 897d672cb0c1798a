"""Which input of a signature is taken for the image, and what the SavedModel is then given."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from converter.errors import SavedModelError
from converter.inputs.image_input import find_image
from converter.inputs.saved_model import Signature
from converter.inputs.tensor import Tensor


def with_inputs(*inputs: Tensor) -> Signature:
    return Signature("detect", inputs, ())


def image(*shape: int, dtype: str = "float32", name: str = "images") -> Tensor:
    return Tensor(name, dtype, shape)


SCALAR = Tensor("keep_prob", "float32", ())


@pytest.mark.parametrize(
    ("tensor", "wanted", "size"),
    [
        (image(-1, 48, 96, 3), None, (48, 96)),
        (image(1, 48, 96, 3), (48, 96), (48, 96)),
        (image(-1, -1, -1, 3), (32, 64), (32, 64)),
        (image(-1, 48, -1, 3), (48, 64), (48, 64)),
        (image(-1, 3, 48, 96), None, (48, 96)),
        (image(3, 48, 96), None, (48, 96)),
        (image(48, 96, 1), None, (48, 96)),
        (Tensor("images", "float32", None), (32, 64), (32, 64)),
        (Tensor("images", "string", (-1,)), (32, 64), (32, 64)),
    ],
)
def test_the_input_size_comes_from_signature_or_user(
    tensor: Tensor, wanted: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    assert find_image(with_inputs(tensor), wanted).size == size


@pytest.mark.parametrize(
    ("shape", "layout", "channels"),
    [
        ((-1, 48, 96, 3), "NHWC", 3),
        ((-1, 3, 48, 96), "NCHW", 3),
        ((1, 1, 48, 96), "NCHW", 1),
        ((-1, 48, 96, 1), "NHWC", 1),
        ((48, 96, 3), "HWC", 3),
        ((3, 48, 96), "CHW", 3),
        ((-1, 48, 96, -1), "NHWC", 3),
    ],
)
def test_the_layout_is_where_the_channels_are(
    shape: tuple[int, ...], layout: str, channels: int
) -> None:
    found = find_image(with_inputs(image(*shape)))
    assert (found.layout, found.channels) == (layout, channels)


@pytest.mark.parametrize(
    ("inputs", "wanted", "expected_error"),
    [
        ([image(-1, -1, -1, 3)], None, "--input-size 640x480"),
        ([image(-1, 48, 96, 3)], (96, 48), "--input-size 48x96 does not fit input images"),
        ([image(-1, 48, 96, 3)], (48, 128), "--input-size 128x48 does not fit"),
        ([image(-1, 48, 96, 4)], None, "1 or 3 channels"),
        ([image(-1, 3072)], None, r"\[N, height, width, channels\]"),
        ([image(-1, 8, 8, 3, dtype="bool")], None, "no input .* is an image"),
        ([SCALAR], None, "no input .* is an image .*keep_prob"),
        ([Tensor("files", "string", (-1,))], None, "--input-size 640x480"),
        (
            [image(-1, 8, 8, 3, name="left"), image(-1, 8, 8, 3, name="right")],
            None,
            "--input left or --input right",
        ),
    ],
)
def test_an_input_that_is_not_one_image_is_refused(
    inputs: list[Tensor], wanted: tuple[int, int] | None, expected_error: str
) -> None:
    with pytest.raises(SavedModelError, match=expected_error):
        find_image(with_inputs(*inputs), wanted)


def test_the_image_is_found_among_other_inputs() -> None:
    assert find_image(with_inputs(SCALAR, image(-1, 8, 9, 3))).name == "images"


def test_the_text_that_is_named_for_images_is_taken() -> None:
    both = with_inputs(Tensor("image_bytes", "string", (-1,)), Tensor("key", "string", (-1,)))
    assert find_image(both, (8, 8)).name == "image_bytes"


def test_the_user_chooses_or_fixes_one_of_two_images() -> None:
    both = with_inputs(image(-1, 8, 8, 3, name="left"), image(-1, 8, 8, 3, name="right"))
    assert find_image(both, name="right").name == "right"
    assert find_image(both, values={"right": 0}).name == "left"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((-1, 4, 5, 3), (1, 4, 5, 3)),
        ((2, 4, 5, 3), (2, 4, 5, 3)),
        ((-1, 3, 4, 5), (1, 3, 4, 5)),
        ((4, 5, 3), (4, 5, 3)),
        ((3, 4, 5), (3, 4, 5)),
    ],
)
def test_one_image_is_arranged_as_the_saved_model_wants_it(
    shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    pixels = np.arange(60, dtype=np.float32).reshape(4, 5, 3)
    found = find_image(with_inputs(image(*shape)))
    values = found.for_saved_model(pixels)
    assert values.shape == expected
    single = values if values.ndim == 3 else values[-1]
    axis = 0 if found.layout.index("C") < found.layout.index("H") else 2
    np.testing.assert_array_equal(np.moveaxis(single, axis, -1), pixels)


@pytest.mark.parametrize(("shape", "count"), [((), 0), ((-1,), 1), ((2,), 2)])
def test_encoded_images_are_files_with_the_same_pixels(shape: tuple[int, ...], count: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.float32)
    found = find_image(with_inputs(Tensor("files", "string", shape)), (4, 5))
    given = found.for_saved_model(pixels)
    assert isinstance(given, bytes) if count == 0 else len(given) == count
    file = given if count == 0 else given[0]
    decoded = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[..., ::-1], pixels)
