"""What an engine tells about its layers."""

import json
import operator
from typing import Any, Dict, List

from test.tensorrt_double.foundations import require
from test.tensorrt_double.surface import Bound

# How kernels of the library and those that are generated name a type, as trt-engine-explorer in
# NVIDIA's repository (trex/activations.py) lists them.
TYPES = {
    "FLOAT": ("Row major linear FP32", "Float"),
    "HALF": ("Row major linear FP16 format", "Half"),
    "BF16": ("Row major linear BFloat16 format", "BFloat16"),
    "INT8": ("Row major Int8 format", "Int8"),
    "INT32": ("Row major linear Int32", "Int32"),
    "INT64": ("Row major linear Int64 format", "Int64"),
    "UINT8": ("Row major linear UInt8 format", "UInt8"),
    "BOOL": ("Row major linear BOOL", "Bool"),
    "FP8": ("Row major linear FP8 format", "FP8"),
}


class EngineInspector(Bound):
    """Tells what is in an engine, as far as it was built with that verbosity."""

    _engine: Any

    @property
    def execution_context(self) -> Any:
        """For shapes; not used by the double."""
        return self._context

    @execution_context.setter
    def execution_context(self, context: Any) -> None:
        self._context = context

    def get_layer_information(self, layer_index: int, format: Any) -> str:
        """One layer."""
        return self._text(self._layers()[operator.index(layer_index)], format)

    def get_engine_information(self, format: Any) -> str:
        """All layers, and the inputs and outputs."""
        content = {"Layers": self._layers()}
        tensors = self._engine._plan.tensors
        if self._api.at_least(11):
            content["I/O Tensors"] = [
                {"Name": tensor.name, "IOMode": "Input" if tensor.is_input else "Output"}
                for tensor in tensors
            ]
        else:
            content["Bindings"] = [tensor.name for tensor in tensors]
        return self._text(content, format)

    def _layers(self) -> List[Any]:
        plan = self._engine._plan
        if plan.options["verbosity"] in ("DETAILED", "VERBOSE"):
            return [
                {
                    "Name": layer["name"],
                    "LayerType": layer["type"],
                    "Inputs": [self._tensor(one) for one in layer["inputs"]],
                    "Outputs": [self._tensor(one) for one in layer["outputs"]],
                }
                for layer in plan.layers
            ]
        if plan.options["verbosity"] == "NONE":
            return []
        return [layer["name"] for layer in plan.layers]

    def _tensor(self, found: Dict[str, Any]) -> Dict[str, Any]:
        """As the version writes it; from 11 on, by the migration guide for IEngineInspector."""
        wordy, brief = TYPES.get(found["type"], ("Unknown format", found["type"]))
        content = {"Name": found["name"], "Location": "Device", "Dimensions": found["shape"]}
        if self._api.at_least(11):
            content.update(Format="Row major linear format (kLINEAR)", DataType=brief)
        elif self._api.at_least(10):
            content["Format/Datatype"] = brief
        else:
            content["Format/Datatype"] = wordy
        return content

    def _text(self, content: Any, format: Any) -> str:
        if require(self._api.LayerInformationFormat, format).name == "JSON":
            return json.dumps(content)
        return str(content)
