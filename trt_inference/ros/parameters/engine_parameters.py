"""The parameters that decide which engine runs, and on which computer."""

from typing import Mapping, Optional, Sequence

from rclpy.parameter import Parameter

from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.engines.backends import backend_names
from trt_inference.engines.server_options import DEFAULT_DEADLINE, FALLBACKS, LOCAL
from trt_inference.ros.parameters.spec import Spec

_BOOL = Parameter.Type.BOOL
_INTEGER = Parameter.Type.INTEGER
_DOUBLE = Parameter.Type.DOUBLE
_STRING = Parameter.Type.STRING
_STRINGS = Parameter.Type.STRING_ARRAY

# What is taken of zero_copy, spin and hand_over, where None leaves it to the node. Not "on" and
# "off", which are true and false in YAML.
UNLESS_DECIDED: Mapping[str, Optional[bool]] = {"auto": None, "always": True, "never": False}

# Seconds: a node that is deactivated waits a little longer for the image in work.
LONGEST_DEADLINE = 4.0


def _folders(folders: Sequence[str]) -> str:
    if all(folders) or list(folders) == [""]:
        return ""
    return f"{list(folders)} has an empty name: leave all out for the folder of the first bundle"


_ENGINE = (
    Spec("bundle", _STRING, "Folder made by the converter", ""),
    Spec(
        "bundle_folders",
        _STRINGS,
        'Folders from which bundles may be loaded; [""]: the one that holds the first bundle',
        [""],
        check=_folders,
        fixed=True,
    ),
    Spec(
        "precision",
        _STRING,
        "Precision of the network; auto: the fastest on this device that the bundle has",
        "auto",
        choices=("auto", *PRECISIONS),
    ),
    Spec("backend", _STRING, "What runs the network", "auto", choices=backend_names()),
    Spec(
        "threads",
        _INTEGER,
        "CPU threads of one inference; 0 lets the backend choose",
        0,
        range=(0, 256),
    ),
    Spec(
        "device",
        _INTEGER,
        "Number of the GPU, among those that CUDA_VISIBLE_DEVICES leaves",
        0,
        range=(0, 63),
    ),
    Spec(
        "cuda_graph",
        _BOOL,
        "Launch a frame's work on the GPU as one piece, where the driver can",
        True,
    ),
    Spec(
        "zero_copy",
        _STRING,
        "Let the GPU work on the processor's arrays, without copies; auto: Jetsons from Xavier on",
        "auto",
        choices=tuple(UNLESS_DECIDED),
    ),
    Spec(
        "spin",
        _STRING,
        "Wait for the GPU with a busy core, for less latency; auto: graphics cards beside 6 cores",
        "auto",
        choices=tuple(UNLESS_DECIDED),
    ),
    Spec(
        "engine_host_code_allowed",
        _BOOL,
        "Load TensorRT engines that bring code for the processor, built --version-compatible",
        False,
        fixed=True,
    ),
    Spec(
        "build_if_missing",
        _BOOL,
        "Build an engine that TensorRT needs and the bundle lacks, and configure then",
        False,
    ),
    Spec(
        "hot_swap",
        _BOOL,
        "Let bundle and precision be replaced while the node is configured",
        False,
        fixed=True,
    ),
)

# Which server gets the camera's images, and whom it is taken for, nobody in the ROS domain may
# decide: url, model and certificates are fixed. What the others can do to results is what a peer
# can do to an unconfigured node anyway.
_SERVER = (
    Spec(
        "server_url",
        _STRING,
        "host:port of the Triton server that runs the network, for backend triton",
        "",
        fixed=True,
    ),
    Spec(
        "server_model",
        _STRING,
        "Name of the model on the server; empty: that of the bundle",
        "",
        fixed=True,
    ),
    Spec(
        "server_deadline",
        _DOUBLE,
        "Seconds from the start of a run to the server's answer, which is not used if it is late",
        DEFAULT_DEADLINE,
        range=(0.005, LONGEST_DEADLINE),
    ),
    Spec(
        "fallback",
        _STRING,
        "What answers where the server does not: this machine, or none, and the image is rejected",
        LOCAL,
        choices=FALLBACKS,
    ),
    Spec(
        "server_ca_file",
        _STRING,
        "PEM file to check the server's certificate by; empty: the connection is not encrypted",
        "",
        fixed=True,
    ),
    Spec(
        "server_certificate_file",
        _STRING,
        "PEM file with this client's certificate, where the server asks for one",
        "",
        fixed=True,
    ),
    Spec(
        "server_key_file",
        _STRING,
        "PEM file with the private key of this client's certificate",
        "",
        fixed=True,
    ),
)

ENGINE_PARAMETERS = (*_ENGINE, *_SERVER)
