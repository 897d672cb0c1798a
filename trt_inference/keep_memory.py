"""Where the memory of one image comes from: that of the one before."""

import ctypes
import sys

# Parameters of mallopt(3), and bytes. An image of 4K takes 25 MB, and there are two of each while
# it is decoded.
_TRIM_THRESHOLD, _MOST_FREE = -1, 2**27
_MMAP_THRESHOLD, _LARGEST_KEPT = -3, 2**25


def keep_freed_memory() -> None:
    """Let this process keep what it frees for its next arrays, where glibc is its C library.

    Otherwise glibc gives the memory of a large array back to Linux, which clears each page of the
    next one again: of a jpeg of 720p, that was a quarter of the processor time of decoding, 1.1 of
    4.4 ms, and receiving an image of 1080p took two to three times as much. OpenCV allocates each
    picture that it decodes, and takes no array from us; so does ROS with each message, and gRPC
    takes each request as new bytes, and copies them.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_TRIM_THRESHOLD, _MOST_FREE)
