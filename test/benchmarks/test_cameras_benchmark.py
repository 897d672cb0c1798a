"""What is told of several cameras, of counts and ages that are made up."""

from typing import Dict

from benchmarks.cameras import Running, Seen

FRONT, REAR = "camera_0", "camera_1"


class Watched:
    """Diagnostics by the dozen."""

    def spin(self, seconds: float) -> None:
        pass


class Played(Running):
    """Two moments, ten seconds apart: the rear camera's images are dropped from the fourth on."""

    def see(self) -> Seen:
        return MOMENTS.pop(0)


def counts(lost: int, received: int, inferred: int, dropped: int) -> Dict[str, int]:
    found = {"received": received, "inferred": inferred, "dropped": dropped}
    return {**found, "lost by the middleware": lost}


MOMENTS = [
    Seen(100.0, {FRONT: counts(0, 50, 40, 10), REAR: counts(1, 5, 5, 0)}, {FRONT: 9.0}, 3.0, 1.0),
    Seen(
        110.0,
        {FRONT: counts(0, 350, 340, 10), REAR: counts(21, 305, 8, 297)},
        {FRONT: 12.0},
        8.0,
        21.0,
    ),
]


def test_the_worst_camera_comes_first_and_one_without_results_has_no_age() -> None:
    found = Played(Watched(), [], []).measure(10.0)  # type: ignore[arg-type]
    assert found.lost == [0.0, 2.0]
    assert found.received == [30.0, 30.0]
    assert found.inferred == [0.3, 30.0]
    assert found.dropped == [0.0, 29.7]
    assert (found.age, found.nodes, found.cameras) == (12.0, 0.5, 2.0)
