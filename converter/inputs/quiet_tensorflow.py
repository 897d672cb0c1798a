"""TensorFlow, imported when it is needed and without its start-up messages."""

import logging
import os
from types import ModuleType

# The messages of its C++ side, before and after logging is set up; a conversion needs no GPU,
# and must not take the memory of one.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "GLOG_minloglevel": "3",
}


def tensorflow() -> ModuleType:
    """The ``tensorflow`` module."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")  # functions of TensorFlow 1 warn of their end
    logging.getLogger("absl").setLevel("ERROR")  # loading warns of gradients, once a layer
    return tensorflow
