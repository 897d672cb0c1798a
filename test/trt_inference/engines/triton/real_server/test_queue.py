"""What a real Triton server does with requests that it cannot run at once, by the configuration
that exports write."""

from typing import Any, Iterator, List, NamedTuple

import pytest

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
from trt_inference.engines.triton.failures import REFUSED, TOO_LATE, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel

pytestmark = needs_triton

PATIENT = 60.0  # seconds
PLACES = 4  # in the queue
CROWD = 16  # requests


class Busy(NamedTuple):
    """A server with a short queue, which runs one image at a time."""

    bundle: Bundle
    url: str
    mood: Mood


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    folder = tmp_path_factory.mktemp("triton")
    bundle = write_color_bundle(folder / "colors")
    exported = export(bundle, folder / "repository", batch=1)

    def shorten(config: Any) -> None:
        config.dynamic_batching.default_queue_policy.max_queue_size = PLACES

    change_config(exported, shorten)
    mood = Mood(exported, folder / "mood.json")
    with TritonServer(folder / "repository") as running:
        yield Busy(load_bundle(bundle), running.url, mood)


@pytest.fixture
def busy(server: Busy) -> Iterator[Busy]:
    yield server
    server.mood.set()


def connect(busy: Busy) -> RemoteModel:
    return RemoteModel.connect(busy.bundle, ServerOptions(busy.url), "fp32", 1, PATIENT)


def kinds_of(busy: Busy, model: RemoteModel, count: int, deadline: float) -> List[str]:
    """Ask for pictures, all at once: the kinds of the failures, and what is wrong otherwise."""
    pictures = random_pictures(busy.bundle, count)
    runs = [model.start(pictures[place : place + 1], deadline) for place in range(count)]
    kinds = []
    for run, expected in zip(runs, answers_of(busy.bundle, pictures)):
        try:
            outputs = {name: output[0] for name, output in run.finish().items()}
            kinds.append("right" if is_same(outputs, expected) else "wrong")
        except ServerFailure as failure:
            kinds.append(failure.kind)
    return kinds


def test_what_finds_the_queue_full_is_refused_at_once(busy: Busy) -> None:
    model = connect(busy)
    busy.mood.set(delay=0.5)
    kinds = kinds_of(busy, model, CROWD, PATIENT)
    model.close()
    assert set(kinds) == {"right", REFUSED}
    assert kinds.count(REFUSED) >= CROWD - 2 * (PLACES + 1)


def test_what_has_waited_for_too_long_is_dropped_and_does_not_hold_up_the_next(
    busy: Busy,
) -> None:
    model = connect(busy)
    busy.mood.set(delay=2.0)
    before = model.statistics(PATIENT)
    # One runs, for longer than anybody waits, and the others wait for it; a place is left.
    assert set(kinds_of(busy, model, PLACES, deadline=0.5)) <= {TOO_LATE, REFUSED}
    busy.mood.set()
    end = time.monotonic() + PATIENT
    while kinds_of(busy, model, 1, PATIENT) != ["right"]:  # before the first one is done
        assert time.monotonic() < end
    after = model.statistics(PATIENT)
    model.close()
    assert after.count - before.count == 2
