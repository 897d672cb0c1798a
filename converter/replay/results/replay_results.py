"""What a replay has found, as plain data: page, terminal, files and judge read it from here."""

from dataclasses import dataclass
from typing import NamedTuple

from converter.comparison.accuracy import Accuracy


@dataclass(frozen=True)
class SideFacts:
    """One side, for people; see ``ReplaySide``.

    Attributes:
        not_finite: images of which its network gave NaN or infinity.
        missing: images of which it has no result, as those that the robot dropped.
    """

    title: str
    details: str
    score_threshold: float | None
    not_finite: int = 0
    missing: int = 0


@dataclass(frozen=True)
class ClassTally:
    """What was found of a class, or of all. Detections, classes of images, or pixels are counted.

    Attributes:
        name: of the class.
        before, after: what each side has.
        matched: what both have in this class.
        lost, new, other_class, moved, score_shifted: differences by kind; ``other_class`` counts
            to the baseline's class.
        faded: how many of ``lost`` the candidate still has, with a score too low to be published.
        became: how many of another class of the baseline the candidate has in this one.
    """

    name: str
    before: float = 0
    after: float = 0
    matched: float = 0
    lost: float = 0
    new: float = 0
    other_class: float = 0
    moved: float = 0
    score_shifted: float = 0
    faded: float = 0
    became: float = 0

    @property
    def gone(self) -> float:
        """What the baseline has and the candidate has not, in the same class and about there."""
        return self.before - self.matched

    @property
    def come(self) -> float:
        """What the candidate has and the baseline has not, in the same class and about there."""
        return self.after - self.matched

    @property
    def lost_share(self) -> float:
        """``gone`` as a part of what the baseline has."""
        return self.gone / self.before if self.before else 0.0

    @property
    def new_share(self) -> float:
        """``come`` as a part of what the baseline has."""
        return self.come / self.before if self.before else float(self.come > 0)


class TimeBin(NamedTuple):
    """A piece of the recording. Times are seconds since its start."""

    start: float
    end: float
    images: int
    before: float
    after: float
    differences: int


@dataclass(frozen=True)
class WorstImage:
    """One of the images that differ most.

    Attributes:
        name: topic and stamp.
        seconds: since the start of the recording.
        weight: how much it differs.
        differences: each in words, the heaviest first.
        pictures: jpeg files of what the baseline and the candidate found.
        captions: what is in each of them, in words.
    """

    name: str
    topic: str
    seconds: float
    weight: float
    differences: tuple[str, ...]
    pictures: tuple[bytes, bytes]
    captions: tuple[str, str]


class SkippedKind(NamedTuple):
    """Images that were not compared, for one reason; ``example`` has the values of the first."""

    topic: str
    kind: str
    images: int
    example: str


class ReplayedTopic(NamedTuple):
    """A camera: how many messages the recording has, how many of them were to be looked at, and of
    how many there is a comparison."""

    name: str
    type: str
    recorded: int
    chosen: int
    compared: int


@dataclass(frozen=True)
class ReplaySpeed:
    """Images a second.

    Attributes:
        replay: of all together: reading, decoding, both sides, comparison, files.
        bare: of the engines alone, one after the other, on one image again and again; None where
            no engine was run.
        stages: milliseconds of each stage, the median, by the stage's name.
    """

    replay: float
    bare: float | None
    stages: tuple[tuple[str, float], ...] = ()

    @property
    def share(self) -> float | None:
        """The rate of the replay as a part of the bare engines' rate."""
        return None if self.bare is None else self.replay / self.bare


@dataclass(frozen=True)
class Judgement:
    """What the limits that the user gave say.

    Attributes:
        failures: each limit that is exceeded, in a sentence with value and limit.
        kept: each limit that is kept, likewise.
    """

    failures: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReplayResults:
    """All of a replay.

    Attributes:
        task: of both sides.
        bags: as the user gave them.
        before, after: baseline and candidate.
        topics: the cameras.
        compared: images with a result of both sides.
        differing: how many of them have a difference.
        classes: those that one of the sides has found, the most frequent first.
        total: of all classes.
        timeline: the recording from its start to its end.
        worst: the images that differ most, the worst first.
        skipped: images without a comparison, by topic and kind.
        problems: what is wrong with the recording as a whole, or with the comparison, in sentences.
        notes: what the user should know beside, as topics that were left out.
        accuracy: mAP of both sides; None without annotations.
        labelled: images with annotations that were looked at.
    """

    task: str
    bags: tuple[str, ...]
    before: SideFacts
    after: SideFacts
    topics: tuple[ReplayedTopic, ...]
    compared: int
    differing: int
    classes: tuple[ClassTally, ...]
    total: ClassTally
    timeline: tuple[TimeBin, ...]
    worst: tuple[WorstImage, ...]
    skipped: tuple[SkippedKind, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    speed: ReplaySpeed
    judgement: Judgement
    accuracy: tuple[Accuracy, Accuracy] | None = None
    labelled: int = 0
