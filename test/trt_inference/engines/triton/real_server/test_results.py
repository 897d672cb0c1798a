"""What a real Triton server finds is what this machine finds, for each task."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterator, List

import numpy as np
import onnx
import pytest

from test.changed_bundles import replace_model
from test.color_bundle import write_color_bundle
from test.served_models import export
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.triton_server import TritonServer, needs_triton
from test.trt_inference.engines.triton.real_server.robot import (
    PICTURES,
    Robot,
    answers_of,
    is_same,
    random_pictures,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.remote_model import RemoteModel
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


CLIENTS, RUNS, BATCH = 4, 30, 3


def wrong_answers(path: Path, url: str, seed: int) -> List[str]:
    """Ask for pictures of one's own, one to ``BATCH`` at once and two runs under way, and compare
    the answers."""
    bundle = load_bundle(path)
    pictures = random_pictures(bundle, seed=seed)
    expected = answers_of(bundle, pictures)
    model = RemoteModel.connect(bundle, ServerOptions(url), "fp32", BATCH, PATIENT)
    wrong = []
    generator = np.random.default_rng(seed)
    under_way = []
    for run in range(RUNS + 1):
        if run < RUNS:
            chosen = generator.integers(0, PICTURES, 1 + run % BATCH)
            under_way.append((chosen, model.start(pictures[chosen], PATIENT)))
        if run > 0:
            chosen, started = under_way.pop(0)
            outputs = started.finish()
            for place, number in enumerate(chosen):
                one = {name: output[place] for name, output in outputs.items()}
                if not is_same(one, expected[number]):
                    wrong.append(f"picture {number} at {place} of run {run - 1}")
    model.close()
    return wrong


def test_clients_that_ask_at_the_same_time_get_the_answers_to_their_own_pictures(
    bundles: Dict[str, Path], server: TritonServer
) -> None:
    """Triton runs pictures of all of them together."""
    path = bundles["detection"]
    bundle = load_bundle(path)
    asked = [random_pictures(bundle, seed=seed) for seed in range(CLIENTS)]
    assert not any(np.array_equal(asked[0], other) for other in asked[1:])
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = clients.map(lambda seed: wrong_answers(path, server.url, seed), range(CLIENTS))
        assert list(found) == [[]] * CLIENTS
    model = RemoteModel.connect(bundle, ServerOptions(server.url), "fp32", 1, PATIENT)
    told = model.statistics(PATIENT)
    model.close()
    assert told.count > told.executions > 0


def fix_batch(folder: Path) -> Path:
    """Change the bundle in ``folder``: its network takes one image, and no other number."""
    model = onnx.load(str(folder / "fp32.onnx"))
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1
    return replace_model(folder, model)


def test_a_network_that_takes_one_image_at_a_time_is_served_too(tmp_path: Path) -> None:
    path = fix_batch(write_color_bundle(tmp_path / "one"))
    export(path, tmp_path / "repository")
    with TritonServer(tmp_path / "repository") as server, Robot(
        path, server.url, deadline=PATIENT
    ) as robot:
        robot.run_until_answered_by(server=True, count=10)
        robot.check(longest=PATIENT)
