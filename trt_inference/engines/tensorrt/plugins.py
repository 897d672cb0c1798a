"""TensorRT's own plugins, for what it has no layer: InstanceNormalization before 10, and RoiAlign.

Parsers before 10 register them by themselves, and later ones do not; nothing does it for a plan. It
is done whether a model or plan needs one or not: their library is loaded with ``tensorrt`` anyway,
and registering them in 8.6.0 takes 0.2 ms and 0.3 MB.
"""

import re
from types import ModuleType
from typing import Any, MutableMapping
from weakref import WeakKeyDictionary

UNKNOWN_PLUGIN = "it is none of those that come with TensorRT"
_NONE = "this TensorRT comes without its plugins"
_REFUSED = "TensorRT could not register its plugins"

# Plugins keep the address of their logger, so that it has to live as long as the module.
_loggers: MutableMapping[ModuleType, Any] = WeakKeyDictionary()


def register_plugins(trt: ModuleType) -> str:
    """Let this process find TensorRT's plugins, before it parses a model or loads a plan.

    To be called before each of them: the parsers before 10 give plugins the logger of the build,
    which is gone after it, and this gives them one that stays.

    Returns:
        Why there are none, which matters only to models and plans that need one; else empty.
    """
    if not hasattr(trt, "init_libnvinfer_plugins"):  # as in lean runtimes
        return _NONE
    logger = _loggers.setdefault(trt, trt.Logger(trt.Logger.ERROR))
    return "" if trt.init_libnvinfer_plugins(logger, "") else _REFUSED


def lacks_plugin(log: str) -> bool:
    """Whether TensorRT's log is about a plugin that it did not find: "getPluginCreator could not
    find plugin …", "… IPluginCreator not found in Plugin Registry"."""
    return re.search(r"not find plugin|PluginCreator not found", log) is not None
