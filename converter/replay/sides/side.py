"""One of the two sides of a replay: what looks at the images of a recording, or has looked at them
when they were recorded."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from converter.recordings.recorded_image import RecordedImage
from trt_inference.inference.results import Result


@dataclass(frozen=True)
class SideResult:
    """What one side finds in one image.

    Attributes:
        published: what a robot would publish, or has published.
        pool: the same with what has a lower score than a robot publishes, as far as it is known.
        is_finite: False where the network gave NaN or infinity, so that a robot publishes no
            result; then both are empty.
    """

    published: Result
    pool: Result
    is_finite: bool = True


class ReplaySide(ABC):
    """A bundle in one precision, or what the robot published.

    Attributes:
        title: a few words for people, as ``shapes int8`` or ``recorded``.
        details: more for people: backend and version, or the topic of what was recorded.
        task: as in a manifest: ``detection``, ``classification`` or ``segmentation``.
        labels: of its own class numbers.
        score_threshold: from which score on results are published; None where it is not known.
    """

    title: str
    details: str
    task: str
    labels: tuple[str, ...]
    score_threshold: float | None

    @abstractmethod
    def look(self, image: RecordedImage) -> SideResult | None:
        """Find what is in an image, with class numbers of this side's own labels. The arrays are
        the caller's, the next call does not overwrite them.

        Returns:
            None where this side has no result of the image, as where the robot dropped it.

        Raises:
            ImageError: the pixels cannot be used.
            EngineError: the engine failed.
        """

    def after_reading(self) -> tuple[str, ...]:
        """What the user should know of its results, in sentences; once all images were looked
        at."""
        return ()

    def close(self) -> None:  # noqa: B027 - not every side has something to close
        """Free what it holds."""
