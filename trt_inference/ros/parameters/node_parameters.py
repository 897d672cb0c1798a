"""The node's parameters: declared, checked and read in one place."""

from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Collection,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
)

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from trt_inference.bundles.allowed_folders import AllowedFolders
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.unused_thresholds import unused_thresholds
from trt_inference.ros.parameters.declaration import declare_parameters
from trt_inference.ros.parameters.settings import LiveSettings, ParameterError, Settings
from trt_inference.ros.parameters.table import CONFIGURED, SPECS, SPECS_BY_NAME, THRESHOLD_NAMES
from trt_inference.ros.rclpy_tools.parameter_node import ParameterNode

SWAPPED = ("bundle", "precision")


class Parameters:
    """The parameters of one node.

    A value at start-up that is not valid does not end the node: it is one of the node's
    ``start_problems``, and configuring fails with it until the parameter is set to a valid value.

    Attributes:
        folders: from which bundles may be loaded.
    """

    def __init__(
        self,
        node: ParameterNode,
        on_live: Callable[[LiveSettings], None],
        on_swap: Callable[[str, str], str],
    ) -> None:
        """
        Args:
            on_live: called when live parameters were set while a bundle is in use.
            on_swap: called with bundle and precision that are set while another one is in use;
                returns why that is not possible, or nothing.
        """
        self._node = node
        self._on_live, self._on_swap = on_live, on_swap
        self._taken_from_bundle: List[str] = []
        self._bundle: Optional[Bundle] = None
        self._told_unused: Set[str] = set()
        self._checks = True
        node.add_on_set_parameters_callback(self._on_set)
        declare_parameters(node)
        self.folders = AllowedFolders(self._value("bundle_folders"), self._value("bundle"))

    def problems(self) -> List[str]:
        """What is wrong with values from start-up that nobody has mended yet."""
        return list(self._node.start_problems.values())

    def settings(self, **changes: Any) -> Settings:
        """The values to configure with.

        Args:
            changes: values to take instead of those that are set.

        Raises:
            ParameterError: a value from start-up is not valid, or no bundle is given, or no server
                where one is needed.
        """
        if self._node.start_problems:
            raise ParameterError("; ".join(self.problems()))
        values = {name: self._value(name) for name in CONFIGURED}
        settings = Settings(**{**values, **changes})
        if not settings.bundle:
            hint = " and start the node anew" if self.folders.are_none else ""
            raise ParameterError(
                f"parameter bundle is empty: set it to a folder with a model.json{hint}"
            )
        if settings.reason_against_server:
            raise ParameterError(settings.reason_against_server)
        return settings

    @property
    def reason_against_swaps(self) -> str:
        """Why bundle and precision cannot be replaced while the node is configured, or nothing."""
        if self._value("hot_swap"):
            return ""
        return (
            "hot_swap is false: to allow swaps, start the node with hot_swap: true in its "
            "parameter file"
        )

    def live(self, bundle: Bundle) -> LiveSettings:
        """The live values as they are with ``bundle``: those that nobody has set are its own.

        Raises:
            ParameterError: they do not go with the bundle.
        """
        return LiveSettings.of({**self._values(), **self._defaults_of(bundle)}, bundle)

    def use(self, bundle: Bundle) -> None:
        """Lock what cannot be changed while a bundle is in use, and show its thresholds.

        Raises:
            ParameterError: a default of the bundle is out of the parameter's range.
        """
        defaults = self._defaults_of(bundle)
        self._bundle = bundle
        with self._unchecked():
            results = self._node.set_parameters(
                [Parameter(name, value=value) for name, value in defaults.items()]
            )
        for result in results:
            if not result.successful:
                self._bundle = None
                raise ParameterError(f"the bundle's default is refused: {result.reason}")
        self._taken_from_bundle = list(defaults)
        self._told_unused.clear()
        self._tell_unused(bundle, [name for name in THRESHOLD_NAMES if name not in defaults])

    def release(self) -> None:
        """Everything may be set again."""
        self._bundle = None

    def show(self, **values: Any) -> None:
        """Set values that a swap has brought about."""
        with self._unchecked():
            self._node.set_parameters(
                [Parameter(name, value=value) for name, value in values.items()]
            )

    def undo(self, wanted: Mapping[str, str], in_use: Mapping[str, str]) -> None:
        """Give parameters that were set to what is ``wanted`` and cannot be had the values
        ``in_use``; those that were set to something else meanwhile stay."""
        failed = [name for name, value in wanted.items() if self._value(name) == value]
        self.show(**{name: in_use[name] for name in failed})

    def _tell_unused(self, bundle: Bundle, names: Collection[str]) -> None:
        """Log once for each threshold that somebody has set, and that this bundle does not use."""
        for name, reason in unused_thresholds(bundle.task, bundle.needs_nms).items():
            if name in names and name not in self._told_unused:
                self._told_unused.add(name)
                self._node.get_logger().warning(f"parameter {name} has no effect: {reason}")

    def _defaults_of(self, bundle: Bundle) -> Dict[str, Any]:
        """The bundle's thresholds, of those that nobody has set."""
        return {
            name: getattr(bundle.defaults, name)
            for name in THRESHOLD_NAMES
            if self._value(name) is None or name in self._taken_from_bundle
        }

    def _value(self, name: str) -> Any:
        value = self._node.get_parameter_or(name).value
        return SPECS_BY_NAME[name].default if value is None else value

    def _values(self) -> Dict[str, Any]:
        return {spec.name: self._value(spec.name) for spec in SPECS if spec.live}

    @contextmanager
    def _unchecked(self) -> Iterator[None]:
        """While the node itself sets parameters."""
        self._checks = False
        try:
            yield
        finally:
            self._checks = True

    def _on_set(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        known = {one.name: one.value for one in parameters if one.name in SPECS_BY_NAME}
        try:
            self._check(known)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        for parameter in parameters:
            self._node.start_problems.pop(parameter.name, None)
        for name in known:
            if self._checks and name in self._taken_from_bundle:
                self._taken_from_bundle.remove(name)
        return SetParametersResult(successful=True)

    def _check(self, values: Dict[str, Any]) -> None:
        """Refuse all that cannot be used, and hand over what takes effect now.

        Raises:
            ParameterError: with the reason.
        """
        for name, value in values.items():
            reason = SPECS_BY_NAME[name].reason_against(value)
            if reason:
                raise ParameterError(f"{name}: {reason}")
        if self._bundle is None or not self._checks:
            return
        live = {name: value for name, value in values.items() if SPECS_BY_NAME[name].live}
        settings = LiveSettings.of(self._with(live, self._bundle), self._bundle)
        self._check_locked([name for name in values if name not in live], values)
        if live:
            self._on_live(settings)
            self._tell_unused(self._bundle, live)

    def _with(self, live: Dict[str, Any], bundle: Bundle) -> Dict[str, Any]:
        """All live values with new ones; a threshold that is unset is the bundle's."""
        values = {**self._values(), **live}
        for name in THRESHOLD_NAMES:
            if values[name] is None:
                values[name] = getattr(bundle.defaults, name)
        return values

    def _check_locked(self, names: Sequence[str], values: Dict[str, Any]) -> None:
        """What takes effect when the node is configured, and is set while it is.

        Raises:
            ParameterError: it cannot be set now.
        """
        swaps = not self.reason_against_swaps
        for name in names:
            if not (swaps and name in SWAPPED):
                hint = ", or start the node with hot_swap" if name in SWAPPED else ""
                raise ParameterError(
                    f"{name} takes effect when the node is configured: "
                    f"deactivate and clean up first{hint}"
                )
        if names:
            bundle, precision = (values.get(name, self._value(name)) for name in SWAPPED)
            reason = self._on_swap(bundle, precision)
            if reason:
                raise ParameterError(reason)
