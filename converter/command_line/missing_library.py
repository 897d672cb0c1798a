"""What to do about a library that cannot be imported. This module needs none itself.

pip is not told to install or update NumPy or OpenCV here: apt's OpenCV, cv_bridge and all else that
was built for NumPy 1 cannot be imported beside NumPy 2.
"""

PROGRAM = "trt-inference"
# What package.xml names, and where apt has it. The packages that pip installs need no NumPy.
_OF_ROBOTS = {
    "numpy": "sudo apt install python3-numpy",
    "cv2": "sudo apt install python3-opencv",
    "rich": "sudo apt install python3-rich, or python3 -m pip install rich",
    "jsonschema": "sudo apt install python3-jsonschema, or python3 -m pip install jsonschema",
    "dataclasses": "python3 -m pip install dataclasses",
}
# What reads and shows recordings: the extra ``replay`` of setup.py, and what its libraries need.
_FOR_RECORDINGS = "python3 -m pip install rosbags mcap foxglove-sdk jinja2 pycocotools"
_OF_RECORDINGS = ("rosbags", "mcap", "foxglove", "apsw", "backports", "lz4", "zstandard", "ruamel")
# Workstations have these for other commands too.
_ALSO_OF_RECORDINGS = ("jinja2", "pycocotools")
# The extra ``triton`` of setup.py.
_FOR_SERVERS = "python3 -m pip install 'tritonclient[grpc]'"
_OF_SERVERS = ("tritonclient", "google", "grpc")
_TWO_NUMPYS = (
    "The NumPy that Python finds is not the one that this library was built for. Where pip put "
    "NumPy 2 over that of apt, run python3 -m pip uninstall numpy, or else "
    "python3 -m pip install 'numpy<2'"
)


def describe_missing_library(error: ImportError, on_robots: bool) -> str:
    """Return the error as a message that ends with what to do.

    Args:
        on_robots: the command that needs the library runs on robots.
    """
    if not isinstance(error, ModuleNotFoundError):  # it is there, and cannot be loaded
        return f"{error}. {_TWO_NUMPYS if 'numpy' in str(error) else _environment(on_robots)}"
    package = (error.name or "").partition(".")[0]
    known = _OF_ROBOTS.get(package) if on_robots else None
    if package in _OF_RECORDINGS or (on_robots and package in _ALSO_OF_RECORDINGS):
        known = _FOR_RECORDINGS
    if package in _OF_SERVERS and on_robots:
        known = _FOR_SERVERS
    here = f"Install it with: {known}. Without ROS from apt: " if known else ""
    return f"{error}. {here}{_environment(on_robots)}"


def _environment(on_robots: bool) -> str:
    name = "robot" if on_robots else "converter"
    return f"Run scripts/environment.sh {name}, and then .venv/{name}/bin/{PROGRAM}"
