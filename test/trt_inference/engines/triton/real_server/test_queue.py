"""A real Triton server whose queue has a limit, which its users may set."""

from pathlib import Path
from typing import Any, List

from test.color_bundle import write_color_bundle
from test.served_models import Mood, change_config, export
from test.triton_server import TritonServer, needs_triton
from test.trt_inference.engines.triton.real_server.robot import (
    answers_of,
    is_same,
    random_pictures,
)
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.failures import REFUSED, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel

pytestmark = needs_triton

PATIENT = 60.0  # seconds
PLACES = 2  # in the queue
CROWD = 12  # requests


def what_comes_of(bundle: Bundle, model: RemoteModel, count: int) -> List[str]:
    """Ask for pictures, all at once: the kinds of the failures, or whether an answer is right."""
    pictures = random_pictures(bundle, count)
    runs = [model.start(pictures[place : place + 1], PATIENT) for place in range(count)]
    found = []
    for run, expected in zip(runs, answers_of(bundle, pictures)):
        try:
            outputs = {name: output[0] for name, output in run.finish().items()}
            found.append("right" if is_same(outputs, expected) else "wrong")
        except ServerFailure as failure:
            found.append(failure.kind)
    return found


def test_what_finds_the_queue_full_is_refused_and_the_rest_is_answered(tmp_path: Path) -> None:
    path = write_color_bundle(tmp_path / "colors")
    exported = export(path, tmp_path / "repository", batch=1)

    def shorten_queue(config: Any) -> None:
        config.dynamic_batching.default_queue_policy.max_queue_size = PLACES

    change_config(exported, shorten_queue)
    Mood(exported, tmp_path / "mood.json").set(delay=0.3)
    bundle = load_bundle(path)
    with TritonServer(tmp_path / "repository") as server:
        model = RemoteModel.connect(bundle, ServerOptions(server.url), "fp32", 1, PATIENT)
        found = what_comes_of(bundle, model, CROWD)
        model.close()
    assert set(found) == {"right", REFUSED}
    # One runs while the others come; a machine that is very busy may have done one or two by then.
    assert found.count(REFUSED) >= CROWD - PLACES - 4
