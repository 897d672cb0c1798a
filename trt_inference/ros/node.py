"""The lifecycle node ``detector``: images in, what is seen in them out."""

from typing import Any, Dict, Optional

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.errors import DeviceFault, EngineError, EngineMissing, TrtInferenceError
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.diagnostics.statuses import unconfigured_status
from trt_inference.ros.lifecycle.bond import ManagerBond
from trt_inference.ros.lifecycle.change_requests import answer_impossible
from trt_inference.ros.lifecycle.end_request import EndRequest
from trt_inference.ros.lifecycle.transitions import ERROR, FAILURE, SUCCESS, logged
from trt_inference.ros.parameters.declaration import unknown_parameters
from trt_inference.ros.parameters.node_parameters import Parameters
from trt_inference.ros.parameters.settings import LiveSettings
from trt_inference.ros.rclpy_tools.clock_times import ignore_negative_times
from trt_inference.ros.rclpy_tools.executor_calls import ExecutorCalls
from trt_inference.ros.rclpy_tools.parameter_node import ParameterNode
from trt_inference.ros.rclpy_tools.parameter_requests import answer_all_requests
from trt_inference.ros.rclpy_tools.printable_logger import PrintableLogger, printable_logger
from trt_inference.ros.rclpy_tools.type_requests import refuse_ill_formed_hashes
from trt_inference.ros.session.engine_build import EngineBuild
from trt_inference.ros.session.file_reads import FileReads
from trt_inference.ros.session.loaded_bundle import Callbacks, LoadedBundle
from trt_inference.ros.session.resources import Resources, Services
from trt_inference.ros.session.swap import Swap
from trt_inference.ros.session.swap_service import SwapRequest, SwapService

_CONFIGURING = "configuring"  # the part of /diagnostics that reports why it failed


class DetectorNode(ParameterNode, LifecycleNode):
    """Subscribes to images and publishes, by the bundle's task, detections, a classification or
    a segmentation of each, with labels and diagnostics.

    Attributes:
        must_restart: the GPU's context is lost: only a new process gets another.
        told_to_end: to be set when the process is to end, so that nothing is waited for.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("detector", **options)
        answer_impossible(self)
        answer_all_requests(self)
        refuse_ill_formed_hashes(self)
        ignore_negative_times(self)
        self.told_to_end = EndRequest()
        self._resources: Optional[Resources] = None
        self._bond: Optional[ManagerBond] = None
        self._fault: Optional[Exception] = None
        self.must_restart = False
        self._statuses = StatusPublisher(self)
        self._builder = EngineBuild(self, self._statuses, self.autostart_after_build)
        self._calls = ExecutorCalls(self)
        self._parameters_of_node = Parameters(self, self._apply, self._ask_for_swap)
        self._reads = FileReads()
        self._swap = Swap(self._parameters_of_node, self._calls, self._reads, self._in_use)
        self._swap_service = SwapService(
            self, self._calls, self._load_and_swap, self._reason_against_swaps
        )
        self._is_destroyed = False
        for text in unknown_parameters(self):
            self.get_logger().warning(text)

    def get_logger(self) -> PrintableLogger:
        """The node's logger, which shows foreign text without what it could do."""
        return printable_logger(super().get_logger().name)

    def autostart(self) -> None:
        """Configure and activate, if the parameter ``autostart`` is true. The node does it itself,
        because a request from outside can be lost while an earlier process of the same name is
        still being discovered, after a respawn above all."""
        if not self.get_parameter("autostart").value:
            for text in self._parameters_of_node.problems():
                self.get_logger().error(text)
            self.get_logger().info("unconfigured, until somebody configures it: autostart is false")
            return
        if self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def autostart_after_build(self) -> None:
        """Configure with the engine that was built, and activate, if the parameter
        ``autostart`` is true."""
        if self.trigger_configure() == SUCCESS and self.get_parameter("autostart").value:
            self.trigger_activate()

    @logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check, allocate, warm up, publish. FAILURE leads back to unconfigured."""
        self._statuses.remove(_CONFIGURING)
        try:
            if not self._configure():
                return FAILURE
        except Exception as error:
            status = unconfigured_status(str(error))
            self._statuses.show(_CONFIGURING, lambda: [status])
            self._builder.stop()
            self._free()
            self.must_restart = isinstance(error, DeviceFault)
            raise
        self._builder.stop()
        return super().on_configure(state)

    @logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to images."""
        resources = self._in_use()
        try:
            resources.subscribe()
        except TrtInferenceError:
            resources.unsubscribe()
            raise
        self._bond = ManagerBond(self, resources.settings.bond_heartbeat_period)
        self._bond.form()
        self.get_logger().info("active: results are published")
        return super().on_activate(state)

    @logged
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and finish the frame in work. ERROR after a fault of the engine."""
        self._release_bond()
        if self._resources is not None:
            self._resources.unsubscribe()
        if self._fault is not None:
            return ERROR
        return super().on_deactivate(state)

    @logged
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the engine and the topics. ERROR after a fault of the engine, or when it cannot
        be freed."""
        ended = self._free()
        return SUCCESS if ended and self._fault is None else ERROR

    @logged
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from whatever state."""
        self._builder.stop()
        self._statuses.remove(_CONFIGURING)
        self._free()
        return SUCCESS

    @logged
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything. SUCCESS leads to unconfigured."""
        self._free()
        self.must_restart = isinstance(self._fault, DeviceFault)
        self._fault = None
        if self.must_restart:
            self.get_logger().fatal("the GPU is lost to this process: it ends, to be started anew")
        else:
            self.get_logger().error("everything is freed: the node can be configured again")
        return SUCCESS

    def destroy_node(self) -> None:
        """Free the engine, which no transition does when the process is told to end. A second
        call does nothing: rclpy makes one when it is shut down."""
        if self._is_destroyed:
            return
        self._is_destroyed = True
        self._builder.stop()
        self._free()
        self._calls.cancel()
        self._swap_service.stop()
        super().destroy_node()
        # rclpy forgets it, and it would keep the middleware and its files until the process ends.
        self._state_machine.destroy_when_not_in_use()

    def _configure(self) -> bool:
        """Whether it is done; not when an engine has to be built first, which is begun."""
        self._fault = None
        settings = self._parameters_of_node.settings()
        bundle = self._reads.wait_for(
            lambda: self._read_bundle(settings.bundle), self.told_to_end.is_set
        )
        try:
            self._resources = Resources(
                self,
                settings,
                bundle,
                self._parameters_of_node.live(bundle),
                Services(self._swap_service, self._statuses),
                Callbacks(self._report_fault, self.told_to_end.is_set),
            )
        except EngineMissing as error:
            if not settings.build_if_missing:
                raise
            self._builder.start(bundle.path, error.precision, settings.engine_options())
            return False
        self._parameters_of_node.use(bundle)
        if settings.unused_server:
            self.get_logger().warning(settings.unused_server)
        self.get_logger().info(f"configured: {self._resources.loaded}")
        return True

    def _read_bundle(self, path: str) -> Bundle:
        """Called on a thread of its own."""
        folders = self._parameters_of_node.folders
        for root in folders.missing():
            self.get_logger().warning(f"bundle_folders: '{root}' is no folder")
        return load_bundle(folders.resolve(path))

    def _in_use(self) -> Resources:
        if self._resources is None:
            raise EngineError("there is no engine in use: configure the node")
        if self._fault is not None:
            raise EngineError("the engine in use has failed: configure the node again")
        return self._resources

    def _free(self) -> bool:
        """Undo all of configure and activate that was done. May be called at any time.

        Returns:
            False when an inference thread did not end.
        """
        self._release_bond()
        resources, self._resources = self._resources, None
        ended = resources is None or resources.free()
        if not ended and not self.told_to_end.is_set():
            self.get_logger().error("the inference thread does not end: restart the process")
        self._parameters_of_node.release()
        return ended

    def _release_bond(self) -> None:
        if self._bond is not None:
            self._bond.release()
            self._bond = None

    def _apply(self, live: LiveSettings) -> None:
        """Take live parameters for the next frame."""
        if self._resources is not None:
            self._resources.apply(live)

    def _ask_for_swap(self, bundle: str, precision: str) -> str:
        """Parameters ask for another engine: why it cannot be, or nothing, and it is loaded."""
        wanted = {"bundle": bundle, "precision": precision}
        resources = self._resources

        def end(reason: str) -> None:
            if reason and resources is not None and resources is self._resources:
                self._parameters_of_node.undo(wanted, resources.loaded.asked)

        busy = self._swap_service.reason_against_request
        if busy:
            return busy
        try:
            self._swap.check(wanted)
        except TrtInferenceError as error:
            return str(error)
        self._swap_service.request(SwapRequest(wanted, end))
        return ""

    def _reason_against_swaps(self) -> str:
        """Why ``~/swap`` can do nothing now, or nothing."""
        is_in_use = self._resources is not None
        return self._parameters_of_node.reason_against_swaps or (
            "" if is_in_use else "there is no engine in use: configure the node"
        )

    def _load_and_swap(self, values: Dict[str, str]) -> str:
        """Called on the swap service's thread."""
        try:
            return self._swap(values)
        except DeviceFault as error:  # of the engine in use too, which shares the context
            self._fault = error
            self._calls.submit(self._on_fault)
            raise

    def _report_fault(self, loaded: LoadedBundle, error: Exception) -> None:
        """Called on the inference thread: wake the executor."""
        self.get_logger().error(f"inference has failed: {error!r}")
        loaded.pipeline.abandon()
        # Not one that was replaced, or was given up because it did not end.
        if self._resources is not None and loaded is self._resources.loaded:
            self._fault = error
            self._calls.submit(self._on_fault)

    def _on_fault(self) -> None:
        """Leave the state in which the node was, through error processing, unless a transition
        that came first has done so."""
        if self._fault is None or self._resources is None:
            return
        if self._resources.is_active:
            self.trigger_deactivate()
        else:
            self.trigger_cleanup()
