"""Take the images of a robot's recording in the place of a folder of images."""

import contextlib
import importlib.util
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Sequence, Tuple, TypeVar, Union

import cv2

from converter.commands.annotated_images import list_annotated
from converter.commands.convert_options import ConvertOptions, ImagesFrom, QuantizeOptions
from converter.errors import DatasetError, RecordingError
from converter.inputs.class_folders import spread_groups
from converter.inputs.recorded_pictures import RecordedPicture, RecordedPictures
from converter.tables.wording import counted
from converter.terminal.progress import Progress
from trt_inference.printable import printable, printable_name

if TYPE_CHECKING:
    import numpy as np

    from converter.recordings.chosen_images import ChosenImages, ImageGroup, ListedImage
    from converter.recordings.recorded_image import SkippedImage
    from converter.recordings.recordings import Recordings

_Options = TypeVar("_Options", ConvertOptions, QuantizeOptions)
_AnyOptions = Union[ConvertOptions, QuantizeOptions]
_LIBRARIES = ("rosbags", "mcap")  # they bring all that the others in recordings/ need


@contextlib.contextmanager
def with_images(options: _Options, progress: Progress) -> Iterator[_Options]:
    """The options with the images of the recording that they name, in a folder that lasts as long
    as the block; the options as they are where they name none.

    Raises:
        DatasetError: annotations name no image of the recording, or there is no room for images.
        RecordingError: it cannot be read, or has no image that can be decoded.
    """
    if options.images_from is None:
        yield options
        return
    with tempfile.TemporaryDirectory(prefix="trt-inference-images-") as folder:
        yield replace(options, images=_take(options, options.images_from, Path(folder), progress))


def check_images_from(images: Optional[object], images_from: Optional[ImagesFrom]) -> None:
    """See that images can be taken out of a recording, before anything that takes long.

    Raises:
        DatasetError: there is a folder of images too.
        RecordingError: a library that reads recordings is missing.
    """
    if images_from is None:
        return
    if images is not None:
        raise DatasetError(
            "--images and --images-from are both given, but images are taken either from a folder "
            "or from a recording: leave one of them out"
        )
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise RecordingError(
            f"--images-from reads recordings with {' and '.join(_LIBRARIES)}, and here is no "
            f"{' and no '.join(missing)}. Install it with: python3 -m pip install "
            f"{' '.join(_LIBRARIES)}"
        )


def _take(
    options: _AnyOptions, images_from: ImagesFrom, folder: Path, progress: Progress
) -> RecordedPictures:
    """Write images of the recording into ``folder``."""
    from converter.recordings.choose_image_topics import choose_image_topics
    from converter.recordings.chosen_images import ChosenImages
    from converter.recordings.parts_of_time import parts_of_time
    from converter.recordings.recordings import Recordings

    bags = ", ".join(printable_name(bag) for bag in images_from.bags)
    with Recordings(images_from.bags) as recordings:
        topics = choose_image_topics(recordings, images_from.topics)
        for sentence in topics.left_out:
            progress.note(sentence)
        with progress.step("look for images in the recording"):
            listed = _list(recordings, topics.names, options.annotations, bags, progress)
        divided = parts_of_time([one.seconds for one in listed])
        part_of = {one.place: part for one, part in zip(listed, divided.parts)}
        groups = _choose(listed, part_of, options)
        chosen = ChosenImages(recordings, topics.names, groups)
        count = sum(len(group.chosen) for group in groups)
        pictures = tuple(_write(chosen, part_of, folder, count, progress))
        problems = [*recordings.problems, *_describe_skipped(chosen.skipped)]
    for problem in problems:
        progress.caution(problem)
    if not pictures:
        reasons = [f", as at {one.seconds:.3f} s: {one.reason}" for one in chosen.skipped[:1]]
        raise RecordingError(f"no image in '{bags}' can be decoded{''.join(reasons)}")
    return RecordedPictures(bags, pictures, divided.note)


def _list(
    recordings: "Recordings",
    topics: Sequence[str],
    annotations: Optional[Path],
    bags: str,
    progress: Progress,
) -> "Sequence[ListedImage]":
    """The images that may be taken: all, or those that are annotated.

    Raises:
        DatasetError: none is annotated.
        RecordingError: there is no image.
    """
    from converter.recordings.chosen_images import list_images

    if annotations is not None:
        listed = list_annotated(recordings, topics, annotations, bags, progress)
    else:
        listed = list_images(recordings, topics)
    if not listed:
        cameras = ", ".join(map(printable, topics))
        raise RecordingError(f"'{bags}' has no image on {cameras}: give another recording")
    return listed


def _choose(
    listed: "Sequence[ListedImage]", part_of: Dict[int, str], options: _AnyOptions
) -> "List[ImageGroup]":
    """The images to decode: of each part as many as are asked for, evenly from each camera."""
    from converter.recordings.chosen_images import ImageGroup

    groups = []
    for parts, most in _wanted(options):
        cameras: Dict[str, List[ListedImage]] = {}
        for one in listed:
            if not parts or part_of[one.place] in parts:
                cameras.setdefault(one.topic, []).append(one)
        chosen = spread_groups(list(cameras.values()), most)
        groups += [
            ImageGroup(tuple(of_camera), frozenset(one.place for one in some))
            for of_camera, some in zip(cameras.values(), chosen)
        ]
    return groups


def _wanted(options: _AnyOptions) -> List[Tuple[Tuple[str, ...], int]]:
    """How many images are wanted at most, of which parts of the recording: of all without any."""
    from converter.recordings.parts_of_time import CALIBRATED, MEASURED

    precision = options.precision
    if precision.precisions and precision.calibration_images is None:
        return [
            ((CALIBRATED,), precision.most_calibration),
            ((MEASURED,), precision.most_images),
        ]
    return [((), precision.most_images)]


def _write(
    chosen: "ChosenImages", part_of: Dict[int, str], folder: Path, count: int, progress: Progress
) -> Iterator[RecordedPicture]:
    """Write the chosen images into ``folder``, fewer than ``count`` where some cannot be decoded.

    Raises:
        DatasetError: they do not fit on the disk.
    """
    found = iter(chosen)
    for number in progress.track(range(count), "read images of the recording"):
        listed, image = next(found, (None, None))
        if listed is None or image is None:
            continue
        file, pixels = folder / f"{number:06d}.png", image.frame.bgr()
        _write_png(file, pixels)
        height, width = pixels.shape[:2]
        part = part_of[listed.place]
        yield RecordedPicture(image.name, file, (width, height), part, listed.annotated_as)


def _write_png(file: Path, pixels: "np.ndarray") -> None:
    # Any setting of the compression, even the lowest, takes twice the time of the default.
    content = cv2.imencode(".png", pixels)[1].tobytes()
    try:
        file.write_bytes(content)
    except OSError as error:
        raise DatasetError(
            f"images of the recording cannot be written into '{file.parent}': {error.strerror}. "
            "Set TMPDIR to a folder with room for them, or take fewer with --max-images and "
            "--max-calibration-images"
        ) from error


def _describe_skipped(skipped: "Sequence[SkippedImage]") -> Iterator[str]:
    """A sentence for each camera and reason."""
    kinds: Dict[Tuple[str, str], List[SkippedImage]] = {}
    for one in skipped:
        kinds.setdefault((one.topic, one.kind), []).append(one)
    for (topic, kind), found in kinds.items():
        yield (
            f"{counted(len(found), 'image')} of {printable(topic)} cannot be decoded ({kind}) and "
            f"others are taken in their place where there are some: at {found[0].seconds:.3f} s, "
            f"{found[0].reason}"
        )
