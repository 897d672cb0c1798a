"""Pictures are decoded into memory that the process has already."""

import subprocess
import sys

import cv2
import numpy as np

# Prints how many pages of memory Linux gives to the process for each picture.
_READ_AHEAD = """
import resource, sys
import cv2, numpy as np
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.replay.pipeline.read_ahead import ReadAhead
from trt_inference.inference.frame import Frame

jpeg = sys.stdin.buffer.read()
messages = [RecordedMessage("/camera", "test", n, float(n), jpeg) for n in range(60)]

def decode(message, reader):
    pixels = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_UNCHANGED)
    return RecordedImage("/camera", 0, "", message.log_time, message.seconds, Frame(pixels))

with ReadAhead(messages, decode, decoders=1) as read:
    for number, slot in enumerate(read, 1):
        slot.release()
        if number == 20:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 40)
"""
_SIZE = (1280, 720)


def test_decoding_takes_no_new_memory() -> None:
    """Where each picture gets new memory, each of its pages is cleared and mapped for it."""
    small = np.random.default_rng(0).integers(0, 255, (45, 80, 3), np.uint8)
    jpeg = cv2.imencode(".jpg", cv2.resize(small, _SIZE))[1].tobytes()
    command = [sys.executable, "-c", _READ_AHEAD]
    done = subprocess.run(command, input=jpeg, check=True, capture_output=True)
    pages_of_a_picture = _SIZE[0] * _SIZE[1] * 3 / 4096
    assert float(done.stdout) < pages_of_a_picture / 10
