"""The node's parameters: declared, checked and read in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence

from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from trt_inference.bundle import Thresholds
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import TrtInferenceError
from trt_inference.ros.parameter_specs import SPECS, SPECS_BY_NAME, THRESHOLDS, Spec, descriptor


class ParameterError(TrtInferenceError):
    """A parameter has a value with which the node cannot be configured."""


@dataclass(frozen=True)
class Settings:
    """What takes effect when the node is configured."""

    bundle: str
    precision: str
    backend: str
    threads: int
    device: int
    cuda_graph: bool
    zero_copy: bool
    spin: bool
    build_if_missing: bool
    image_reliability: str
    image_depth: int
    autostart: bool
    diagnostics_period: float

    def engine_options(self) -> EngineOptions:
        """What concerns the engine."""
        return EngineOptions(
            self.threads, self.device, self.cuda_graph, self.zero_copy, self.spin
        )


class Parameters:
    """The parameters of one node.

    A value at start-up that is not valid does not end the node: it is kept as a problem, and
    configuring fails with it until the parameter is set to a valid value.

    Args:
        on_thresholds: called with the new values when live parameters were set.
    """

    def __init__(self, node: Node, on_thresholds: Callable[[Dict[str, Any]], None]) -> None:
        self._node = node
        self._on_thresholds = on_thresholds
        self._problems: Dict[str, str] = {}
        self._taken_from_bundle: List[str] = []
        self.locked = False
        node.add_on_set_parameters_callback(self._on_set)
        for spec in SPECS:
            self._declare(spec)
        self.unknown = self._find_unknown()

    def settings(self) -> Settings:
        """The values to configure with.

        Raises:
            ParameterError: a value from start-up is not valid, or no bundle is given.
        """
        if self._problems:
            raise ParameterError("; ".join(self._problems.values()))
        settings = Settings(
            **{spec.name: self._value(spec.name) for spec in SPECS if not spec.live}
        )
        if not settings.bundle:
            raise ParameterError("parameter bundle is empty: set it to a folder with a model.json")
        return settings

    def thresholds(self, defaults: Thresholds) -> Thresholds:
        """The live values; those that nobody has set become the bundle's, visibly.

        Raises:
            ParameterError: a default of the bundle is out of the parameter's range.
        """
        missing = [
            name
            for name in THRESHOLDS
            if self._value(name) is None or name in self._taken_from_bundle
        ]
        results = self._node.set_parameters(
            [Parameter(name, value=getattr(defaults, name)) for name in missing]
        )
        for result in results:
            if not result.successful:
                raise ParameterError(f"the bundle's default is refused: {result.reason}")
        self._taken_from_bundle = missing
        return Thresholds(**{name: self._value(name) for name in THRESHOLDS})

    def _value(self, name: str) -> Any:
        return self._node.get_parameter_or(name).value

    def _declare(self, spec: Spec) -> None:
        value = spec.type if spec.default is None else spec.default
        try:
            self._node.declare_parameter(spec.name, value, descriptor(spec))
        except ParameterException as error:
            self._node.declare_parameter(spec.name, value, descriptor(spec), ignore_override=True)
            hint = ", and a number with a fraction needs its point, as in 1.0"
            kind = hint if spec.type == Parameter.Type.DOUBLE else ""
            self._problems[spec.name] = f"parameter {spec.name}: {error}{kind}"

    def _find_unknown(self) -> List[str]:
        """Parameters given at start-up that do not exist: rclpy ignores them without a word."""
        given = self._node._parameter_overrides  # there is no public way to see them
        middleware = ("qos_overrides.", "use_sim_time", "start_type_description_service")
        return [
            name for name in given if name not in SPECS_BY_NAME and not name.startswith(middleware)
        ]

    def _on_set(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        known = [parameter for parameter in parameters if parameter.name in SPECS_BY_NAME]
        for parameter in known:
            reason = self._reason_against(parameter)
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        for parameter in known:
            self._problems.pop(parameter.name, None)
            if parameter.name in self._taken_from_bundle:
                self._taken_from_bundle.remove(parameter.name)
        live = {
            parameter.name: parameter.value
            for parameter in known
            if SPECS_BY_NAME[parameter.name].live and parameter.value is not None
        }
        if live:
            self._on_thresholds(live)
        return SetParametersResult(successful=True)

    def _reason_against(self, parameter: Parameter) -> str:
        """Why the parameter cannot be set; empty when it can. Ranges are checked by rclpy."""
        spec = SPECS_BY_NAME[parameter.name]
        if spec.choices and parameter.value not in spec.choices:
            return f"'{parameter.value}' is not one of {', '.join(spec.choices)}"
        if self.locked and not spec.live:
            return (
                f"{parameter.name} takes effect when the node is configured: "
                "deactivate and clean up first"
            )
        return ""
