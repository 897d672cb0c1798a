"""The files that are taken to a robot, each with its name there, its size and its hash."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.errors import DeployError
from converter.inputs.dataset import load_dataset
from trt_inference.bundles.bundle import Bundle, load_bundle, sha256_of_file
from trt_inference.bundles.bundle_files import resolve_in_bundle
from trt_inference.bundles.manifest import MANIFEST, files_of, read_manifest
from trt_inference.bundles.names import REPORT_CONTENT, REPORT_PAGE

PICTURES_FOLDER = ".pictures"  # in the bundle on the robot, while it builds


@dataclass(frozen=True)
class FileToSend:
    """A file of this computer; ``name`` is its name in the folder on the robot."""

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class BundleContents:
    """What is taken to the robot.

    Attributes:
        files: what the bundle cannot do without; the manifest is the first.
        report: its report, if it has one.
        pictures: to compare engines on.
    """

    bundle: Bundle
    files: tuple[FileToSend, ...]
    report: tuple[FileToSend, ...]
    pictures: tuple[FileToSend, ...]


def read_contents(
    folder: Path, precisions: Sequence[str], pictures: Path | None, most_pictures: int
) -> BundleContents:
    """Check all files of a bundle, as a robot would before it runs them. Its engines are left out:
    they are for the machine on which they were built.

    Raises:
        BundleError: it is no bundle, or a file of it is missing or was changed.
        DatasetError: there are no pictures.
        DeployError: it lacks one of the precisions.
    """
    bundle = load_bundle(folder)
    lacking = [one for one in precisions if one not in bundle.precisions]
    if lacking:
        raise DeployError(
            f"{folder} has no {', '.join(lacking)}: it has {', '.join(bundle.precisions)}. "
            "trt-inference quantize adds precisions"
        )
    for precision in bundle.precisions:
        bundle.open_model(precision).close()  # which compares the hashes
    report = [one for one in (REPORT_CONTENT, REPORT_PAGE) if (bundle.path / one).is_file()]
    return BundleContents(
        bundle,
        tuple(_describe(bundle, name) for name in files_of(read_manifest(bundle.path))),
        tuple(_describe(bundle, name) for name in report),
        tuple(_choose_pictures(pictures, most_pictures)) if pictures is not None else (),
    )


def _describe(bundle: Bundle, name: str) -> FileToSend:
    file = Path(resolve_in_bundle(bundle.path, name))
    known = {entry["file"]: entry["sha256"] for entry in _entries(bundle)}
    known[MANIFEST] = bundle.manifest_sha256
    return FileToSend(name, file, file.stat().st_size, known.get(name) or sha256_of_file(file))


def _entries(bundle: Bundle) -> Iterator[dict]:
    for entry in bundle.precisions.values():
        yield dict(entry)
        if "data" in entry:
            yield entry["data"]


def _choose_pictures(folder: Path, most: int) -> Iterator[FileToSend]:
    """Those that a build here would take, with numbers for names."""
    for number, sample in enumerate(load_dataset(folder, None, (), most).samples):
        if isinstance(sample.pixels, Path):
            file = sample.pixels
            name = f"{PICTURES_FOLDER}/{number:04}{file.suffix.lower()}"
            yield FileToSend(name, file, file.stat().st_size, sha256_of_file(file))
