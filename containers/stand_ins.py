"""What stands in for the base images, which cannot be had without Docker: a fresh Ubuntu of the
same release, for this machine's processor, with what the images are known to have.

Where this says more than Ubuntu's name, it repeats what README.md tells of the image."""

from typing import Dict, List, NamedTuple, Tuple

# What builds ROS and OpenCV there installs these, too.
_COMPILERS = """
apt-get install -y --no-install-recommends python3-dev python3-pip python3-numpy python3-yaml \
    python3-opencv python3-pytest python3-six g++ nvidia-cuda-toolkit nvidia-cuda-dev
export PIP_INDEX_URL=https://pypi.org/simple  # the pip of Ubuntu 18.04 asks elsewhere
python3 -m pip install --upgrade pip
# Of the images' time: a later one does not work beside Ubuntu 20.04's importlib_metadata.
python3 -m pip install --upgrade 'setuptools<69' packaging 'Cython<3' wheel numpy
python3 -m pip install colcon-common-extensions
# The toolkit of Ubuntu's multiverse where that of NVIDIA would be.
mkdir -p /usr/local/cuda/bin /usr/local/cuda/lib64
ln -s /usr/bin/nvcc /usr/local/cuda/bin/nvcc
ln -s /usr/include /usr/local/cuda/include
ln -s /usr/lib/x86_64-linux-gnu/stubs /usr/local/cuda/lib64/stubs
"""
_COLCON = """
apt-get install -y --no-install-recommends python3-pip python3-setuptools
PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install colcon-common-extensions
"""
# An installation of ROS without a package in it.
_EMPTY_ROS = """
mkdir -p {prefix}
echo 'export AMENT_PREFIX_PATH={prefix}' > {prefix}/setup.bash
"""
_WITHOUT_ROS = (r"import rclpy, [^\"]*", "import trt_inference", "what imports ROS")
_WITHOUT_TENSORRT = (r"assert find_spec\('tensorrt'\)[^;]*;", "", "the look for TensorRT")
_WITHOUT_KEY = (r"chmod 644 \S+\s+&& ", "", "the key of packages.ros.org")
_WITHOUT_PACKAGES_OF_ROS = (
    r" (python3-colcon[\w-]*|\"?ros-(humble|jazzy)-[\w$-]*\"?)",
    "",
    "the packages of packages.ros.org",
)


class StandIn(NamedTuple):
    """What stands in for the base image of one Dockerfile."""

    suite: str
    python: str
    glibc: int  # the minor number of its version
    prepare: str
    # Parts of steps that cannot be executed here: pattern, replacement, and what they are.
    left_out: List[Tuple[str, str, str]]


STAND_INS: Dict[str, StandIn] = {
    "jetpack4": StandIn(
        *("bionic", "3.6", 27),
        _COMPILERS + _EMPTY_ROS.format(prefix="/opt/ros/humble/install"),
        [_WITHOUT_ROS],
    ),
    "jetpack5": StandIn(
        *("focal", "3.8", 31),
        _COMPILERS + _EMPTY_ROS.format(prefix="/opt/ros/humble/install"),
        [_WITHOUT_ROS, _WITHOUT_TENSORRT],
    ),
    "jetpack6": StandIn(
        *("jammy", "3.10", 35),
        _COLCON + _EMPTY_ROS.format(prefix="/opt/ros/humble"),
        [_WITHOUT_ROS, _WITHOUT_TENSORRT, _WITHOUT_KEY, _WITHOUT_PACKAGES_OF_ROS],
    ),
    "jetpack7": StandIn(
        *("noble", "3.12", 39),
        _COLCON + _EMPTY_ROS.format(prefix="/opt/ros/jazzy"),
        [_WITHOUT_ROS, _WITHOUT_TENSORRT, _WITHOUT_KEY, _WITHOUT_PACKAGES_OF_ROS],
    ),
}
