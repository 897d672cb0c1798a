"""SavedModels that are made once, labels, pictures with annotations, and a converted bundle."""

import json
from pathlib import Path
from typing import Iterator, Tuple

import cv2
import numpy as np
import pytest

from converter.export import export as export_module
from test.color_bundle import LABELS
from test.converter.command_line import Result, finish, start
from test.converter.expected import coco, scene
from test.converter.export_server import ExportServer
from test.converter.networks import save_color_model, save_color_module


@pytest.fixture(scope="session")
def export_server() -> Iterator[ExportServer]:
    """One for all exports of this process."""
    server = ExportServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def quick_exports(monkeypatch: pytest.MonkeyPatch, export_server: ExportServer) -> None:
    """Spare the start of TensorFlow for exports that are not in a fixture. How the real process
    starts and ends is tested in ``export`` and by commands in processes of their own."""
    monkeypatch.setattr(export_module, "_run", export_server.run)


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what all tests share."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def color_model(workplace: Path) -> Path:
    """A Keras model, exported by Keras, that finds cells of pure color."""
    return save_color_model(workplace / "color_model")


@pytest.fixture(scope="session")
def color_module(workplace: Path) -> Path:
    """A tf.Module with the signature ``Detect`` for images of any size, and variables."""
    return save_color_module(workplace / "color_module", "Detect", (None, None, None, 3))


@pytest.fixture(scope="session")
def labels(workplace: Path) -> Path:
    """The labels of both."""
    file = workplace / "labels.txt"
    file.write_text("\n".join(LABELS) + "\n", "utf-8")
    return file


@pytest.fixture(scope="session")
def pictures(workplace: Path) -> Path:
    """Six pictures and ``annotations.json``, in COCO's format, with every cell in them."""
    folder = workplace / "pictures"
    folder.mkdir()
    generator = np.random.default_rng(5)
    images = {}
    for number in range(6):
        image, images[f"{number}.png"] = scene(generator)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    (folder / "annotations.json").write_text(json.dumps(coco(images, (64, 64))), "utf-8")
    return folder


@pytest.fixture(scope="session")
def conversion(
    workplace: Path, color_model: Path, labels: Path, pictures: Path
) -> Tuple[Path, Result]:
    """A bundle of the Keras model by the real command line, and what that printed."""
    output = workplace / "converted"
    process = start(
        "convert",
        color_model,
        "--output",
        output,
        "--labels",
        labels,
        "--images",
        pictures,
        "--labels-coco",
        pictures / "annotations.json",
        "--candidates",
        40,
        "--activation",
        "none",
    )
    return output, finish(process)
