"""The values of the parameters, as the rest of the node takes them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from trt_inference.bundles.bundle import Bundle, Thresholds
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ASKS_A_SERVER, ServerOptions
from trt_inference.errors import TrtInferenceError
from trt_inference.inference.selection import Region, Selection
from trt_inference.ros.diagnostics.limits import Limits
from trt_inference.ros.parameters.engine_parameters import UNLESS_DECIDED
from trt_inference.ros.parameters.table import DIAGNOSTIC_LIMITS, THRESHOLD_NAMES


class ParameterError(TrtInferenceError):
    """A parameter has a value that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """What takes effect when the node is configured."""

    bundle: str
    bundle_folders: List[str]
    precision: str
    backend: str
    threads: int
    device: int
    cuda_graph: bool
    zero_copy: str
    spin: str
    engine_host_code_allowed: bool
    build_if_missing: bool
    hot_swap: bool
    server_url: str
    server_model: str
    server_deadline: float
    fallback: str
    server_ca_file: str
    server_certificate_file: str
    server_key_file: str
    image_topics: List[str]
    image_transport: str
    image_reliability: str
    image_depth: int
    hand_over: str
    batch_deadline: float
    label_policy: str
    autostart: bool
    bond_heartbeat_period: float
    diagnostics_period: float

    def engine_options(self) -> EngineOptions:
        """What concerns the engine."""
        return EngineOptions(
            self.threads,
            self.device,
            self.cuda_graph,
            UNLESS_DECIDED[self.zero_copy],
            UNLESS_DECIDED[self.spin],
            batch=max(1, len(self.image_topics)),
            host_code_allowed=self.engine_host_code_allowed,
            server=self.server,
        )

    @property
    def server(self) -> Optional[ServerOptions]:
        """The server that runs the network; None where the backend asks none."""
        if self.backend != ASKS_A_SERVER:
            return None
        return ServerOptions(
            self.server_url,
            self.server_model,
            self.server_deadline,
            self.fallback,
            _file(self.server_ca_file),
            _file(self.server_certificate_file),
            _file(self.server_key_file),
        )

    @property
    def reason_against_server(self) -> str:
        """Why ``server_url`` does not go with the backend; empty where it does."""
        if self.server is not None and not self.server_url:
            return (
                f"parameter server_url is empty, and backend {self.backend} asks a server: start "
                "the node anew with server_url as host:port, or set backend to auto"
            )
        return ""

    @property
    def unused_server(self) -> str:
        """Why ``server_url`` has no effect; empty where it has, or is not given."""
        if self.server is not None or not self.server_url:
            return ""
        return (
            f"parameter server_url has no effect: backend is {self.backend}, which asks no server: "
            f"set backend to {ASKS_A_SERVER}"
        )

    @property
    def hands_over(self) -> Optional[bool]:
        """Whether images are handed over to the engine's thread; None: as it is better.

        Raises:
            ParameterError: it is ``never``, and there are several.
        """
        wanted = UNLESS_DECIDED[self.hand_over]
        if len(self.image_topics) < 2:
            return wanted
        if wanted is False:
            raise ParameterError(
                f"hand_over: never is for one camera, and image_topics has "
                f"{len(self.image_topics)}: set it to auto"
            )
        return True

    def image_options(self) -> "ImageOptions":
        """What concerns the subscriptions to images."""
        return ImageOptions(self.image_transport, self.image_reliability, self.image_depth)


@dataclass(frozen=True)
class LiveSettings:
    """What takes effect on the next frame."""

    thresholds: Thresholds
    selection: Selection
    limits: Limits
    publish_non_finite: bool
    infer_without_subscribers: bool
    debug_image_rate: float
    debug_image_quality: int

    @staticmethod
    def of(values: Mapping[str, Any], bundle: Bundle) -> "LiveSettings":
        """
        Args:
            values: of all live parameters, by name.

        Raises:
            ParameterError: the bundle has not one of the classes.
        """
        return LiveSettings(
            Thresholds(**{name: values[name] for name in THRESHOLD_NAMES}),
            Selection(
                _region(values["region_of_interest"]),
                _mask(values["classes"], bundle),
                values["minimum_box_size"],
            ),
            Limits(**{name: values[name] for name in DIAGNOSTIC_LIMITS}),
            values["publish_non_finite"],
            values["infer_without_subscribers"],
            values["debug_image_rate"],
            values["debug_image_quality"],
        )


def _file(name: str) -> Optional[Path]:
    # A user without a home stays, and then the file is not found.
    return Path(os.path.expanduser(name)) if name else None


def _region(values: Sequence[int]) -> Optional[Region]:
    return Region(*values) if any(values) else None


def _mask(classes: Sequence[str], bundle: Bundle) -> Optional[np.ndarray]:
    """Which labels are wanted. Nothing, or one empty name, stands for all: not every tool can set
    an empty list."""
    wanted = [name for name in classes if name]
    unknown = sorted(set(wanted).difference(bundle.labels))
    if unknown:
        raise ParameterError(
            f"classes: {bundle.name} has no {', '.join(unknown)}, it has {_some(bundle.labels)}"
        )
    return np.isin(bundle.labels, wanted) if wanted else None


def _some(labels: Sequence[str], most: int = 20) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


class ImageOptions(NamedTuple):
    """How images are subscribed to.

    Attributes:
        transport: ``raw`` or ``compressed``, as in image_transport.
        reliability: ``best_effort``, ``reliable``, or ``auto``: what suits the publishers, those
            that come later too.
        depth: images that wait while one is in work, of the subscription's history.
    """

    transport: str = "raw"
    reliability: str = "auto"
    depth: int = 1
