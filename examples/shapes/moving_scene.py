"""A drawn scene that moves, for a camera."""

from dataclasses import replace

import numpy as np

from examples.shapes.drawing import (
    CLASS_NAMES,
    Scene,
    draw_background,
    paint,
    place_shapes,
    random_noise,
)

SIMULATION_STEP = 1 / 60  # seconds


class MovingScene:
    """Shapes that drift, turn and bounce off the borders and off each other.

    The same seed gives the same pictures at the same times.
    """

    def __init__(self, seed: int = 0, height: int = 720, width: int = 1280, count: int = 5):
        generator = np.random.default_rng(seed)
        self._seed, self._size = seed, np.array([width, height], float)
        self._background = draw_background(generator, height, width)
        class_ids = [index % len(CLASS_NAMES) for index in range(count)]
        self._start = place_shapes(generator, self._background, class_ids)
        count = len(self._start)
        self._radii = np.array([shape.radius for shape in self._start])
        direction = generator.uniform(0, 2 * np.pi, count)
        speed = generator.uniform(0.08, 0.2, (count, 1)) * max(height, width)
        self._first_velocities = speed * np.stack([np.cos(direction), np.sin(direction)], axis=1)
        self._spins = generator.uniform(-1.0, 1.0, count)
        self._restart()

    def frame(self, time_in_seconds: float) -> Scene:
        """The scene so many seconds after its start. Cheapest when times go forward."""
        step = int(time_in_seconds / SIMULATION_STEP)
        if step < self._step:
            self._restart()
        while self._step < step:
            self._advance()
        ahead = time_in_seconds - step * SIMULATION_STEP
        shapes = [
            replace(
                shape,
                centre=centre + velocity * ahead,
                angle=shape.angle + spin * time_in_seconds,
            )
            for shape, centre, velocity, spin in zip(
                self._start, self._centres, self._velocities, self._spins
            )
        ]
        generator = np.random.default_rng([self._seed, int(time_in_seconds * 1000)])
        height, width = self._background.shape[:2]
        return paint(self._background, shapes, random_noise(generator, height, width, 7))

    def _restart(self) -> None:
        self._step = 0
        self._centres = np.array([shape.centre for shape in self._start])
        self._velocities = self._first_velocities.copy()

    def _advance(self) -> None:
        """One step of equal balls on a table: elastic bounces keep the shapes apart."""
        self._step += 1
        self._centres = self._centres + self._velocities * SIMULATION_STEP
        radii = self._radii[:, None]
        low, high = self._centres < radii, self._centres > self._size - radii
        speed = np.abs(self._velocities)
        self._velocities = np.where(low, speed, np.where(high, -speed, self._velocities))
        for first in range(len(radii)):
            for second in range(first):
                self._bounce(first, second)

    def _bounce(self, first: int, second: int) -> None:
        between = self._centres[second] - self._centres[first]
        distance = float(np.hypot(*between))
        normal = between / max(distance, 1e-6)
        approach = float((self._velocities[first] - self._velocities[second]) @ normal)
        if distance < self._radii[first] + self._radii[second] and approach > 0:
            self._velocities[first] -= approach * normal
            self._velocities[second] += approach * normal
