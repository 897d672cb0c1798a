"""The worker process of the export: python3 -m converter.export.worker_process REQUEST ANSWER."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from converter.errors import ExportError
from converter.export import cut_image_decoding, cut_suppression, flatten, rewrites, to_onnx
from converter.export.batch_statistics import write_statistics
from converter.export.behind_layers import open_session
from converter.export.fake_quant import FakeQuants, has_fake_quant, refuse_integers, take_out
from converter.export.floats import NOTES, other_float, to_float32
from converter.export.follow_weights import follow_weights
from converter.export.functional_loops import make_functional
from converter.export.graph_inputs_outputs import (
    add_outputs,
    open_inputs,
    set_image,
    set_values,
    take_one_text,
)
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.mark_tensors import mark, take_marks
from converter.export.opsets import OpsetNeed, describe_needs
from converter.export.provenance import imported
from converter.export.request_answer import (
    FLAT_GRAPH_FILE,
    MODEL_FILE,
    TRAINED_GRAPH_FILE,
    ExportAnswer,
    ExportRequest,
    Unsupported,
    read_request,
    write_message,
)
from converter.export.restore_variables import restore_missing
from converter.export.unroll_loops import has_loops, unroll_loops
from converter.export.weights import Weights, freeze, has_variables_in_functions
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import write_grids


class ExportJob:
    """One export, stage after stage; what it finds out is collected in ``answer``."""

    def __init__(self, request: ExportRequest) -> None:
        self.request = request
        self.answer = ExportAnswer()
        self._seconds: dict[str, float] = {}
        self._notes: list[str] = []
        self._fake_quants = FakeQuants()
        self._weights = Weights(Path(request.folder) / "weights", request.set_aside)

    def run(self) -> ExportAnswer:
        """Do it all.

        Raises:
            ExportError: for a reason that the user can act on.
        """
        started = time.monotonic()
        view, outputs = self._load()
        started = self._took("load, flatten and freeze", started)
        image, outputs = self._cut(view, outputs)
        float_type = self._widen(view)
        self._notes += write_statistics(view)
        self._take_out_fake_quant(view, image, outputs)
        operators = Counter(node.op for node in view.operators())
        model, outputs, unsupported = self._convert(view, image, outputs)
        self._took("tf2onnx", started)
        if not unsupported:
            folder = Path(self.request.folder)
            onnx.save(model, str(folder / MODEL_FILE))
            (folder / FLAT_GRAPH_FILE).write_bytes(view.graph_def.SerializeToString())
        return replace(
            self.answer,
            input=image,
            outputs=outputs,
            weights={name: str(file) for name, file in self._weights.files.items()},
            weight_bytes=self._weights.total_bytes,
            operators=dict(operators),
            float_type=float_type,
            unsupported=unsupported,
            notes=tuple(self._notes),
            seconds=self._seconds,
        )

    def _took(self, stage: str, started: float) -> float:
        now = time.monotonic()
        self._seconds[stage] = now - started
        return now

    def _load(self) -> tuple[GraphView, dict[str, str]]:
        """The signature as one graph with the values of its weights, and its outputs."""
        request, tf = self.request, tensorflow()
        graph = tf.Graph()
        with graph.as_default(), open_session(graph) as session:
            loaded = flatten.load_signature(session, Path(request.saved_model), request.tags)
            restore_missing(session, Path(request.saved_model))
            outputs = {}
            if not request.ends:
                outputs = add_outputs(loaded, graph, self._numbers_only(graph))
            ends = list(request.inputs.values()), list(outputs.values() or request.ends)
            view = GraphView(flatten.flatten(loaded, *ends))
            if has_variables_in_functions(view):  # then all of them stay in the graph
                frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
                    session, loaded, [node_of(tensor) for tensor in ends[1]]
                )
                view = GraphView(flatten.flatten(frozen, *ends))
            if request.ends:
                outputs = self._end_inside(view)
            self._weights.count_constants(view)
            freeze(view, session, self._weights)
        self._weights.set_constants_aside(view)
        return view, outputs

    def _end_inside(self, view: GraphView) -> dict[str, str]:
        """Let the graph end at the outputs that are wanted, of which some are tensors inside."""
        outputs = add_outputs(view.graph_def, imported(view), self.request.outputs)
        view.refresh()
        given = {node_of(tensor) for tensor in self.request.inputs.values()}
        view.keep(view.ancestors(outputs.values()) | given)
        return outputs

    def _numbers_only(self, graph: Any) -> dict[str, str]:
        """The outputs of the signature without those that are texts."""
        kept = {}
        for name, tensor in self.request.outputs.items():
            if graph.get_tensor_by_name(tensor).dtype == tensorflow().string:
                self._notes.append(f"output {name} is left out: it gives texts")
            else:
                kept[name] = tensor
        if not kept:
            raise ExportError("all outputs of the signature are texts: choose another signature")
        return kept

    def _cut(self, view: GraphView, outputs: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Fix the inputs, and cut decoding and suppression away."""
        request = self.request
        image = canonical(request.inputs[request.image])
        if request.encoded:
            take_one_text(view, image)
        else:
            set_image(view, image, request.image_shape)
        others = {name: tensor for name, tensor in request.inputs.items() if name != request.image}
        set_values(view, others, request.values)
        ends = [*outputs.values(), *request.inputs.values()]
        make_functional(view)
        unroll_loops(view, ends)
        if request.encoded:
            image, note = cut_image_decoding.cut_image_decoding(view, image, request.image_shape)
            self._notes.append(note)
        outputs = self._cut_suppression(view, outputs)
        view.keep(view.ancestors(outputs.values()) | {node_of(image)})
        self._unroll_for_one_image(view, [*outputs.values(), image])
        rewrites.rewrite(view)
        view.keep(view.ancestors(outputs.values()) | {node_of(image)})
        self._weights.set_constants_aside(view)
        waiting = open_inputs(view, request.inputs, request.image)
        if waiting:
            raise ExportError(
                f"the outputs depend on inputs beside the image: {', '.join(waiting)}. "
                f"Give each a fixed value, as in --set {waiting[0]}=1; where they belong to the "
                "training, choose the signature for inference with --signature"
            )
        return image, outputs

    def _widen(self, view: GraphView) -> str:
        """Compute in float32 alone; the answer is the type in which it computed before."""
        float_type = other_float(view)
        if float_type in NOTES:
            to_float32(view, self._weights.files)
            self._weights.set_constants_aside(view)
            self._notes.append(NOTES[float_type])
        return float_type

    def _take_out_fake_quant(self, view: GraphView, image: str, outputs: dict[str, str]) -> None:
        """Leave the float network; the graph as it was trained is written beside it."""
        refuse_integers(view)
        if not has_fake_quant(view):
            return
        trained = Path(self.request.folder) / TRAINED_GRAPH_FILE
        trained.write_bytes(view.graph_def.SerializeToString())
        self._fake_quants = take_out(view, image, self._weights)
        view.keep(view.ancestors(outputs.values()) | {node_of(image)})
        self._notes.extend(self._fake_quants.notes)
        self.answer = replace(self.answer, fake_quants=self._fake_quants.count)

    def _unroll_for_one_image(self, view: GraphView, wanted: Sequence[str]) -> None:
        """Where loops go over the images of a batch of any size, make it one image, so that they
        run once; it stays open where that does not help."""
        shape = self.request.image_shape
        if self.request.encoded or not shape or shape[0] >= 0 or not has_loops(view):
            return
        before = type(view.graph_def)()
        before.CopyFrom(view.graph_def)
        set_image(view, wanted[-1], (1, *shape[1:]))
        unrolled = unroll_loops(view, wanted)
        if unrolled:
            self._notes.append(
                f"the loop over the images of a batch ({', '.join(unrolled)}) is unrolled: the "
                "network takes one image at a time"
            )
        else:
            view.graph_def.CopyFrom(before)
            view.refresh()

    def _cut_suppression(self, view: GraphView, outputs: dict[str, str]) -> dict[str, str]:
        if self.request.keep_suppression:
            return outputs
        found = cut_suppression.cut_suppression(view, outputs)
        if found is None:
            return outputs
        self.answer = replace(self.answer, suppression=found.thresholds)
        self._notes.append(found.note)
        return found.outputs

    def _convert(
        self, view: GraphView, image: str, outputs: dict[str, str]
    ) -> tuple[onnx.ModelProto, dict[str, str], tuple[Unsupported, ...]]:
        """Convert; outputs that cannot be are left out where others can."""
        model, unsupported = self._to_onnx(view, image, outputs)
        if not unsupported:
            return model, outputs, ()
        bad = {(entry.node, entry.operator) for entry in unsupported}
        sound = {
            name: tensor
            for name, tensor in outputs.items()
            if node_of(image) in (behind := view.ancestors([tensor]))
            and not any((node.name, node.op) in bad for node in view.with_bodies(behind))
        }
        if not sound or len(sound) == len(outputs):
            return model, outputs, unsupported
        view.keep(view.ancestors(sound.values()) | {node_of(image)})
        model, still = self._to_onnx(view, image, sound)
        left = sorted(set(outputs) - set(sound))
        self._notes.append(
            f"output {', '.join(left)} is left out: it needs {unsupported[0].operator}, "
            "which ONNX does not have"
        )
        return model, sound, still

    def _to_onnx(
        self, view: GraphView, image: str, outputs: dict[str, str]
    ) -> tuple[onnx.ModelProto, tuple[Unsupported, ...]]:
        """Convert at the opset that is asked for, and once more where operators came later."""
        request = self.request
        files = self._weights.files.items()
        weights = {name: file for name, file in files if node_of(name) in view.nodes}
        ends = image, weights, list(outputs.values())
        converted = self._marked_to_onnx(view, *ends, request.opset)
        needs = [
            OpsetNeed(one.operator, one.since, one.node)
            for one in converted.unsupported
            if request.opset < one.since <= request.highest_opset
        ]
        opset = max([request.opset, *(need.opset for need in needs)])
        if needs:
            converted = self._marked_to_onnx(view, *ends, opset)
        self.answer = replace(self.answer, opset=opset, opset_reasons=describe_needs(needs))
        self._notes.extend(converted.notes)
        return converted.model, converted.unsupported

    def _marked_to_onnx(
        self,
        view: GraphView,
        image: str,
        weights: Mapping[str, Path],
        outputs: Sequence[str],
        opset: int,
    ) -> to_onnx.Converted:
        """Convert, and keep what training has found for tensors with the model."""
        taken = self._fake_quants
        if not taken.count:
            return to_onnx.convert_to_onnx(view.graph_def, image, weights, outputs, opset)
        marked = type(view.graph_def)()
        marked.CopyFrom(view.graph_def)
        marks = mark(marked, taken.activations)
        converted = to_onnx.convert_to_onnx(marked, image, weights, outputs, opset)
        model = converted.model
        grids = take_marks(model, {marks[name]: grid for name, grid in taken.activations.items()})
        trained = {canonical(name): grid for name, grid in taken.weights.items()}
        write_grids(model, {**grids, **follow_weights(model, trained)})
        return converted


def main(request_file: str, answer_file: str) -> int:
    """Export and answer. Returns the exit code, 0 when there is an answer."""
    tensorflow().compat.v1.logging.set_verbosity("ERROR")
    try:
        answer = ExportJob(read_request(Path(request_file))).run()
    except ExportError as error:
        answer = ExportAnswer(error=str(error))
    write_message(replace(answer, peak_bytes=_peak_bytes()), Path(answer_file))
    return 0


def _peak_bytes() -> int:
    """Resident memory at most. Not from getrusage, which counts the parent's at the start too."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
