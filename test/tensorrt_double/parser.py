"""The parser of ONNX, with what each version refuses."""

import operator
from pathlib import Path
from typing import Any, List, Optional, Tuple

import onnx
from onnx import TensorProto

from test.tensorrt_double import importers, plugins
from test.tensorrt_double.foundations import buffer_bytes, report, require
from test.tensorrt_double.network import fill, types_in
from test.tensorrt_double.surface import Bound

INT64_WARNING = (
    "onnx2trt_utils.cpp:369: Your ONNX model has been generated with INT64 weights, while TensorRT "
    "does not natively support INT64. Attempting to cast down to INT32."
)


class ParserError(Bound):
    """Why a model was refused."""

    _code: Any
    _desc: str
    _node: int
    _node_name: str
    _node_operator: str
    _func: str
    _file: str

    def code(self) -> Any:
        """An ErrorCode."""
        return self._code

    def desc(self) -> str:
        """In words."""
        return self._desc

    def node(self) -> int:
        """Its number, -1 for none."""
        return self._node

    def node_name(self) -> str:
        """Its name."""
        return self._node_name

    def node_operator(self) -> str:
        """Its operator."""
        return self._node_operator

    def file(self) -> str:
        """The parser's own source file; of an input, its name."""
        return self._file

    def line(self) -> int:
        """The line of that file."""
        return 1

    def func(self) -> str:
        """The function in that file."""
        return self._func

    def local_function_stack(self) -> List[str]:
        """None in the double."""
        return []

    def local_function_stack_size(self) -> int:
        """None in the double."""
        return 0

    def __str__(self) -> str:
        where = f"In node {self._node} "
        if self._api.major >= 10:
            where += f"with name: {self._node_name} and operator: {self._node_operator} "
        return f"{where}({self.func()}): {self._code.name}: {self._desc}"

    __repr__ = __str__


class OnnxParser(Bound):
    """Reads one model into one network. A later opset than the documented one is no reason to
    refuse it, nor to warn: importers look at the operators alone."""

    def __init__(self, network: Any, logger: Any) -> None:
        self._constructed = True
        self._network = require(self._api.INetworkDefinition, network)
        self._logger = require(self._api.ILogger, logger)
        self._errors: List[Any] = []
        self._flags = int(plugins.native_by_default(self._api))  # NATIVE_INSTANCENORM is bit 0
        self._runs: List[Tuple[List[int], bool]] = []

    @property
    def num_errors(self) -> int:
        """How many since the last ``clear_errors``."""
        return len(self._errors)

    def get_error(self, index: int) -> Any:
        """The error, or None."""
        return self._errors[index] if 0 <= index < len(self._errors) else None

    def clear_errors(self) -> None:
        """Forget them."""
        self._errors = []

    def get_used_vc_plugin_libraries(self) -> List[str]:
        """Those of the plugins that a plan for other versions may have."""
        found = (plugins.LIBRARY_OF_COMPATIBLE.get(name) for name in self._network._plugins)
        return [library for library in found if library is not None]

    def supports_operator(self, op_name: str) -> bool:
        """Whether this version has it."""
        return importers.is_supported(self._api, op_name)

    @property
    def flags(self) -> int:
        """As bits."""
        return self._flags

    @flags.setter
    def flags(self, flags: int) -> None:
        self._flags = operator.index(flags)

    def set_flag(self, flag: Any) -> None:
        """Set one."""
        self._flags |= 1 << int(require(self._api.OnnxParserFlag, flag))

    def clear_flag(self, flag: Any) -> None:
        """Clear one."""
        self._flags &= ~(1 << int(require(self._api.OnnxParserFlag, flag)))

    def get_flag(self, flag: Any) -> bool:
        """Whether it is set."""
        return bool(self._flags >> int(require(self._api.OnnxParserFlag, flag)) & 1)

    def supports_model(self, model: Any, path: Optional[str] = None) -> Any:
        """Whether it is parsed, and the runs of nodes that are not to blame if it is not."""
        done = self.supports_model_v2(model, path)
        return done, list(self._runs)

    def supports_model_v2(self, model: Any, path: Optional[str] = None) -> bool:
        """Parse it; then ``num_subgraphs`` and the others tell the runs of nodes. Of several errors
        the last one's node is to blame."""
        done = self.parse(model, path)
        blamed = [error._node for error in self._errors if error._node != -1][-1:]
        inputs = [error._file for error in self._errors if error._node == -1]
        self._runs, ends = [], True
        for number, node in enumerate(onnx.load_from_string(buffer_bytes(model)).graph.node):
            left = importers.is_left_to_others(self._api, node.op_type)
            if left or number in blamed or set(inputs) & set(node.input):
                done, ends = False, True
                continue
            if ends:
                self._runs.append(([], False))
            self._runs[-1][0].append(number)
            ends = False
        if done:
            self._runs[-1] = (self._runs[-1][0], True)
        return done

    @property
    def num_subgraphs(self) -> int:
        """After ``supports_model_v2``."""
        return len(self._runs)

    def is_subgraph_supported(self, index: int) -> bool:
        """After ``supports_model_v2``."""
        return self._runs[index][1]

    def get_subgraph_nodes(self, index: int) -> List[int]:
        """After ``supports_model_v2``: the numbers of nodes."""
        return self._runs[index][0]

    def parse(self, model: Any, path: Optional[str] = None) -> bool:
        """From bytes; weights beside the file are found through ``path``."""
        try:
            read = onnx.load_from_string(buffer_bytes(model))
            if path is not None:
                onnx.load_external_data_for_model(read, str(Path(path).parent))
        except TypeError:
            raise
        except Exception:  # protobuf's errors have no common base below Exception
            return self._refuse("MODEL_DESERIALIZE_FAILED", "Failed to parse the ONNX model.")
        return self._take(read)

    def parse_from_file(self, model: str) -> bool:
        """From a file, with the weights beside it."""
        try:
            read = onnx.load(require(str, model))
        except TypeError:
            raise
        except Exception:  # protobuf's errors have no common base below Exception
            return self._refuse("MODEL_DESERIALIZE_FAILED", f"Failed to parse the file: {model}")
        return self._take(read)

    def _take(self, model: onnx.ModelProto) -> bool:
        network = self._network
        if not model.graph.node:
            return self._refuse("MODEL_DESERIALIZE_FAILED", "Failed to parse the ONNX model.")
        if not network._explicit_batch:
            return self._refuse(
                "INVALID_VALUE",
                "This version of the ONNX parser only supports TensorRT INetworkDefinitions with "
                "an explicit batch dimension. Please ensure the network was created using the "
                "EXPLICIT_BATCH NetworkDefinitionCreationFlag.",
            )
        if network._model is not None:
            self._api.machine.fail("two models were parsed into one network")
        if not self._api.at_least(10):
            plugins.register(self._api, self._logger, "")
        refusals = importers.refusals_of(self._api, model, bool(self._flags & 1))
        for refusal in refusals:
            self._add(refusal)
        if refusals:
            return False
        native = bool(self._flags & 1)
        network._plugins = plugins.plugins_of(self._api, model.graph, native)
        if not self._api.at_least(10) and TensorProto.INT64 in types_in(model):
            report(self._api, self._logger, "WARNING", INT64_WARNING)
        fill(network, model)
        return True

    def _refuse(self, code: str, text: str) -> bool:
        self._add(importers.Refusal(code, text, "importModel"))
        return False

    def _add(self, refusal: importers.Refusal) -> None:
        codes = self._api.ErrorCode
        error = self._api.ParserError._make(
            code=getattr(codes, refusal.code, codes.UNSUPPORTED_NODE),
            desc=refusal.text,
            node=refusal.node,
            node_name=refusal.name,
            node_operator=refusal.operator,
            func=refusal.func,
            file=refusal.file,
        )
        self._errors.append(error)
        report(self._api, self._logger, "ERROR", f"ModelImporter.cpp:1: {error}")
