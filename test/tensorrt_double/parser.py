"""The parser of ONNX, with what each version refuses."""

import operator
from pathlib import Path
from typing import Any, List, Optional, Set, Tuple

import onnx
import onnx.numpy_helper  # old versions of onnx do not import it
from onnx import TensorProto

from test.tensorrt_double import plugins
from test.tensorrt_double.foundations import buffer_bytes, report, require
from test.tensorrt_double.network import fill, types_in
from test.tensorrt_double.surface import Bound

# No version has these.
UNKNOWN = {"Unique", "TfIdfVectorizer", "StringNormalizer", "SequenceConstruct", "SplitToSequence"}
# Operators that came after 8.0, from the importers in the sources of onnx-tensorrt.
SINCE = {
    (8, 2): {"Einsum", "GatherND", "IsNaN", "Round", "ScatterElements", "ScatterND", "Sign"},
    (8, 4): {"HardSwish", "Shrink", "Xor"},
    (8, 5): {"GridSample", "MeanVarianceNormalization", "Mod", "NonZero", "OneHot", "RoiAlign"}
    | {"RandomNormal", "RandomNormalLike", "Trilu"},
    (8, 6): {"GroupNormalization", "IsInf", "LayerNormalization"},
    (10, 0): {"CastLike", "Gelu", "Hardmax", "Mish"},
}
MOST_K = 3840
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
        """The parser's own source file."""
        return "ModelImporter.cpp"

    def line(self) -> int:
        """The line of that file."""
        return 1

    def func(self) -> str:
        """The function in that file."""
        return "importModel"

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
        return op_name not in self._lacking()

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
        """Whether all of it is, and runs of nodes that are or are not."""
        self.supports_model_v2(model, path)
        return all(good for _, good in self._runs), list(self._runs)

    def supports_model_v2(self, model: Any, path: Optional[str] = None) -> bool:
        """Whether all of it is; then ``num_subgraphs`` and the others tell the parts."""
        self._runs = []
        for number, node in enumerate(onnx.load_from_string(buffer_bytes(model)).graph.node):
            good = self.supports_operator(node.op_type) and node.domain in ("", "ai.onnx")
            if not self._runs or self._runs[-1][1] != good:
                self._runs.append(([], good))
            self._runs[-1][0].append(number)
        return all(good for _, good in self._runs)

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

    def _lacking(self) -> Set[str]:
        later = (names for version, names in SINCE.items() if not self._api.at_least(*version))
        return UNKNOWN.union(*later)

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
        if not self._types_are_known(model) or not self._nodes_are_known(model):
            return False
        if not self._plugins_are_known(model):
            return False
        if not self._api.at_least(10) and TensorProto.INT64 in types_in(model):
            report(self._api, self._logger, "WARNING", INT64_WARNING)
        fill(network, model)
        return True

    def _plugins_are_known(self, model: onnx.ModelProto) -> bool:
        if not self._api.at_least(10):
            plugins.register(self._api, self._logger, "")
        needed = plugins.plugins_of(self._api, model.graph, bool(self._flags & 1))
        if needed and self._api.machine.plugin_logger is None:
            text = f"{needed[0]} plugin was not found in the plugin registry!"
            return self._refuse("UNSUPPORTED_NODE", text)
        self._network._plugins = needed
        return True

    def _types_are_known(self, model: onnx.ModelProto) -> bool:
        for value in (*model.graph.input, *model.graph.output):
            kind = value.type.tensor_type.elem_type
            if kind == TensorProto.UINT8 and not self._api.at_least(8, 5):
                return self._refuse(
                    "UNSUPPORTED_NODE",
                    "Assertion failed: convertDtype(onnxDtype.elem_type(), &trtDtype) && "
                    '"Failed to convert ONNX date type to TensorRT data type."',
                    name=value.name,
                )
        return True

    def _nodes_are_known(self, model: onnx.ModelProto) -> bool:
        weights = {tensor.name: tensor for tensor in model.graph.initializer}
        for number, node in enumerate(model.graph.node):
            if _casts_to_uint8(node) and not self._api.at_least(8, 5):
                return self._refuse(
                    "INVALID_NODE",
                    'Assertion failed: convertDtype(onnxType, &dtype) && "Unsupported data type '
                    'for the Cast operator!"',
                    number,
                    node.name,
                    node.op_type,
                )
            if node.domain not in ("", "ai.onnx") or node.op_type in self._lacking():
                return self._refuse(
                    "UNSUPPORTED_NODE" if self._api.at_least(10) else "INVALID_NODE",
                    'creator && "Plugin not found, are the plugin name, version, and namespace '
                    'correct?"',
                    number,
                    node.name,
                    node.op_type,
                )
            k = weights.get(node.input[1]) if node.op_type == "TopK" else None
            if k is not None and int(onnx.numpy_helper.to_array(k).ravel()[0]) > MOST_K:
                return self._refuse(
                    "UNSUPPORTED_NODE",
                    f"This version of TensorRT only supports K <= {MOST_K}.",
                    number,
                    node.name,
                    node.op_type,
                )
        return True

    def _refuse(
        self, code: str, text: str, node: int = -1, name: str = "", operator: str = ""
    ) -> bool:
        error = self._api.ParserError._make(
            code=getattr(self._api.ErrorCode, code),
            desc=text,
            node=node,
            node_name=name,
            node_operator=operator,
        )
        self._errors.append(error)
        report(self._api, self._logger, "ERROR", f"ModelImporter.cpp:1: {error}")
        return False


def _casts_to_uint8(node: onnx.NodeProto) -> bool:
    targets = [given.i for given in node.attribute if given.name == "to"]
    return node.op_type == "Cast" and targets == [TensorProto.UINT8]
