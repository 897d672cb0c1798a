"""The ONNX model of a precision, open and checked, for the library that loads it."""

import mmap
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, List, Mapping

from trt_inference.bundles.bundle_files import CheckedFile, Expected
from trt_inference.bundles.external_data import check_external_data


class OpenModel:
    """The ONNX file of a precision and, where it has one, the file with its weights.

    Both stay open. A model in one file is loaded through its descriptor: whatever is renamed over
    its name meanwhile, what is loaded is what was checked. Weights in a second file are looked for
    by their name beside that of the model, and libraries offer nothing else that all of their
    versions have: there, both files are opened a second time.

    ``check_unchanged`` finds out afterwards whether a file was written to, or a name that was
    opened again stands for another file. Private copies would be safe without, but take the size of
    the weights in memory once or twice more.

    Attributes:
        path: of the ONNX file, for messages.
    """

    def __init__(self, folder: Path, entry: Mapping[str, Any]) -> None:
        """
        Args:
            entry: of the precision, in the manifest.

        Raises:
            BundleError: a file is missing, was changed, is no regular file or leads out of the
                bundle, or the model has weights in a file that the manifest does not name.
        """
        self.path = folder / entry["file"]
        self._name_of_data = _name_in_model(entry)
        self._files = ExitStack()
        try:
            self._model = self._open(folder, entry)
            self._data = self._open(folder, entry["data"]) if "data" in entry else None
            with self.map() as content:
                check_external_data(content, self._name_of_data, self.path)
        except BaseException:
            self.close()
            raise

    def map(self, changeable: bool = False) -> mmap.mmap:
        """The ONNX file as memory, to be closed, as by ``map_stream``."""
        return self._model.map(changeable)

    @property
    def loadable_path(self) -> str:
        """A path under which a library finds the model, and the weights beside it."""
        return self._model.descriptor_path if self._data is None else str(self.path)

    def copy_to(self, target: Path) -> List[Path]:
        """Copy the model into a new file, and its weights beside it under the name that the model
        has for them.

        Returns:
            The files that were written.

        Raises:
            OSError: one is there, or cannot be written.
            BundleError: a file was written to meanwhile.
        """
        self._model.copy_to(target)
        if self._data is None:
            return [target]
        weights = target.with_name(self._name_of_data)
        self._data.copy_to(weights)
        return [target, weights]

    def check_unchanged(self) -> None:
        """See, after the model was loaded, that it is the one that was checked.

        Raises:
            BundleError: a file was written to, or replaced where its name was opened again.
        """
        is_opened_again = self._data is not None
        self._model.check_unchanged(is_opened_again)
        if self._data is not None:
            self._data.check_unchanged(is_opened_again)

    def close(self) -> None:
        """Close the files. A second call does nothing."""
        self._files.close()

    def __enter__(self) -> "OpenModel":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self, folder: Path, entry: Mapping[str, Any]) -> CheckedFile:
        return self._files.enter_context(CheckedFile(folder, Expected.of_manifest(entry)))


def _name_in_model(entry: Mapping[str, Any]) -> str:
    """What the model has to call the file with its weights, which it looks for beside itself;
    empty where there is none. While a bundle is being made, both are in a folder below it."""
    if "data" not in entry:
        return ""
    return os.path.relpath(entry["data"]["file"], os.path.dirname(entry["file"]) or os.curdir)
