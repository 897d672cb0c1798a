"""TensorRT's plugins: who registers them, and who asks for them.

The parsers of 8 register them themselves (``importModel``), those of 10 do not.
"""

from typing import Any

from test.tensorrt_double.foundations import require
from test.tensorrt_double.importers.imported_node import ImportedNode


def register_plugins(api: Any, logger: Any, namespace: str) -> bool:
    """``init_libnvinfer_plugins``: for the rest of the process."""
    require(api.ILogger, logger)
    require(str, namespace)
    api.has_plugins = True
    return True


def native_by_default(api: Any) -> bool:
    """Whether NATIVE_INSTANCENORM is set unless somebody clears it."""
    return bool(api.at_least(10))


def require_plugin(node: ImportedNode, name: str) -> None:
    """See that somebody registered them.

    Raises:
        Refusal: nobody did.
    """
    node.require(
        node.api.has_plugins,
        "plugin != nullptr",
        f"{name} plugin was not found in the plugin registry!",
    )
