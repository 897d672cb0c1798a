# JetPack 7 (Thor; L4T r38): Ubuntu 24.04, Python 3.12, CUDA 13.0 and TensorRT 10.13 in the base image,
# which is the one for servers, as JetPack 7 takes them, and ROS 2 Jazzy from apt, with its Fast DDS.
#
#   sudo docker build -f containers/jetpack7.Dockerfile -t trt_inference:jetpack7 .
#
# --build-arg CAMERA_DRIVER=gscam has the driver for CSI cameras in it, instead of the one for USB.
FROM nvcr.io/nvidia/tensorrt:25.09-py3

SHELL ["/bin/bash", "-c"]

# PIP_CONSTRAINT holds for each pip in the container, also for the one that rosdep runs, and takes the
# place of the base image's. PIP_BREAK_SYSTEM_PACKAGES lets pip install beside the Python of apt.
ENV LANG=C.UTF-8 \
    ROS_DISTRO=jazzy \
    PIP_BREAK_SYSTEM_PACKAGES=1 \
    PIP_CONSTRAINT=/etc/trt_inference/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

COPY scripts/constraints/python3.12.txt /etc/trt_inference/constraints.txt

ADD https://raw.githubusercontent.com/ros/rosdistro/master/ros.key \
    /usr/share/keyrings/ros-archive-keyring.asc

RUN chmod 644 /usr/share/keyrings/ros-archive-keyring.asc \
    && echo "deb [arch=$(dpkg --print-architecture)" \
        "signed-by=/usr/share/keyrings/ros-archive-keyring.asc]" \
        "http://packages.ros.org/ros2/ubuntu noble main" > /etc/apt/sources.list.d/ros2.list

ARG CAMERA_DRIVER=v4l2-camera
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        python3-colcon-common-extensions \
        python3-jsonschema \
        python3-numpy \
        python3-opencv \
        python3-pip \
        python3-rich \
        python3-yaml \
        ros-jazzy-bondpy \
        ros-jazzy-ros-base \
        ros-jazzy-vision-msgs \
        "ros-jazzy-$CAMERA_DRIVER" \
    && rm -rf /var/lib/apt/lists/*

# numpy is named because the base image may have a NumPy 2 of its own, which would come before apt's.
RUN python3 -m pip install numpy onnxruntime cuda-bindings

WORKDIR /opt/trt_inference
COPY containers/with_ros.sh /usr/local/bin/with_ros
COPY . src/trt_inference/

RUN with_ros colcon build --packages-select trt_inference \
    && rm -rf build log

# 1000 is the first user of a board. The group video owns the GPU and the cameras.
ARG USER_ID=1000
RUN useradd --non-unique --uid "$USER_ID" --create-home --groups video --shell /bin/bash robot
USER robot

# What can be imported without a GPU: TensorRT and CUDA are looked for only.
RUN with_ros python3 -c "import cv2, jsonschema, numpy, onnxruntime, rich, yaml; \
    assert numpy.__version__ < '2', numpy.__version__; \
    from importlib.util import find_spec; assert find_spec('tensorrt'), 'no tensorrt'; \
    assert find_spec('cuda.bindings'), 'no cuda.bindings'; \
    import rclpy, vision_msgs.msg, trt_inference.ros.process" \
    && with_ros trt-inference detect --help > /dev/null

WORKDIR /models
# At the SIGTERM of docker stop, ros2 launch would not end its nodes.
STOPSIGNAL SIGINT
ENTRYPOINT ["with_ros"]
CMD ["bash"]
