"""Drawn scenes of circles, squares and triangles, with exact ground truth.

Needs NumPy and OpenCV only. The training pictures (`draw_scene`) and the pictures of the
camera (moving_scene.py) are painted by the same functions, so a model that is trained on the
first sees nothing new in the second.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import List, Tuple

import cv2
import numpy as np

CLASS_NAMES = ("circle", "square", "triangle")
CIRCLE, SQUARE, TRIANGLE = range(3)

# Circumscribed radius of a shape, as a part of the longer side of the image: a letterboxed
# image keeps its longer side, so shapes have the same size for the network in every format.
SMALLEST_RADIUS, LARGEST_RADIUS = 0.04, 0.125
SUBPIXEL_BITS = 4  # OpenCV draws at sixteenths of a pixel
NOISE_MARGIN = 64  # pixels by which the noise can be shifted
NOISE_STRENGTHS = (3, 5, 7, 10, 14)


@dataclass(frozen=True)
class Scene:
    """A picture and what is on it.

    image: uint8 [H, W, 3], BGR.
    xyxy: float32 [n, 4], x1, y1, x2, y2 in pixels of the image, tight around the shapes.
    class_ids: int32 [n], indices into CLASS_NAMES.
    """

    image: np.ndarray
    xyxy: np.ndarray
    class_ids: np.ndarray


@dataclass(frozen=True)
class Shape:
    """One shape. Lengths are in pixels, angles in radians, the colour is BGR."""

    class_id: int
    centre: np.ndarray
    radius: float
    angle: float
    corner_angles: np.ndarray
    colour: Tuple[float, ...]
    rim: float

    def corners(self, radius: float) -> np.ndarray:
        """Corners on a circle of that radius, float64 [k, 2]; none for a circle."""
        angles = self.corner_angles + self.angle
        return self.centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def xyxy(self) -> np.ndarray:
        """The tight box, float64 [4]. The first pixel covers 0 to 1, its centre is 0.5."""
        if self.class_id == CIRCLE:
            return np.concatenate([self.centre - self.radius, self.centre + self.radius])
        corners = self.corners(self.radius)
        return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def draw_scene(
    generator: np.random.Generator, height: int, width: int, most_shapes: int = 6
) -> Scene:
    """Draw 1 to `most_shapes` shapes, hardly overlapping, on a noisy background."""
    image = draw_background(generator, height, width)
    class_ids = generator.integers(len(CLASS_NAMES), size=generator.integers(1, most_shapes + 1))
    shapes = place_shapes(generator, image, class_ids.tolist())
    noise = random_noise(generator, height, width, int(generator.choice(NOISE_STRENGTHS)))
    return paint(image, shapes, noise)


def draw_background(generator: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A soft gradient of muted colours with lines and arcs as clutter, uint8 [H, W, 3]."""
    base = generator.uniform(30, 210)
    coarse = base + generator.normal(0, 22, (3, 4, 1)) + generator.normal(0, 9, (3, 4, 3))
    coarse = coarse.clip(0, 255).astype(np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    unit = max(height, width) / 640
    for _ in range(generator.integers(2, 10)):
        colour = (base + generator.normal(0, 35, 3)).clip(0, 255).tolist()
        thickness = max(1, round(float(generator.uniform(1, 4) * unit)))
        ends = (generator.uniform(0, 1, (2, 2)) * (width, height)).astype(int).tolist()
        first, second = map(tuple, ends)  # OpenCV before 4.5 takes no lists
        if generator.random() < 0.6:
            cv2.line(image, first, second, colour, thickness, cv2.LINE_AA)
        else:  # open arcs: curved like a circle, but not one
            radius = int(generator.uniform(15, 120) * unit)
            axes, start = (radius, radius), generator.uniform(0, 360)
            end = start + generator.uniform(40, 150)
            cv2.ellipse(image, first, axes, 0, start, end, colour, thickness, cv2.LINE_AA)
    return image


def place_shapes(
    generator: np.random.Generator, image: np.ndarray, class_ids: List[int]
) -> List[Shape]:
    """Random shapes, fewer than asked for where there is no room for more.

    Their circumscribed circles overlap by a tenth at most.
    """
    height, width = image.shape[:2]
    shapes: List[Shape] = []
    for _ in range(10 * len(class_ids)):
        if len(shapes) == len(class_ids):
            break
        bounds = np.log([SMALLEST_RADIUS, LARGEST_RADIUS])
        radius = float(np.exp(generator.uniform(*bounds)) * max(height, width))
        centre = generator.uniform((radius, radius), (width - radius, height - radius))
        if all(
            np.hypot(*(centre - other.centre)) > 0.9 * (radius + other.radius) for other in shapes
        ):
            class_id = class_ids[len(shapes)]
            shapes.append(random_shape(generator, image, class_id, centre, radius))
    return shapes


def random_shape(
    generator: np.random.Generator,
    image: np.ndarray,
    class_id: int,
    centre: np.ndarray,
    radius: float,
) -> Shape:
    """A shape of random rotation and of a colour that stands out from the background."""
    corners = (0, 4, 3)[class_id]
    corner_angles = np.arange(corners) * (2 * np.pi / max(corners, 1))
    if class_id == TRIANGLE:
        corner_angles = corner_angles + generator.uniform(-0.25, 0.25, 3)
    background = image[int(centre[1]), int(centre[0])].astype(float)
    return Shape(
        class_id=class_id,
        centre=centre,
        radius=radius,
        angle=float(generator.uniform(0, 2 * np.pi)),
        corner_angles=corner_angles,
        colour=contrasting_colour(generator, background),
        rim=float(generator.choice([0.0, 0.06, 0.12])),
    )


def contrasting_colour(generator: np.random.Generator, background: np.ndarray) -> Tuple[float, ...]:
    """The most different from the background of a few saturated colours, BGR."""
    hues = generator.uniform(0, 180, (3, 1))
    rest = generator.uniform((110, 110), (255, 255), (3, 2))
    hsv = np.concatenate([hues, rest], axis=1).astype(np.uint8)
    colours = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2BGR)[0].astype(float)
    contrast = np.abs(colours - background).sum(axis=1)
    return tuple(colours[contrast.argmax()].tolist())


@lru_cache(maxsize=32)
def noise_tile(height: int, width: int, strength: int) -> np.ndarray:
    """The noise of an image sensor of that standard deviation, int16 [H, W, 3]."""
    tile = np.empty((height, width, 3), np.int16)
    cv2.setRNGSeed(strength)
    cv2.randn(tile, np.zeros(3), np.full(3, float(strength)))
    return tile


def random_noise(
    generator: np.random.Generator, height: int, width: int, strength: int
) -> np.ndarray:
    """A part of a larger tile of noise, which costs less than new noise, int16 [H, W, 3]."""
    tile = noise_tile(height + NOISE_MARGIN, width + NOISE_MARGIN, strength)
    y, x = generator.integers(NOISE_MARGIN, size=2)
    return tile[y : y + height, x : x + width]


def paint(background: np.ndarray, shapes: List[Shape], noise: np.ndarray) -> Scene:
    """Paint the shapes on a copy of the background, and the noise over all."""
    image = background.copy()
    for shape in shapes:
        paint_shape(image, shape)
    cv2.add(image, noise, dst=image, dtype=cv2.CV_8U)
    height, width = image.shape[:2]
    boxes = np.array([shape.xyxy() for shape in shapes], np.float32).reshape(-1, 4)
    return Scene(
        image=image,
        xyxy=boxes.clip(0, np.array([width, height, width, height], np.float32)),
        class_ids=np.array([shape.class_id for shape in shapes], np.int32),
    )


def paint_shape(image: np.ndarray, shape: Shape) -> None:
    """Paint a darker shape, and the same a little smaller in its colour: a rim inside."""
    darker = tuple(0.6 * value for value in shape.colour)
    layers = [(shape.radius, darker), (shape.radius * (1 - shape.rim), shape.colour)]
    for radius, colour in layers if shape.rim else layers[1:]:
        if shape.class_id == CIRCLE:
            centre = to_subpixels(shape.centre - 0.5)
            whole = int(to_subpixels(np.array(radius)))
            cv2.circle(image, tuple(centre.tolist()), whole, colour, -1, cv2.LINE_AA, SUBPIXEL_BITS)
        else:
            corners = to_subpixels(shape.corners(radius) - 0.5)
            cv2.fillPoly(image, [corners], colour, cv2.LINE_AA, SUBPIXEL_BITS)


def to_subpixels(pixels: np.ndarray) -> np.ndarray:
    """Fixed-point coordinates as OpenCV wants them, int32. Its pixel centres are integers."""
    return np.round(pixels * 2**SUBPIXEL_BITS).astype(np.int32)
