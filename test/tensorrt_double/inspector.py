"""What an engine tells about its layers."""

import json
import operator
from typing import Any, List

from test.tensorrt_double.foundations import require
from test.tensorrt_double.surface import Bound


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
        """All layers, and the names of inputs and outputs."""
        names = [tensor.name for tensor in self._engine._plan.tensors]
        return self._text({"Layers": self._layers(), "Bindings": names}, format)

    def _layers(self) -> List[Any]:
        plan = self._engine._plan
        if plan.options["verbosity"] in ("DETAILED", "VERBOSE"):
            return [
                {"Name": layer["name"], "LayerType": layer["type"], "Precision": layer["precision"]}
                for layer in plan.layers
            ]
        if plan.options["verbosity"] == "NONE":
            return []
        return [layer["name"] for layer in plan.layers]

    def _text(self, content: Any, format: Any) -> str:
        if require(self._api.LayerInformationFormat, format).name == "JSON":
            return json.dumps(content)
        return str(content)
