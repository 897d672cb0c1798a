from glob import glob

from setuptools import find_packages, setup

PACKAGE = "trt_inference"

# What a robot needs beside ROS. On a robot these come from apt through package.xml.
ROBOT = [
    "numpy>=1.19",
    "opencv-python-headless>=4.1.2",
    # 1.14 crashes on models in fp16.
    "onnxruntime>=1.10,!=1.14.*",
    "jsonschema>=3.2",
    "rich>=10",
    'dataclasses; python_version < "3.7"',
]

# Real rclpy without apt, for laptops and continuous integration: x86_64, Python 3.10 and later.
# The first extra is ROS 2 Kilted.
ROS = [
    "ros-rclpy[fastrtps]==9.1.2",
    "ros-sensor-msgs==5.5.1",
    "ros-diagnostic-msgs==5.5.1",
    "ros-lifecycle-msgs==2.3.0",
    # What the message definitions that colcon finds were written with, and its own limit.
    "setuptools<80",
]

JAZZY = [
    "ros-rclpy[fastrtps]==7.1.6",
    "ros-sensor-msgs==5.3.6",
    "ros-diagnostic-msgs==5.3.6",
    "ros-lifecycle-msgs==2.0.3",
    "setuptools<80",
]

# What a workstation needs to convert models. Nothing of it is imported on the robot.
CONVERTER = [
    "tensorflow-cpu==2.21.0",
    "tf2onnx==1.17.0",
    "onnx>=1.20,<1.24",
    "pycocotools>=2.0.8",
    "jinja2>=3.1",
    "pyyaml>=6",
]

# What replay needs beside the robot's libraries: it reads bags of ROS 2 without ROS, on Python 3.10
# and later.
REPLAY = [
    "rosbags>=0.11.9",
    "mcap>=1.2",
    # Python's own SQLite makes up what is cut off of a file, before 3.46.
    "apsw>=3.46",
    "lz4>=4",
    "zstandard>=0.21",
    "ruamel.yaml>=0.18",
    "foxglove-sdk>=0.19",
    "jinja2>=3.1",
    "pycocotools>=2.0.8",
]

# What asks a Triton server, and what writes the configuration of its models.
TRITON = ["tritonclient[grpc]>=2.30"]

# onnx builds the small models of the tests, in the robot's environment too. Decoded images are
# compared with those of rosbags-image.
TEST = [
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "psutil",
    "hypothesis",
    "onnx>=1.11,<1.24",
    'rosbags-image; python_version >= "3.10"',
    # The ssh server of the tests where there is no sshd.
    'asyncssh; python_version >= "3.10"',
    # setup.py is tested, and Python has brought none since 3.12.
    "setuptools",
]

# What lint runs. Another version may complain about other things.
DEVELOP = ["ruff==0.17.6", "mypy==2.4.1", "vermin==1.9.2"]

setup(
    # Not in setup.cfg: colcon cannot read what setuptools makes of it there.
    python_requires=">=3.6",
    packages=find_packages(include=[PACKAGE, PACKAGE + ".*", "converter", "converter.*"]),
    package_data={
        PACKAGE: ["py.typed"],
        PACKAGE + ".bundles": ["*.json"],
        "converter": ["py.typed"],
        "converter.compatibility": ["*.json"],
        "converter.deployment": ["*.sh"],
        "converter.report": ["*.css", "*.html"],
        "converter.replay.files": ["*.json"],
        "converter.replay.page": ["*.css", "*.html"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/" + PACKAGE]),
        ("share/" + PACKAGE, ["package.xml"]),
        ("share/" + PACKAGE + "/launch", glob("launch/*.launch.*")),
        ("share/" + PACKAGE + "/config", glob("config/*")),
        # Where ros2 run and ros2 launch look: the nodes, what asks them, a link for each command.
        (
            "lib/" + PACKAGE,
            [
                *("scripts/detector", "scripts/swap", "scripts/video"),
                *sorted(glob("scripts/ros2/*")),
            ],
        ),
    ],
    # In bin, which colcon's setup files put on the PATH as virtual environments do.
    entry_points={"console_scripts": ["trt-inference = converter.command_line.main:main"]},
    extras_require={
        "robot": ROBOT,
        "ros": ROS,
        "jazzy": JAZZY,
        "converter": ROBOT + CONVERTER,
        "replay": ROBOT + REPLAY,
        "triton": TRITON,
        "test": TEST,
        "colcon": ["colcon-common-extensions"],
        "develop": DEVELOP,
    },
)
