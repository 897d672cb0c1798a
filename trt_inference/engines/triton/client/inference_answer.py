"""Check an answer against what was asked, and copy it into arrays that are allocated once."""

from typing import Any, Dict, List, Mapping

import numpy as np

from trt_inference.bundles.bundle import Bundle, OutputSpec
from trt_inference.bundles.names import SCORES
from trt_inference.engines.triton.client.model_misfit import TRITON_DTYPES, quoted_name
from trt_inference.engines.triton.client.served_model import ServedModel
from trt_inference.engines.triton.client.server_connection import parse_answer
from trt_inference.engines.triton.failures import BAD_ANSWER, ServerFailure
from trt_inference.printable import shortened

# Of results that are valid at the same time: the last, and the one before.
_KEPT = 2
# Above 1, as sums in the network are rounded.
_HIGHEST_SCORE = 1 + 1e-3
_HEAD = 1 << 16  # bytes; more than names, shapes and parameters of an answer take


class AnswerReader:
    """Reads the answers of one model. Not for several threads."""

    def __init__(
        self, messages: Any, bundle: Bundle, served: ServedModel, batch: int, name: str
    ) -> None:
        """
        Args:
            messages: the module with Triton's messages.
            batch: most images in one answer.
            name: of the server, for messages.
        """
        self._kind = messages.ModelInferResponse
        self._served = served
        self._specs = {one.name: one for one in bundle.outputs}
        self._name = name
        self._arrays = [_allocate(bundle, batch) for _ in range(_KEPT)]
        self._turn = 0

    def read(self, content: bytes, identity: str, count: int) -> Mapping[str, np.ndarray]:
        """
        Args:
            content: a serialised ModelInferResponse.
            identity: of the request.
            count: of the images that were sent.

        Returns:
            The outputs by name, ``[count, ...]``, which the next but one call overwrites.

        Raises:
            ServerFailure: it is no answer of this model.
        """
        answer = parse_answer(self._kind, content, self._name)
        fault = self._find_fault(answer, identity, count)
        if fault:
            raise self._misfit(fault)
        self._turn = (self._turn + 1) % _KEPT
        outputs = {name: array[:count] for name, array in self._arrays[self._turn].items()}
        for told, raw in zip(answer.outputs, answer.raw_output_contents):
            target = outputs[told.name]
            target[...] = np.frombuffer(raw, target.dtype).reshape(target.shape)
        if SCORES in outputs and not _are_scores(outputs[SCORES]):
            raise self._misfit("its scores are above 1, or not in descending order")
        return outputs

    def _find_fault(self, answer: Any, identity: str, count: int) -> str:
        served = self._served
        if answer.model_name != served.name or answer.model_version != str(served.version):
            return (
                f"it is of {quoted_name(answer.model_name)}, version "
                f"{quoted_name(answer.model_version)}, not of version {served.version} of "
                f"{quoted_name(served.name)}"
            )
        if answer.id != identity:
            return f"it answers request {quoted_name(answer.id)}, not '{identity}'"
        names: List[str] = [one.name for one in answer.outputs]
        if sorted(names) != sorted(self._specs) or len(answer.raw_output_contents) != len(names):
            shown = ", ".join(quoted_name(name) for name in names[:5]) or "none"
            return (
                f"its outputs are {shown} with {len(answer.raw_output_contents)} contents, not "
                f"{', '.join(quoted_name(name) for name in self._specs)}"
            )
        faults = (
            _fault_of(told, raw, self._specs[told.name], count)
            for told, raw in zip(answer.outputs, answer.raw_output_contents)
        )
        return next(filter(None, faults), "")

    def _misfit(self, fault: str) -> ServerFailure:
        return ServerFailure(f"{self._name}: {BAD_ANSWER}: {fault}", BAD_ANSWER)


def most_received(bundle: Bundle, batch: int) -> int:
    """Bytes of the longest answer for ``batch`` images."""
    return _HEAD + sum(_size(one, batch) for one in bundle.outputs)


def _size(spec: OutputSpec, count: int) -> int:
    """Bytes of an output."""
    return int(np.prod((count, *spec.shape[1:]))) * np.dtype(spec.dtype).itemsize


def _allocate(bundle: Bundle, batch: int) -> Dict[str, np.ndarray]:
    return {one.name: np.zeros((batch, *one.shape[1:]), one.dtype) for one in bundle.outputs}


def _fault_of(told: Any, raw: bytes, spec: OutputSpec, count: int) -> str:
    shape = [count, *spec.shape[1:]]
    if told.datatype != TRITON_DTYPES[spec.dtype] or list(told.shape) != shape:
        return (
            f"its output '{spec.name}' is {quoted_name(told.datatype)} "
            f"{shortened(str(list(told.shape)))}, not {TRITON_DTYPES[spec.dtype]} {shape}"
        )
    size = _size(spec, count)
    return "" if len(raw) == size else f"its output '{spec.name}' has {len(raw)} bytes, not {size}"


def _are_scores(scores: np.ndarray) -> bool:
    """Whether ``[count, K]`` may be scores. Those below 0 may, as no threshold lets them through,
    and NaN may: who gets the results reports it."""
    with np.errstate(invalid="ignore"):
        is_too_high = scores > _HIGHEST_SCORE
        is_rising = scores[:, 1:] > scores[:, :-1]
    return not (is_too_high.any() or is_rising.any())
