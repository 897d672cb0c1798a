"""What would fail at the first frame fails when the engine is opened."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

import numpy as np
import pytest

from test.color_bundle import CANDIDATES, SIZE
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.onnxruntime.engine import OnnxRuntimeEngine
from trt_inference.errors import EngineError
from trt_inference.inference import detector as detector_module
from trt_inference.inference.detector import Detector


class Changed(OnnxRuntimeEngine):
    """An engine that gives other outputs than its network."""

    changes: Dict[str, Any] = {}  # noqa: RUF012 - the fixture empties it
    seen: List[np.ndarray] = []  # noqa: RUF012
    closed = 0

    def finish(self) -> Mapping[str, np.ndarray]:
        Changed.seen.append(self.input_buffer().copy())
        return {**super().finish(), **self.changes}

    def close(self) -> None:
        Changed.closed += 1
        super().close()


@pytest.fixture
def bundle(shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bundle]:
    def open_engine(bundle: Bundle, backend: str, name: str, options: EngineOptions) -> Changed:
        return Changed(bundle, name, options.threads, options.batch)

    monkeypatch.setattr(detector_module, "open_engine", open_engine)
    monkeypatch.setattr(Changed, "changes", {})
    monkeypatch.setattr(Changed, "seen", [])
    monkeypatch.setattr(Changed, "closed", 0)
    yield load_bundle(shared_color_bundle)


def scores(value: float) -> np.ndarray:
    return np.full((1, CANDIDATES), value, np.float32)


def test_a_network_of_whose_outputs_no_result_can_be_made_is_refused(bundle: Bundle) -> None:
    """Though the scores of the first picture are below the threshold."""
    Changed.changes = {"scores": scores(0.1), "classes": np.zeros((1, 3), np.int32)}
    with pytest.raises(EngineError, match=r"no result can be made of what .*colors gives"):
        Detector.open(bundle)
    assert Changed.closed == 1


def test_the_first_result_is_of_all_candidates(bundle: Bundle) -> None:
    boxes = np.arange(CANDIDATES * 4, dtype=np.float32).reshape(1, CANDIDATES, 4)
    boxes[..., 2:] = boxes[..., :2] + 1
    Changed.changes = {"scores": scores(0.01), "boxes": boxes[:, ::-1] % SIZE}
    with Detector.open(bundle) as detector:
        assert detector.first is not None and detector.first.is_finite
        assert len(detector.first.result) > 1  # type: ignore[arg-type]
        assert (detector.counts.full, detector.counts.not_finite) == (0, 0)
        assert not detector.clock.percentiles()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_first_result_that_is_not_finite_is_told(bundle: Bundle, value: float) -> None:
    Changed.changes = {"scores": scores(value)}
    with Detector.open(bundle) as detector:
        assert detector.first is not None and not detector.first.is_finite


def test_the_first_picture_has_contrast_and_is_of_bytes(bundle: Bundle) -> None:
    with Detector.open(bundle, options=EngineOptions(batch=2)):
        pass
    for buffer in Changed.seen:
        assert buffer.dtype == np.uint8
        for image in buffer:
            assert (image[0, 0] == 0).all() and image[0, -1].min() > 200
