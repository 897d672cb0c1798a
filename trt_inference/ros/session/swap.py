"""Replaces the bundle or precision in use by another one, between two images."""

from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Callable, Dict

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.errors import BundleError, EngineError
from trt_inference.inference.detector import choose_precision
from trt_inference.ros.parameters.node_parameters import Parameters
from trt_inference.ros.parameters.settings import Settings
from trt_inference.ros.rclpy_tools.executor_calls import ExecutorCalls
from trt_inference.ros.session.file_reads import FileReads
from trt_inference.ros.session.resources import Resources


class Swap:
    """Opens another bundle beside the one in use, and swaps them on the executor."""

    def __init__(
        self,
        parameters: Parameters,
        calls: ExecutorCalls,
        reads: FileReads,
        in_use: Callable[[], Resources],
    ) -> None:
        """
        Args:
            in_use: returns the node's resources; raises EngineError when it is not configured, or
                its engine has failed.
        """
        self._parameters, self._calls, self._reads = parameters, calls, reads
        self._in_use = in_use

    def check(self, values: Dict[str, str]) -> None:
        """Find out quickly whether a swap is possible, as far as that can be known without loading.
        Called on the executor.

        Args:
            values: of the parameters bundle and precision, or one of them.

        Raises:
            TrtInferenceError: it is not possible, with the reason.
        """
        resources = self._in_use()
        settings = self._parameters.settings(**values)
        bundle = self._reads.wait_briefly(lambda: self._read(settings), settings.bundle)
        self._compare(bundle, resources)

    def __call__(self, values: Dict[str, str]) -> str:
        """Load, check, warm up and swap. Not called on the executor, which goes on meanwhile.

        Returns:
            What is in use now, for people.

        Raises:
            TrtInferenceError: it is not possible; what was in use goes on.
        """
        resources = self._in_use()
        old = resources.loaded
        settings = self._parameters.settings(**values)
        bundle = self._read(settings)
        self._compare(bundle, resources)
        new = resources.prepare(settings, bundle)

        def swap() -> None:
            if self._in_use() is not resources:
                raise EngineError("the node was cleaned up meanwhile")
            new.take(self._parameters.live(new.bundle))
            resources.swap(old, new)
            self._parameters.use(new.bundle)
            self._parameters.show(**values)

        try:
            new.open(self._parameters.live(new.bundle))
            self._calls.submit(swap).result()
        except Exception as error:
            new.thread.stop()
            if isinstance(error, CancelledError):
                raise EngineError("the node ends") from error
            raise
        return str(new)

    def _read(self, settings: Settings) -> Bundle:
        """Read all but the model. Not called on the executor, which may wait for it: a server is
        asked only once the engine is opened."""
        bundle = load_bundle(self._parameters.folders.resolve(settings.bundle))
        options = replace(settings.engine_options(), server=None)
        choose_precision(bundle, settings.backend, settings.precision, options)
        return bundle

    def _compare(self, bundle: Bundle, resources: Resources) -> None:
        """Raise where it does not go with the topics or the parameters of what is in use."""
        current = resources.loaded.bundle
        if bundle.task != current.task:
            raise BundleError(
                f"{bundle.path} is for {bundle.task} and has other topics than what is in use, "
                f"which is for {current.task}: clean up and configure instead"
            )
        self._parameters.live(bundle)
