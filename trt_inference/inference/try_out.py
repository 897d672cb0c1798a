"""Whether results can be made of what an engine gives, found out before the first frame."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.base import Engine
from trt_inference.errors import EngineError, TrtInferenceError
from trt_inference.inference.geometry import place
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.results import Result
from trt_inference.inference.selection import EVERYTHING


class FirstResult(NamedTuple):
    """What an engine finds in a picture that is made up.

    Attributes:
        result: of all candidates, whatever their scores.
        is_finite: whether the result at the bundle's own thresholds is.
    """

    result: Result
    is_finite: bool


def try_out(bundle: Bundle, engine: Engine) -> FirstResult:
    """Run the engine on one picture and on as many as it takes, and make results of it.

    Raises:
        EngineError: the engine fails, or no result can be made of what it gives.
    """
    try:
        return _first_result(bundle, engine)
    except TrtInferenceError:
        raise
    except Exception as error:  # whatever a network can give that no code expects
        raise EngineError(
            f"no result can be made of what {bundle.path} gives: {error!r}. Convert the model again"
        ) from error


def _first_result(bundle: Bundle, engine: Engine) -> FirstResult:
    spec = bundle.input
    # From black to white: networks that divide by the contrast give no numbers for one color.
    picture = np.arange(spec.width)[:, None] * 255 // spec.width
    for count in sorted({1, engine.batch}):
        engine.input_buffer()[:] = picture
        outputs = {name: output[0] for name, output in engine.infer(count).items()}
    placement = place(spec.height, spec.width, spec.height, spec.width, spec.fitting)
    run, defaults = postprocess_for(bundle), bundle.defaults
    is_finite = run(outputs, placement, defaults, EVERYTHING).is_finite
    everything = replace(defaults, score_threshold=0.0)
    return FirstResult(run(outputs, placement, everything, EVERYTHING), is_finite)
