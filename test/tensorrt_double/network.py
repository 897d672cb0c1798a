"""Networks: their tensors, layers, and the ONNX that they came from."""

from typing import Any, Dict, List, Optional, Set

import onnx
from onnx import TensorProto

from test.tensorrt_double.foundations import require
from test.tensorrt_double.surface import Bound

# TensorRT's names of ONNX's types. Doubles become floats everywhere, int64 becomes int32 before 10.
DTYPES: Dict[int, str] = {
    TensorProto.FLOAT: "FLOAT",
    TensorProto.DOUBLE: "FLOAT",
    TensorProto.FLOAT16: "HALF",
    TensorProto.BFLOAT16: "BF16",
    TensorProto.INT8: "INT8",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.BOOL: "BOOL",
    TensorProto.UINT8: "UINT8",
}

LAYERS = {
    "Conv": "CONVOLUTION",
    "ConvTranspose": "DECONVOLUTION",
    "Cast": "CAST",
    "Concat": "CONCATENATION",
    "Gather": "GATHER",
    "MatMul": "MATRIX_MULTIPLY",
    "Gemm": "MATRIX_MULTIPLY",
    "TopK": "TOPK",
    "QuantizeLinear": "QUANTIZE",
    "DequantizeLinear": "DEQUANTIZE",
    "Softmax": "SOFTMAX",
    "Transpose": "SHUFFLE",
    "Reshape": "SHUFFLE",
    "Squeeze": "SHUFFLE",
    "Unsqueeze": "SHUFFLE",
    "Flatten": "SHUFFLE",
    "Slice": "SLICE",
    "Resize": "RESIZE",
    "MaxPool": "POOLING",
    "AveragePool": "POOLING",
    "GlobalAveragePool": "REDUCE",
    "Relu": "ACTIVATION",
    "Sigmoid": "ACTIVATION",
    "Clip": "ACTIVATION",
    "LeakyRelu": "ACTIVATION",
    "Exp": "UNARY",
    "Sqrt": "UNARY",
    "Constant": "CONSTANT",
    "Shape": "SHAPE",
    "Identity": "IDENTITY",
    "Pad": "SLICE",
    "Where": "SELECT",
}


class ITensor(Bound):
    """A value in a network."""

    _network: Any
    _name: str
    _dtype: Any
    _shape: List[int]
    _kind: str

    @property
    def name(self) -> str:
        """As ONNX calls it."""
        return self._name

    @property
    def shape(self) -> Any:
        """-1 where it is open."""
        return self._api.Dims(self._shape)

    @property
    def dtype(self) -> Any:
        """Settable before 11."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        if self._api.major >= 11:
            raise AttributeError("can't set attribute 'dtype'")
        self._dtype = require(self._api.DataType, dtype)

    @property
    def is_network_input(self) -> bool:
        """Whether it is."""
        return self._kind == "input"

    @property
    def is_network_output(self) -> bool:
        """Whether it is."""
        return self._kind == "output"

    @property
    def is_shape_tensor(self) -> bool:
        """Never in the double."""
        return False

    @property
    def is_execution_tensor(self) -> bool:
        """Always in the double."""
        return True

    @property
    def location(self) -> Any:
        """Always the device."""
        return self._api.TensorLocation.DEVICE


class ILayer(Bound):
    """A node of the ONNX."""

    _network: Any
    _name: str
    _type: Any
    _inputs: List[Any]
    _outputs: List[Any]

    @property
    def name(self) -> str:
        """As ONNX calls the node."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def type(self) -> Any:
        """A LayerType."""
        return self._type

    @property
    def num_inputs(self) -> int:
        """Constants are not counted."""
        return len(self._inputs)

    @property
    def num_outputs(self) -> int:
        """How many."""
        return len(self._outputs)

    def get_input(self, index: int) -> Any:
        """A tensor, or None."""
        return self._inputs[index] if 0 <= index < len(self._inputs) else None

    def get_output(self, index: int) -> Any:
        """A tensor, or None."""
        return self._outputs[index] if 0 <= index < len(self._outputs) else None

    @property
    def precision(self) -> Any:
        """What it computes in, if the builder is to obey."""
        return self._precision if self.precision_is_set else self._api.DataType.FLOAT

    @precision.setter
    def precision(self, dtype: Any) -> None:
        self._precision = require(self._api.DataType, dtype)

    @property
    def precision_is_set(self) -> bool:
        """Whether somebody did."""
        return getattr(self, "_precision", None) is not None

    def reset_precision(self) -> None:
        """The builder chooses again."""
        self._precision = None

    def set_output_type(self, index: int, dtype: Any) -> None:
        """What it shall put out."""
        types = self._output_types = dict(getattr(self, "_output_types", {}))
        types[index] = require(self._api.DataType, dtype)

    def get_output_type(self, index: int) -> Any:
        """What it puts out."""
        return getattr(self, "_output_types", {}).get(index, self._outputs[index]._dtype)

    def output_type_is_set(self, index: int) -> bool:
        """Whether somebody did."""
        return index in getattr(self, "_output_types", {})

    def reset_output_type(self, index: int) -> None:
        """The builder chooses again."""
        getattr(self, "_output_types", {}).pop(index, None)


class INetworkDefinition(Bound):
    """What the parser fills and the builder builds."""

    _builder: Any
    _explicit_batch: bool
    _strong: bool
    _flags: int
    _model: Optional[onnx.ModelProto]
    _inputs: List[Any]
    _outputs: List[Any]
    _layers: List[Any]

    @property
    def name(self) -> str:
        """Settable."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def num_inputs(self) -> int:
        """How many."""
        return len(self._inputs)

    @property
    def num_outputs(self) -> int:
        """How many."""
        return len(self._outputs)

    @property
    def num_layers(self) -> int:
        """How many."""
        return len(self._layers)

    def get_input(self, index: int) -> Any:
        """A tensor, or None."""
        return self._inputs[index] if 0 <= index < len(self._inputs) else None

    def get_output(self, index: int) -> Any:
        """A tensor, or None."""
        return self._outputs[index] if 0 <= index < len(self._outputs) else None

    def get_layer(self, index: int) -> Any:
        """A layer, or None."""
        return self._layers[index] if 0 <= index < len(self._layers) else None

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, index: int) -> Any:
        return self._layers[index]

    @property
    def has_implicit_batch_dimension(self) -> bool:
        """Only without EXPLICIT_BATCH, before 10."""
        return not self._explicit_batch

    @property
    def builder(self) -> Any:
        """Who made it."""
        return self._builder

    @property
    def flags(self) -> int:
        """The bits that it was made with."""
        return self._flags

    def get_flag(self, flag: Any) -> bool:
        """Whether it was made with ``flag``."""
        wanted = require(self._api.NetworkDefinitionCreationFlag, flag)
        return bool(self._flags >> int(wanted) & 1)


def fill(network: Any, model: onnx.ModelProto) -> None:
    """Put what the parser read into ``network``."""
    api = network._api
    network._model, network._name = model, model.graph.name
    inferred = onnx.shape_inference.infer_shapes(model).graph
    constants = {tensor.name for tensor in model.graph.initializer}
    made_by = {name: node.op_type for node in model.graph.node for name in node.output}
    tensors = {}
    for kind, values in (
        ("inner", inferred.value_info),
        ("input", inferred.input),
        ("output", inferred.output),
    ):
        for value in values:
            if value.name not in constants:
                operator = made_by.get(value.name, "")
                tensors[value.name] = _tensor(api, network, kind, value, operator)
    network._inputs = [tensors[v.name] for v in inferred.input if v.name not in constants]
    network._outputs = [tensors[v.name] for v in inferred.output]
    network._layers = [_layer(api, network, tensors, node) for node in model.graph.node]


def _tensor(
    api: Any, network: Any, kind: str, value: onnx.ValueInfoProto, operator: str = ""
) -> Any:
    shape = value.type.tensor_type.shape.dim
    dtype = _dtype(api, value.type.tensor_type.elem_type, operator)
    if kind == "inner" and not network._strong and dtype == api.DataType.HALF:
        dtype = api.DataType.FLOAT  # seen in 8.6: it reports this for every float until the build
    sizes = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in shape]
    return api.ITensor._make(network=network, name=value.name, dtype=dtype, shape=sizes, kind=kind)


def _dtype(api: Any, element: int, operator: str) -> Any:
    """What TensorRT has for a type of ONNX; instead of the bytes that its parser takes though it
    has none: int8 of quantisation, else int32."""
    name = DTYPES.get(element, "FLOAT")
    if name == "UINT8" and operator == "QuantizeLinear":
        return api.DataType.INT8
    found = api.dtype(name)
    return api.DataType.INT32 if found is None else found


def _layer(api: Any, network: Any, tensors: Any, node: onnx.NodeProto) -> Any:
    kind = getattr(api.LayerType, LAYERS.get(node.op_type, "ELEMENTWISE"), None)
    return api.ILayer._make(
        network=network,
        name=node.name or f"{node.op_type}_{node.output[0]}",
        type=kind if kind is not None else api.LayerType.IDENTITY,  # casts before 8.5
        inputs=[tensors[name] for name in node.input if name in tensors],
        outputs=[tensors[name] for name in node.output if name in tensors],
    )


def types_in(model: onnx.ModelProto) -> Set[int]:
    """ONNX's numbers of all types that values and weights have."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = [*graph.value_info, *graph.input, *graph.output]
    found = {value.type.tensor_type.elem_type for value in values}
    return found | {tensor.data_type for tensor in graph.initializer}
