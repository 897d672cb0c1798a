#!/usr/bin/env bash
# Makes one of the project's virtual environments, or brings it up to date:
#   scripts/environment.sh robot      what a robot has: ROS, OpenCV, ONNX Runtime; no TensorFlow
#   scripts/environment.sh jazzy      the same with ROS 2 Jazzy from PyPI, for tests beside Kilted
#   scripts/environment.sh converter  what a workstation needs to convert models: TensorFlow
#   scripts/environment.sh triton     a Triton server for the tests, without GPU; where there can be
#                                     none, .missing has the reason, and they are skipped
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
    if [ "$name" = triton ]; then
        mkdir -p "$folder"
        echo "$*" >"$folder/.missing"
    fi
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

# The first interpreter that both Triton's Python backend and NumPy 1 are made for. The backend loads
# the library of Python, which not all builds have; where it is stands on the first line.
library_of_python='
import ctypes, os, sys, sysconfig
name = "libpython%d.%d.so.1.0" % sys.version_info[:2]
file = os.path.join(sysconfig.get_config_var("LIBDIR") or "", name)
print(file if os.path.exists(file) else ctypes.CDLL(name)._name)
sys.exit(not (3, 9) <= sys.version_info < (3, 13))'
find_python_of_triton() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.12 python3.11 python3.10 python3.9; do
        if "$candidate" -c "$library_of_python" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python from 3.9 to 3.12 with its shared library found (looked for ${PYTHON:+$PYTHON, }python3," \
        "python3.12 … python3.9). Run: sudo apt install python3-dev, or name one: make PYTHON=/path/to/python3"
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

# The server in the wheel of pytriton, without pytriton and what that needs.
install_triton() {
    local glibc packages
    rm -f "$folder/.missing"
    case $(uname -m) in
        x86_64 | aarch64) ;;
        *) fail "nvidia-pytriton is made for x86_64 and aarch64, not for $(uname -m)" ;;
    esac
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || glibc="no glibc"
    [[ $glibc =~ ^glibc\ 2\.([0-9]+)$ && ${BASH_REMATCH[1]} -ge 35 ]] ||
        fail "nvidia-pytriton needs glibc 2.35, as Ubuntu 22.04 has, and this system has $glibc"
    make_environment find_python_of_triton
    echo "$folder: installing the Triton server (half a minute) …"
    touch "$unfinished"
    # With NumPy 2, this server's Python backend gives outputs of 0 bytes.
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check 'numpy<2' onnxruntime &&
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps nvidia-pytriton==0.7.0 ||
        fail "pip could not install NumPy, ONNX Runtime and nvidia-pytriton. Check the network, and run" \
            "scripts/environment.sh triton"
    packages=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    put_backend_in_place "$packages"
    check_libraries "$packages"
}

# One folder for each backend, which holds the program for this Python, and its library.
put_backend_in_place() {
    local server=$1/pytriton/tritonserver backend=$folder/backends/python library
    rm -rf "$folder/backends"
    mkdir "$folder/backends"
    cp -r "$server/backends/python" "$backend"
    cp "$server/python_backend_stubs/$("$folder/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"/* \
        "$backend"
    library=$("$folder/bin/python" -c "$library_of_python")
    case $library in /*) ln -s "$library" "$backend" ;; esac
}

check_libraries() {
    local missing
    missing=$(LD_LIBRARY_PATH=$1/nvidia_pytriton.libs:$folder/backends/python ldd \
        "$1/pytriton/tritonserver/bin/tritonserver" "$folder"/backends/python/*stub | grep 'not found') || return 0
    fail "the Triton server lacks libraries of this system: $missing"
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
    triton) install_triton ;;
    *) fail "there is no environment '$name': choose robot, jazzy, converter, triton or python3.6 and the like" ;;
esac
rm -f "$unfinished"
touch "$folder/.ready"
