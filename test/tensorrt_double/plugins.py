"""The operators of which parsers make plugins, which a plan then needs too.

From the sources of onnx-tensorrt: where an importer calls ``importPluginCreator``, as for
InstanceNormalization in builtin_op_importers.cpp (8.0-GA to 8.5-GA), onnx2trt_utils.cpp (8.6-GA to
9.3) and importerUtils.cpp (10.0-GA), for RoiAlign in builtin_op_importers.cpp since 8.5-GA, for
NonMaxSuppression there up to 8.4-GA, and for a ScatterElements with a reduction in
onnxOpImporters.cpp since 10.0-GA.
``importModel`` registers the plugins itself up to 9.3, and no more since 10.0-GA.
"""

import weakref
from typing import Any, Iterator, List

import onnx

from test.tensorrt_double.foundations import report, require

INSTANCE_NORM, ROI_ALIGN = "InstanceNormalization_TRT", "ROIAlign_TRT"
SUPPRESSION, SCATTER = "EfficientNMS_ONNX_TRT", "ScatterElements"
KNOWN = (INSTANCE_NORM, ROI_ALIGN, SUPPRESSION, SCATTER)
# What of them may be in a plan for other versions, and the library that goes with it.
LIBRARY_OF_COMPATIBLE = {ROI_ALIGN: "/usr/lib/libnvinfer_vc_plugin.so"}


def register(api: Any, logger: Any, namespace: str) -> bool:
    """``init_libnvinfer_plugins``: the plugins keep the logger's address, and nothing keeps it."""
    require(api.ILogger, logger)
    require(str, namespace)
    if api.machine.faults.plugins:
        report(api, logger, "ERROR", "Could not register plugin creator -  ::" + ROI_ALIGN)
        return False
    api.machine.plugin_logger = weakref.ref(logger)
    return True


def native_by_default(api: Any) -> bool:
    """Whether InstanceNormalization is a layer unless somebody clears the parser's flag."""
    return bool(api.at_least(10))


def plugins_of(api: Any, graph: onnx.GraphProto, native_norm: bool) -> List[str]:
    """The plugins that the parser makes of a graph and of the graphs in its nodes, by name."""
    return sorted(set(_plugins(api, graph, native_norm)))


def _plugins(api: Any, graph: onnx.GraphProto, native_norm: bool) -> Iterator[str]:
    for node in graph.node:
        if node.op_type == "InstanceNormalization" and not native_norm:
            yield INSTANCE_NORM
        elif node.op_type == "RoiAlign" and api.at_least(8, 5):
            yield ROI_ALIGN
        elif node.op_type == "NonMaxSuppression" and not api.at_least(8, 5):
            yield SUPPRESSION
        elif node.op_type == "ScatterElements" and api.at_least(10) and _reduces(node):
            yield SCATTER
        for given in node.attribute:
            if given.HasField("g"):
                yield from _plugins(api, given.g, native_norm)


def _reduces(node: onnx.NodeProto) -> bool:
    return any(given.name == "reduction" and given.s != b"none" for given in node.attribute)


def why_not_compatible(api: Any, config: Any, plugins: List[str]) -> str:
    """Why a plan with these plugins cannot be for other versions or GPUs; empty where it can."""
    level = config.hardware_compatibility_level.name if api.at_least(8, 6) else "NONE"
    of_versions = [
        name
        for name in plugins
        if LIBRARY_OF_COMPATIBLE.get(name) not in config._get("libraries", [])
    ]
    if config._has("VERSION_COMPATIBLE") and of_versions:
        return (
            f"{of_versions[0]} is not among the plugins to serialize of a version compatible plan"
        )
    if level != "NONE" and INSTANCE_NORM in plugins:
        return f"{INSTANCE_NORM} is not supported in a hardware compatible plan"
    return ""
