#!/bin/bash
# The entry point of the images: sources ROS and this package, chooses the settings of the middleware
# for large images, and becomes the command. In a running container:
#   docker exec -it CONTAINER with_ros ros2 topic list
set -e
found=
# With --, as a file that is sourced would otherwise get the arguments of the command.
# ROS that was built from source, as in the images of dusty-nv, is in install/; that of apt is not.
for prefix in "/opt/ros/$ROS_DISTRO/install" "/opt/ros/$ROS_DISTRO"; do
    if [ -e "$prefix/setup.bash" ]; then
        source "$prefix/setup.bash" --
        found=$prefix
        break
    fi
done
if [ -z "$found" ]; then
    echo "error: there is no ROS in /opt/ros/$ROS_DISTRO: is this the base image of the Dockerfile?" >&2
    exit 1
fi
if [ -e /opt/trt_inference/install/setup.bash ]; then
    source /opt/trt_inference/install/setup.bash --
fi

# As the launch files do for the detector; this is for a camera that is started by hand. With a profile
# on Humble, processes would be heard by other machines that must not be.
config=/opt/trt_inference/install/trt_inference/share/trt_inference/config
if [ "$ROS_DISTRO $ROS_LOCALHOST_ONLY" != "humble 1" ]; then
    case ${RMW_IMPLEMENTATION:-rmw_fastrtps_cpp} in
        rmw_fastrtps*)
            export FASTRTPS_DEFAULT_PROFILES_FILE="${FASTRTPS_DEFAULT_PROFILES_FILE:-$config/fastdds_large_images.xml}"
            ;;
        rmw_cyclonedds*)
            export CYCLONEDDS_URI="${CYCLONEDDS_URI:-file://$config/cyclonedds_large_images.xml}"
            ;;
    esac
fi
exec "$@"
