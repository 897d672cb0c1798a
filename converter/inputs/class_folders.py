"""Folders of pictures that are named like classes, one for each class.

The convention is that of ``keras.utils.image_dataset_from_directory`` and of torchvision's
``ImageFolder``: where no names are given, the classes of a model that was trained on such folders
have the alphabetical order of their names.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, TypeVar

from converter.errors import DatasetError
from converter.inputs.finding import Finding
from converter.inputs.sample import Sample
from trt_inference.errors import ImageError
from trt_inference.viewing.image_files import find_images

_Item = TypeVar("_Item")
_NAMES_SHOWN = 10


@dataclass(frozen=True)
class ClassFolders:
    """Ground truth by folders: the names of the model's classes, in its order.

    ``assumed``: nobody has given names, so that these are those of the folders in their
    alphabetical order.
    """

    names: Tuple[str, ...]
    assumed: bool

    def number(self, sample: Sample) -> int:
        """The class that an image shows, from 0."""
        return self.names.index(sample.class_name)

    @property
    def finding(self) -> Optional[Finding]:
        """Where the names of the classes come from, if it is assumed."""
        if not self.assumed:
            return None
        return Finding(
            "labels",
            f"{_listed(self.names)}: the class folders in alphabetical order, as Keras and "
            "torchvision number them; --labels changes it",
            assumed=True,
        )


def find_class_folders(images: Path) -> Dict[str, Sequence[Path]]:
    """The pictures in each folder in ``images``, by the folders' names in alphabetical order.

    Hidden folders are left out. A folder without pictures is a class without pictures.

    Returns:
        Nothing where ``images`` has pictures of its own, or no folder with pictures.

    Raises:
        DatasetError: the pictures of a folder are one level deeper.
    """
    if not images.is_dir() or _pictures(images):
        return {}
    folders = sorted(
        (one for one in images.iterdir() if one.is_dir() and not one.name.startswith(".")),
        key=lambda folder: folder.name,
    )
    found = {folder.name: _pictures(folder) for folder in folders}
    for folder in folders:
        if not found[folder.name] and find_class_folders(folder):
            raise DatasetError(
                f"'{folder}' has no picture but folders with pictures: give the folder whose "
                f"folders are the classes, as in --images {folder}"
            )
    return found if any(found.values()) else {}


def match_labels(images: Path, folders: Sequence[str], labels: Sequence[str]) -> ClassFolders:
    """The classes that folders stand for.

    Args:
        images: the folder that they are in.
        folders: their names in alphabetical order.
        labels: names of the model's classes in its order; none where the user gave none.

    Raises:
        DatasetError: a folder is not named like a label, or like two.
    """
    if not labels:
        return ClassFolders(tuple(folders), assumed=True)
    counts = Counter(labels)
    for folder in folders:
        if counts[folder] == 0:
            raise DatasetError(
                f"'{images}' has no pictures of its own, so that its folders are taken for "
                f"classes, but folder '{folder}' is not among the labels ({_listed(labels)}): name "
                "the folders like the labels, or give the folder of the pictures themselves"
            )
        if counts[folder] > 1:
            raise DatasetError(
                f"{counts[folder]} lines of the labels are '{folder}', so that it is not known "
                f"which class '{images / folder}' shows: give them different names"
            )
    return ClassFolders(tuple(labels), assumed=False)


def spread(samples: Sequence[Sample], most: int) -> Tuple[Sample, ...]:
    """At most so many, evenly from all classes, and evenly from each: neighbours in a folder are
    often frames of one second. The first ones are of different classes."""
    taken = spread_groups(_by_class(samples), most)
    longest = max(map(len, taken), default=0)
    return tuple(group[place] for place in range(longest) for group in taken if place < len(group))


def spread_groups(groups: Sequence[Sequence[_Item]], most: int) -> List[List[_Item]]:
    """At most so many of all groups together: evenly from all groups, and evenly from each."""
    shares = _shares([len(group) for group in groups], most)
    return [
        [group[index * len(group) // share] for index in range(share)]
        for group, share in zip(groups, shares)
    ]


def one_class_after_the_other(samples: Sequence[Sample]) -> List[Sample]:
    """The same samples, those of a class behind each other."""
    return [sample for group in _by_class(samples) for sample in group]


def _pictures(folder: Path) -> Sequence[Path]:
    try:
        return find_images(folder)
    except ImageError:
        return ()


def _by_class(samples: Sequence[Sample]) -> List[List[Sample]]:
    groups: Dict[str, List[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.class_name, []).append(sample)
    return list(groups.values())


def _shares(sizes: Sequence[int], most: int) -> List[int]:
    """How many of each group are taken, so that no group has more while another could give."""
    shares = [0] * len(sizes)
    left = min(most, sum(sizes))
    while left:
        open_groups = [index for index, size in enumerate(sizes) if shares[index] < size]
        for index in open_groups[:left]:
            shares[index] += 1
        left -= min(left, len(open_groups))
    return shares


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
