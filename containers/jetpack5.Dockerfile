# JetPack 5 (Xavier, Orin; L4T r35): Ubuntu 20.04, Python 3.8, and ROS 2 Humble, which the base image
# has from source, with vision_msgs, v4l2_camera, OpenCV 4.5, Cyclone DDS, CUDA 11.4 and TensorRT 8.5.
#
#   sudo docker build -f containers/jetpack5.Dockerfile -t trt_inference:jetpack5 .
#
# Nothing comes from apt: the key with which the image knows packages.ros.org has expired in 2025, and
# `apt-get update` fails. The image has all that is needed.
FROM dustynv/ros:humble-ros-base-l4t-r35.4.1

SHELL ["/bin/bash", "-c"]

# PIP_CONSTRAINT holds for each pip in the container, also for the one that rosdep runs.
ENV LANG=C.UTF-8 \
    ROS_DISTRO=humble \
    OPENBLAS_CORETYPE=ARMV8 \
    PIP_CONSTRAINT=/etc/trt_inference/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_INDEX_URL=https://pypi.org/simple \
    PIP_NO_CACHE_DIR=1

COPY scripts/constraints/python3.8.txt /etc/trt_inference/constraints.txt

RUN python3 -m pip install jsonschema numpy onnxruntime rich

# Built with the NumPy that is there. In an environment of its own, pip would build it with another
# one, which the constraints forbid, and a newer one than NumPy 1.21 could not be loaded with it.
RUN export PATH="/usr/local/cuda/bin:$PATH" \
    && python3 -m pip install --no-build-isolation pycuda==2024.1

WORKDIR /opt/trt_inference
COPY containers/with_ros.sh /usr/local/bin/with_ros
COPY . src/trt_inference/

RUN with_ros colcon build --packages-select trt_inference \
    && rm -rf build log

# 1000 is the first user of a board. The group video owns the GPU and the cameras.
ARG USER_ID=1000
RUN useradd --non-unique --uid "$USER_ID" --create-home --groups video --shell /bin/bash robot
USER robot

# What can be imported without a GPU: pycuda.driver loads the board's libcuda, and TensorRT is looked
# for only.
RUN with_ros python3 -c "import cv2, jsonschema, numpy, onnxruntime, rich, yaml; \
    assert numpy.__version__ < '2', numpy.__version__; \
    from importlib.util import find_spec; assert find_spec('tensorrt'), 'no tensorrt'; \
    import rclpy, vision_msgs.msg, trt_inference.ros.process" \
    && with_ros trt-inference detect --help > /dev/null

WORKDIR /models
# At the SIGTERM of docker stop, ros2 launch would not end its nodes.
STOPSIGNAL SIGINT
ENTRYPOINT ["with_ros"]
CMD ["bash"]
