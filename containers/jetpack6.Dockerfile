# JetPack 6.1 and 6.2 (Orin; L4T r36.4): Ubuntu 22.04, Python 3.10, CUDA 12.6 and TensorRT 10.3 in the
# base image, and ROS 2 Humble from apt, with its Fast DDS.
#
#   sudo docker build -f containers/jetpack6.Dockerfile -t trt_inference:jetpack6 .
#
# --build-arg CAMERA_DRIVER=gscam has the driver for CSI cameras in it, instead of the one for USB.
FROM nvcr.io/nvidia/l4t-jetpack:r36.4.0

SHELL ["/bin/bash", "-c"]

# PIP_CONSTRAINT holds for each pip in the container, also for the one that rosdep runs: without it,
# pip puts NumPy 2 over the one of apt, for which apt's OpenCV and cv_bridge are not built.
ENV LANG=C.UTF-8 \
    ROS_DISTRO=humble \
    PIP_CONSTRAINT=/etc/trt_inference/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

COPY scripts/constraints/python3.10.txt /etc/trt_inference/constraints.txt

ADD https://raw.githubusercontent.com/ros/rosdistro/master/ros.key \
    /usr/share/keyrings/ros-archive-keyring.asc

# ROS is built for the OpenCV of Ubuntu, and NVIDIA's repository has a later one.
RUN chmod 644 /usr/share/keyrings/ros-archive-keyring.asc \
    && echo "deb [arch=$(dpkg --print-architecture)" \
        "signed-by=/usr/share/keyrings/ros-archive-keyring.asc]" \
        "http://packages.ros.org/ros2/ubuntu jammy main" > /etc/apt/sources.list.d/ros2.list \
    && printf '%s\n' "Package: libopencv* opencv* python3-opencv" \
        "Pin: origin repo.download.nvidia.com" "Pin-Priority: -1" \
        > /etc/apt/preferences.d/opencv-of-ubuntu

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
        ros-humble-bondpy \
        ros-humble-ros-base \
        ros-humble-vision-msgs \
        "ros-humble-$CAMERA_DRIVER" \
    && rm -rf /var/lib/apt/lists/*

RUN python3 -m pip install onnxruntime cuda-bindings

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
