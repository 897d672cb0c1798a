"""A node as an importer sees it, with the words in which the parser of each version refuses."""

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence

import onnx

from test.tensorrt_double.importers.refusal import FOLDING, Refusal
from test.tensorrt_double.importers.values import Value

if TYPE_CHECKING:
    from test.tensorrt_double.importers.model_reader import ModelReader


class ImportedNode:
    """Its inputs are None where they are left out."""

    def __init__(
        self,
        reader: "ModelReader",
        proto: onnx.NodeProto,
        number: int,
        inputs: Sequence[Optional[Value]] = (),
        outputs: Sequence[Value] = (),
    ) -> None:
        self.reader, self.api = reader, reader.api
        self.proto, self.number = proto, number
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.problems: List[Refusal] = []  # of the checks that 10 makes before it imports

    @property
    def operator(self) -> str:
        """Whatever its domain is."""
        return self.proto.op_type

    @property
    def name(self) -> str:
        """The parser makes one up where there is none."""
        return self.proto.name or f"node_of_{self.proto.output[0]}"

    @property
    def opset(self) -> int:
        """Of ONNX's own operators."""
        return self.reader.opset

    def attribute(self, name: str, default: Any = None) -> Any:
        """Strings are no bytes."""
        for given in self.proto.attribute:
            if given.name == name:
                value = onnx.helper.get_attribute_value(given)
                if isinstance(value, list) and value and isinstance(value[0], bytes):
                    return [text.decode() for text in value]
                return value.decode() if isinstance(value, bytes) else value
        return default

    def value(self, index: int) -> Optional[Value]:
        """An input, or None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def weights(self, index: int) -> Any:
        """The numbers of an input, or None where it has no weights."""
        value = self.value(index)
        return None if value is None else value.weights

    def is_computed(self, index: int) -> bool:
        """Whether an input is given, and has no weights."""
        value = self.value(index)
        return value is not None and value.weights is None

    def rank(self, index: int = 0) -> Optional[int]:
        """None where it is not known."""
        value = self.value(index)
        return None if value is None else value.rank

    def has_type(self, index: int, *dtypes: int) -> bool:
        """Whether an input is given, and of such a type."""
        value = self.value(index)
        return value is not None and value.dtype in dtypes

    def check(
        self, good: bool, condition: str, message: str, code: str = "UNSUPPORTED_NODE"
    ) -> None:
        """What depends on attributes only: 10 finds all of these before it imports the node."""
        if good:
            return
        text = f'{condition} && "{message}"' if message else condition
        self.complain(code, text if self.api.at_least(10) else f"Assertion failed: {text}")

    def complain(self, code: str, text: str) -> None:
        """As ``check`` does, without an assertion."""
        if not self.api.at_least(10):
            raise self._refusal(code, text)
        self.problems.append(
            self._refusal(code, text, f"check{self.operator}", "onnxOpCheckers.cpp")
        )

    def require(
        self, good: bool, condition: str, message: str, code: str = "UNSUPPORTED_NODE"
    ) -> None:
        """What an importer asserts.

        Raises:
            Refusal: it does not hold.
        """
        if not good:
            joint = ": " + message if self.api.at_least(10) else f' && "{message}"'
            raise self._refusal(code, f"Assertion failed: {condition}{joint}")

    def require_weights(self, index: int, message: str) -> None:
        """An input that has to be an initializer; 8.4 began to throw instead of to assert.

        Raises:
            Refusal: it is computed.
        """
        if not self.is_computed(index):
            return
        if not self.api.at_least(8, 4):
            self.require(False, f"inputs.at({index}).is_weights()", message)
        self.throw(message + FOLDING)

    def throw(self, message: str) -> None:
        """An exception in an importer.

        Raises:
            Refusal: always.
        """
        if self.api.at_least(10):
            text = f"Exception occurred in - {self.name}\n{message}"
            raise self._in_graph("INTERNAL_ERROR", text)
        raise self._in_graph("INVALID_NODE", f"Invalid Node - {self.name}\n{message}")

    def refuse_layer(self, message: str) -> None:
        """What TensorRT itself says of the layer.

        Raises:
            Refusal: always.
        """
        self.refuse_in_core(f"{self.name}: {message}")

    def refuse_in_core(self, text: str) -> None:
        """What TensorRT itself reports while it is importing.

        Raises:
            Refusal: always.
        """
        raise self._in_graph("INVALID_NODE", f"Invalid Node - {self.name}\n{text}")

    def stop(self, code: str, text: str) -> None:
        """An error without an assertion.

        Raises:
            Refusal: always.
        """
        raise self._refusal(code, text)

    def refuse_in_graph(self, code: str, condition: str, message: str, detail: str = "") -> None:
        """What the loop over nodes asserts.

        Raises:
            Refusal: always.
        """
        if self.api.at_least(10):
            raise self._in_graph(code, f"Assertion failed: {condition}: {message}{detail}")
        raise self._in_graph(code, f'Assertion failed: {condition} && "{message}"')

    def _in_graph(self, code: str, text: str) -> Refusal:
        func = "parseNode" if self.api.at_least(10) else "parseGraph"
        return self._refusal(code, text, func, "ModelImporter.cpp")

    def _refusal(self, code: str, text: str, func: str = "", file: str = "") -> Refusal:
        modern = self.api.at_least(10)
        importers = "onnxOpImporters.cpp" if modern else "builtin_op_importers.cpp"
        return Refusal(
            code,
            text,
            func or f"import{self.operator}",
            file or importers,
            self.number,
            self.proto,
        )


Rule = Callable[[ImportedNode], None]

# By operator: what is checked first, and what is asserted when it is imported.
CHECKERS: Dict[str, List[Rule]] = {}
IMPORTERS: Dict[str, List[Rule]] = {}


def checker(*operators: str) -> Callable[[Rule], Rule]:
    """Registers a function that calls ``check``."""
    return _registering(CHECKERS, operators)


def importer(*operators: str) -> Callable[[Rule], Rule]:
    """Registers a function that requires, throws or refuses."""
    return _registering(IMPORTERS, operators)


def _registering(rules: Dict[str, List[Rule]], operators: Sequence[str]) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for operator in operators:
            rules.setdefault(operator, []).append(rule)
        return rule

    return register
