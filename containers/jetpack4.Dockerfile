# JetPack 4.6 (Jetson Nano, TX2, Xavier; L4T r32.7): Ubuntu 18.04, Python 3.6, and ROS 2 Humble, which
# the base image has from source, with vision_msgs, v4l2_camera, OpenCV 4.5 and Cyclone DDS.
#
#   sudo DOCKER_BUILDKIT=0 docker build -f containers/jetpack4.Dockerfile -t trt_inference:jetpack4 .
#
# CUDA, nvcc and TensorRT are in no image of JetPack 4: NVIDIA's runtime lays those of the board into
# the container. README.md has what to set in /etc/docker/daemon.json, so that it does so while this
# file is built, which only the builder without BuildKit does.
#
# Nothing comes from apt: the key with which the image knows packages.ros.org has expired in 2025, and
# `apt-get update` fails. The image has all that is needed.
FROM dustynv/ros:humble-ros-base-l4t-r32.7.1

SHELL ["/bin/bash", "-c"]

# NumPy 1.19.5 ends with "Illegal instruction" on a Nano's processor without OPENBLAS_CORETYPE.
# PIP_CONSTRAINT holds for each pip in the container, also for the one that rosdep runs.
ENV LANG=C.UTF-8 \
    ROS_DISTRO=humble \
    OPENBLAS_CORETYPE=ARMV8 \
    PIP_CONSTRAINT=/etc/trt_inference/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_INDEX_URL=https://pypi.org/simple \
    PIP_NO_CACHE_DIR=1

COPY scripts/constraints/python3.6.txt /etc/trt_inference/constraints.txt

# The pip of Ubuntu 18.04 finds no wheel of ONNX Runtime.
RUN python3 -m pip install pip==21.3.1 \
    && python3 -m pip install dataclasses jsonschema numpy onnxruntime rich

# With its build requirements, pip would compile NumPy 1.12 first.
RUN export PATH="/usr/local/cuda/bin:$PATH" \
    && { command -v nvcc || { echo "error: no nvcc: make nvidia Docker's default-runtime (see" \
        "containers/README.md), and build with DOCKER_BUILDKIT=0" >&2; exit 1; }; } \
    && python3 -m pip install --no-use-pep517 pycuda==2022.1

WORKDIR /opt/trt_inference
COPY containers/with_ros.sh /usr/local/bin/with_ros
COPY . src/trt_inference/

RUN with_ros colcon build --packages-select trt_inference \
    && rm -rf build log

# 1000 is the first user of a board. The group video owns the GPU and the cameras.
ARG USER_ID=1000
RUN useradd --non-unique --uid "$USER_ID" --create-home --groups video --shell /bin/bash robot
USER robot

# What can be imported without a GPU: tensorrt and pycuda.driver load the board's libraries.
RUN with_ros python3 -c "import cv2, jsonschema, numpy, onnxruntime, rich, yaml; \
    assert numpy.__version__ < '2', numpy.__version__; \
    import rclpy, vision_msgs.msg, trt_inference.ros.process" \
    && with_ros trt-inference detect --help > /dev/null

WORKDIR /models
# At the SIGTERM of docker stop, ros2 launch would not end its nodes.
STOPSIGNAL SIGINT
ENTRYPOINT ["with_ros"]
CMD ["bash"]
