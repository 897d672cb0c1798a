#!/usr/bin/env bash
# Makes one of the project's virtual environments, or brings it up to date:
#   scripts/environment.sh robot      what a robot has: ROS, OpenCV, ONNX Runtime; no TensorFlow
#   scripts/environment.sh jazzy      the same with ROS 2 Jazzy from PyPI, for tests beside Kilted
#   scripts/environment.sh converter  what a workstation needs to convert models: TensorFlow
#   scripts/environment.sh python3.6  a Jetson's Python with its old libraries, for tests without ROS;
#                                     scripts/constraints/ has a file for each such Python
# It may be interrupted and run again. PYTHON names the interpreter to use for all but the last.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-}
folder=.venv/$name
unfinished=$folder/.unfinished
venv_options=()

trap 'echo "interrupted: run it again" >&2; exit 130' INT

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The first interpreter that the ROS and TensorFlow wheels are made for.
find_new_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python from 3.10 to 3.13 found (looked for ${PYTHON:-python3, python3.13 … python3.10})." \
        "Install one, or name it: make PYTHON=/path/to/python3"
}

# The interpreter of exactly this version, as python3.6: on the PATH, or the newest one of pyenv.
find_this_python() {
    local candidate versions=${PYENV_ROOT:-$HOME/.pyenv}/versions
    for candidate in "$1" $(ls -dv "$versions/${1#python}".*/bin/python 2>/dev/null | tail -n 1); do
        if "$candidate" -c "import sys; sys.exit('python%d.%d' % sys.version_info[:2] != '$1')" \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "no $1 found, neither on the PATH nor in $versions." \
        "Install it with: pyenv install ${1#python}  (pyenv: https://github.com/pyenv/pyenv)"
}

# The first argument finds the interpreter for a new environment.
make_environment() {
    # pip takes a package for installed that it was interrupted in: such an environment is made anew.
    if [ ! -e "$unfinished" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    local python
    python=$("$@")
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments. Run: sudo apt install python3-venv"
    echo "$folder: new virtual environment with $("$python" --version)"
    "$python" -m venv --clear "${venv_options[@]}" "$folder"
}

install() {
    echo "$folder: installing $2 …"
    touch "$unfinished"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$1]" "${@:3}" ||
        fail "pip could not install the packages above. Check the network and run the command again"
}

# A sourced ROS distribution is taken as it is, with the Python that it was built for.
find_python_of_ros() {
    local python=${PYTHON:-python3}
    "$python" -c 'import rclpy, sys; sys.exit(rclpy.__file__.startswith(sys.prefix))' 2>/dev/null && echo "$python"
}

is_python_too_old() {
    ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 8))'
}

install_robot() {
    local python
    if python=$(find_python_of_ros); then
        if is_python_too_old "$python"; then
            fail "the ROS that is sourced is built for $("$python" --version)." \
                "Use it without an environment: $python -m pip install dataclasses jsonschema rich onnxruntime" \
                "(the steps are in README.md, under Jetson Nano)"
        fi
        # The libraries of the system, too: JetPack's tensorrt, and OpenCV.
        venv_options=(--system-site-packages)
        make_environment find_python_of_ros
        install_beside_ros
    elif [ "$(uname -m)" = x86_64 ]; then
        install_ros_from_pypi ros
    else
        fail "no ROS 2 is sourced, and PyPI has it for x86_64 only, not for $(uname -m). On Ubuntu 22.04" \
            "(JetPack 6) run: sudo apt install ros-humble-ros-base, then source /opt/ros/humble/setup.bash, and" \
            "this again. On JetPack 4 and 5 take a container with ROS 2 Humble, dustynv/ros"
    fi
}

# The extra of setup.py names the distribution of ROS.
install_ros_from_pypi() {
    make_environment find_new_python
    install "robot,replay,triton,$1,test,colcon" "ROS 2 and the robot's packages (about a minute)"
}

# The ROS that is sourced would come first on the path, and `robot` uses it already.
install_jazzy() {
    find_python_of_ros >/dev/null &&
        fail "a ROS distribution is sourced, and would hide that of $folder. Run this in a shell without it" \
            "(where Jazzy is sourced, make test runs on it)"
    [ "$(uname -m)" = x86_64 ] ||
        fail "PyPI has ROS 2 for x86_64 only, not for $(uname -m). Source Jazzy, and run make test"
    install_ros_from_pypi jazzy
}

# What the system has is left as it is: pip's OpenCV would hide that of apt or JetPack, and NumPy 2
# would make all unusable that was built for NumPy 1.
install_beside_ros() {
    local pair missing=() pairs=(
        numpy=numpy cv2=opencv-python-headless onnxruntime=onnxruntime jsonschema=jsonschema rich=rich
    )
    if "$folder/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
        # Not as the extra `replay`, which names OpenCV, too.
        pairs+=(rosbags=rosbags mcap=mcap foxglove=foxglove-sdk jinja2=jinja2 pycocotools=pycocotools)
    fi
    for pair in "${pairs[@]}"; do
        "$folder/bin/python" -c "import ${pair%=*}" 2>/dev/null || missing+=("${pair#*=}")
    done
    if "$folder/bin/python" -c 'import numpy, sys; sys.exit(numpy.__version__[:2] != "1.")' 2>/dev/null; then
        missing+=('numpy<2')
    fi
    install test,colcon "what is missing beside the ROS that is there" "${missing[@]}"
}

# Keras 2, whose SavedModels the tests make. Its wheel asks for "tensorflow", which would put its
# files in the place of those of tensorflow-cpu: everything that it needs is there already.
install_keras_2() {
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps tf-keras==2.21.0 ||
        fail "pip could not install tf-keras. Check the network and run the command again"
}

install_old_libraries() {
    # The pip that comes with an old Python does not know today's kinds of wheels.
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip --constraint "$1" ||
        fail "pip could not be brought up to date. Check the network and run the command again"
    install robot,test "the libraries of $1" --only-binary :all: --constraint "$1"
}

case $name in
    robot | jazzy)
        "install_$name"
        "$folder/bin/python" interfaces/build.py
        ;;
    python*)
        constraints=scripts/constraints/$name.txt
        [ -e "$constraints" ] || fail "there is no $constraints: it would name the libraries that go with $name"
        make_environment find_this_python "$name"
        install_old_libraries "$constraints"
        ;;
    converter)
        [ "$(uname -m)" = x86_64 ] ||
            fail "the TensorFlow that converts is made for x86_64 only. Convert on such a machine, and copy" \
                "the folder of the bundle to this one"
        make_environment find_new_python
        install converter,replay,triton,test,develop "TensorFlow and the converter's packages (about two minutes)"
        install_keras_2
        ;;
    *) fail "there is no environment '$name': choose robot, jazzy, converter or python3.6 and the like" ;;
esac
rm -f "$unfinished"
touch "$folder/.ready"
