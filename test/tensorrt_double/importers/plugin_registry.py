"""Importers that make a plugin, which somebody must have registered."""

from test.tensorrt_double.importers.imported_node import ImportedNode


def require_plugin(node: ImportedNode, name: str) -> None:
    """See that somebody registered them.

    Raises:
        Refusal: nobody did.
    """
    node.require(
        node.api.machine.plugin_logger is not None,
        "plugin != nullptr",
        f"{name} plugin was not found in the plugin registry!",
    )
