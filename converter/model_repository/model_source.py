"""What a version is made of: the files of a bundle, open and checked, and what they take."""

import contextlib
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Optional

from converter.engine_builder.fix_batch import batch_name
from converter.errors import ModelRepositoryError
from converter.model_repository.choose_plan import choose_plan
from converter.model_repository.platforms import PYTHON, TENSORRT_PLAN, Platform
from trt_inference.bundles.atomic_write import write_file
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.open_model import OpenModel
from trt_inference.bundles.protobuf_reader import graph
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.errors import BundleError
from trt_inference.printable import printable_name

_PROGRAM = "model.py"
# What the server's Python may import from the folder of a version.
_CODE = (".py", ".pyc", ".so")


class ModelSource(NamedTuple):
    """One version before it is written.

    Attributes:
        takes_one_image: the network has a batch of one, and no other.
        largest_batch: images at once at most; None where any number is possible.
        sidecar: of the engine, where it is one.
        write: writes the files into a folder, and returns them.
    """

    platform: Platform
    precision: str
    takes_one_image: bool
    largest_batch: Optional[int]
    sidecar: Optional[Sidecar]
    write: Callable[[Path], List[Path]]


@contextlib.contextmanager
def open_source(
    bundle: Bundle, platform: Platform, precision: str, engine: str
) -> Iterator[ModelSource]:
    """Check the files of a precision, and hold them open.

    Args:
        precision: of the bundle; empty for that of the engine.
        engine: name of the engine, where there are several; for ``TENSORRT_PLAN`` alone.

    Raises:
        BundleError: the bundle has no such precision, or a file is missing or was changed.
        ModelRepositoryError: it has no engine that can be served, or several.
    """
    if platform == TENSORRT_PLAN:
        with _open_plan(bundle, precision, engine) as source:
            yield source
        return
    with bundle.open_model(precision) as model:
        only_one = _takes_one_image(bundle, model)
        largest = 1 if only_one else None

        def write(folder: Path) -> List[Path]:
            program = [_write_program(folder)] if platform == PYTHON else []
            try:
                written = model.copy_to(folder / platform.model)
            except FileExistsError as error:
                raise _misnamed(model, Path(error.filename)) from error
            for file in written:
                if file.suffix in _CODE and platform == PYTHON:
                    raise _misnamed(model, file)
            return [*program, *written]

        yield ModelSource(platform, precision, only_one, largest, None, write)


@contextlib.contextmanager
def _open_plan(bundle: Bundle, precision: str, engine: str) -> Iterator[ModelSource]:
    file = choose_plan(bundle, precision, engine)
    sidecar = file.sidecar
    with bundle.open_model(sidecar.precision) as model:
        only_one = _takes_one_image(bundle, model)
    with file.open() as plan:

        def write(folder: Path) -> List[Path]:
            target = folder / TENSORRT_PLAN.model
            plan.copy_to(target)
            return [target]

        yield ModelSource(TENSORRT_PLAN, sidecar.precision, only_one, sidecar.batch, sidecar, write)


def _takes_one_image(bundle: Bundle, model: OpenModel) -> bool:
    with model.map() as content:
        try:
            return not batch_name(content, graph(content), bundle.input.name)
        except BundleError as error:
            raise ModelRepositoryError(f"{model.path}: {error}") from error


def _misnamed(model: OpenModel, weights: Path) -> ModelRepositoryError:
    return ModelRepositoryError(
        f"{model.path} has its weights in '{printable_name(weights.name)}', which a server would "
        "take for something else: convert the model again"
    )


def _write_program(folder: Path) -> Path:
    target = folder / _PROGRAM
    write_file(target, Path(__file__).with_name("python_model.py").read_bytes())
    return target
