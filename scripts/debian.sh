#!/usr/bin/env bash
# Runs a command in a small Debian with Python and a robot's libraries, for another processor or this
# one. What it needs is made the first time, in .venv/debian-arm64 (550 MB, four minutes):
#   scripts/debian.sh arm64 python3 -m pytest test   under qemu, as the Cortex-A57 of a Jetson Nano
#   scripts/debian.sh amd64 python3 -m pytest test   the same system and libraries without qemu
# It may be interrupted and run again. There the project is in /project, which cannot be written; what
# is written to /tmp is gone at the end. ROS is not there: PyPI has none for arm64.
set -euo pipefail
cd "$(dirname "$0")/.."

release=bookworm
python=3.11
# Those of JetPack 7 but for CUDA, of which all have wheels for Debian's Python.
constraints=scripts/constraints/python3.12.txt
installed=/usr/local/lib/python$python/dist-packages # where that looks for what is not Debian's
glibc=36 # 2.36: the newest kind of wheel that runs there

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The standard output is the command's.
tell() {
    printf '%s\n' "$*" >&2
}

check_programs() {
    command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] ||
        fail "debootstrap is not installed. Run: sudo apt install debootstrap qemu-user-static"
    [ "$1" = amd64 ] || [ -e "$binfmt" ] ||
        fail "there is no $binfmt. Run: sudo apt install qemu-user-static"
}

# The libraries belong to the user, so that pip need not run as root.
make_libraries() {
    cmp -s "$constraints" "$libraries/constraints.txt" && return
    tell "$libraries: installing the libraries of $constraints …"
    local version kinds=()
    for version in $(seq "$glibc" -1 17); do
        kinds+=(--platform "manylinux_2_${version}_$machine")
    done
    rm -rf "$libraries" "$libraries.partial"
    .venv/robot/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
        --target "$libraries.partial" --only-binary :all: --python-version "$python" "${kinds[@]}" \
        --platform "manylinux2014_$machine" --requirement <(sed '/^cuda-/d' "$constraints") ||
        fail "pip could not install the packages above. Check the network and run the command again"
    cp "$constraints" "$libraries.partial/constraints.txt"
    mv "$libraries.partial" "$libraries"
}

# As root from here on, in a namespace: its mounts are gone when its last process is, however it ends,
# and no other process sees them, not even one that removes the folder.
enter_namespace() {
    local become_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "debootstrap, mount and chroot need root, and there is no sudo:" \
            "run this as root"
        tell "debootstrap, mount and chroot need root: asking sudo"
        become_root=(sudo --)
    fi
    exec "${become_root[@]}" unshare --mount --pid --fork --kill-child --mount-proc \
        "$PWD/scripts/debian.sh" --inside "$@"
}

# qemu has to be known to the kernel, with the flag F: opened now, as it is not found in the other system.
register_qemu() {
    [ "$debian" = arm64 ] || return 0
    local formats=/proc/sys/fs/binfmt_misc magic mask format
    mount -t binfmt_misc binfmt_misc "$formats" 2>/dev/null || true
    magic=$(sed -n 's/^magic //p' "$binfmt")
    mask=$(sed -n 's/^mask //p' "$binfmt")
    for format in "$formats"/*; do
        if [[ $(cat "$format" 2>/dev/null) == enabled*"flags: "*F*"magic ${magic//\\x/}"* ]]; then
            return
        fi
    done
    echo ":debian-arm64:M::$magic:$mask:$(sed -n 's/^interpreter //p' "$binfmt"):PF" \
        2>/dev/null >"$formats/register" ||
        fail "this kernel does not let qemu be registered for programs of arm64, as in a container without" \
            "--privileged. On the machine itself run: sudo apt install qemu-user-static binfmt-support"
    tell "registered qemu for programs of arm64, until the kernel restarts"
}

make_system() {
    exec 9>"$folder/lock"
    flock --exclusive 9
    if [ ! -e "$system" ]; then
        tell "$system: making Debian $release for $debian …"
        rm -rf --one-file-system "$system.partial"
        debootstrap --arch="$debian" --variant=minbase --include=python3 "$release" "$system.partial" \
            >"$folder/debootstrap.log" 2>&1 ||
            fail "debootstrap could not make it; see $folder/debootstrap.log. Run the command again"
        rm -f "$system.partial"/var/cache/apt/archives/*.deb
        mkdir -p "$system.partial/project" "$system.partial$installed"
        mv "$system.partial" "$system"
    fi
    exec 9>&-
}

# What the Nano's kernel tells of its cores. qemu 7.2 leaves the file as it is on this machine, and the
# library with which ONNX Runtime asks for the core's abilities crashes on it.
write_cpuinfo() {
    local core
    for core in $(seq 0 $(($(nproc) - 1))); do
        cat <<END
processor	: $core
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd07
CPU revision	: 1

END
    done
}

# As the user who called sudo: root may read and write what others may not, which tests would not see.
run_inside() {
    mount -t proc proc "$system/proc"
    mount --rbind /sys "$system/sys"
    mount --rbind /dev "$system/dev"
    mount -t tmpfs tmpfs "$system/tmp"
    if [ "$debian" = arm64 ]; then
        write_cpuinfo >"$system/tmp/cpuinfo"
        mount --bind "$system/tmp/cpuinfo" "$system/proc/cpuinfo"
    fi
    mount -o bind,ro "$PWD" "$system/project"
    mount -o bind,ro "$libraries" "$system$installed"
    chroot --userspec="${SUDO_UID:-0}:${SUDO_GID:-0}" "$system" /usr/bin/env --ignore-environment \
        --chdir=/project PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        COLUMNS="${COLUMNS:-100}" PYTHONPATH=/project PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
        HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis \
        "${processor[@]}" "$@"
}

is_inside=false
if [ "${1:-}" = --inside ]; then
    is_inside=true
    shift
fi
[ $# -ge 2 ] || fail "usage: scripts/debian.sh arm64|amd64 COMMAND …"
debian=$1
shift
folder=.venv/debian-$debian
system=$folder/system
libraries=$folder/libraries
binfmt=/usr/share/binfmts/qemu-aarch64
case $debian in
    # OpenBLAS does not find out on its own which core this is; neither does it on the board.
    arm64) machine=aarch64 processor=(QEMU_CPU=cortex-a57 OPENBLAS_CORETYPE=ARMV8) ;;
    amd64) machine=x86_64 processor=() ;;
    *) fail "there is no system for '$debian': choose arm64 or amd64" ;;
esac
if $is_inside; then
    register_qemu
    make_system
    run_inside "$@"
else
    check_programs "$debian"
    mkdir -p "$folder"
    make_libraries
    enter_namespace "$debian" "$@"
fi
