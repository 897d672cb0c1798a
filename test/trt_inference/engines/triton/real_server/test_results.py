"""What a real Triton server finds is what this machine finds, for each task."""

from pathlib import Path
from typing import Callable, Dict, Iterator, List

import numpy as np
import pytest

from test.color_bundle import write_color_bundle
from test.served_models import export
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.triton_server import TritonServer, needs_triton
from test.trt_inference.engines.triton.real_server.robot import (
    PICTURES,
    random_pictures,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Result

pytestmark = needs_triton

WRITE: Dict[str, Callable[..., Path]] = {
    "detection": write_color_bundle,
    "classification": write_classification_bundle,
    "segmentation": write_segmentation_bundle,
}
PATIENT = 30.0  # seconds; the machine may be very busy


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    return {task: write(folder / task) for task, write in WRITE.items()}


@pytest.fixture(scope="module")
def server(
    bundles: Dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonServer]:
    repository = tmp_path_factory.mktemp("triton") / "repository"
    for bundle in bundles.values():
        export(bundle, repository)
    with TritonServer(repository) as running:
        yield running


def arrays_of(result: Result) -> List[np.ndarray]:
    return [array.copy() for array in vars(result).values() if isinstance(array, np.ndarray)]


@pytest.mark.parametrize("task", WRITE)
def test_the_server_finds_in_pictures_what_this_machine_finds(
    task: str, bundles: Dict[str, Path], server: TritonServer
) -> None:
    bundle = load_bundle(bundles[task])
    asked = EngineOptions(server=ServerOptions(server.url, deadline=PATIENT, fallback="none"))
    pictures = random_pictures(bundle)
    found = 0
    with Detector.open(bundle, "triton", "auto", asked) as there:
        with Detector.open(bundle, "onnxruntime") as here:
            for picture in pictures:
                expected = arrays_of(here.detect(picture))
                for one, other in zip(arrays_of(there.detect(picture)), expected):
                    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-4)
                found += sum(array.size for array in expected)
        status = there.engine.status()
    assert found > PICTURES  # there was something to compare
    assert status is not None
    assert int(status.values["images by the server"]) >= PICTURES
    assert status.values["images lost"] == "0"
