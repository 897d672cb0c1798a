"""Finds what registers itself by being there: folders of a package with a module of one name.

Backends here, and heads and precisions in the converter, are found so: no list names them.
"""

import importlib.util
import pkgutil
from types import ModuleType
from typing import List


def registered_modules(package: ModuleType, module: str) -> List[str]:
    """The full names of the modules called ``module`` in the folders of ``package``, by the names
    of the folders. None of them is imported, but their folders' ``__init__`` are."""
    folders = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    names = [f"{folder.name}.{module}" for folder in folders if folder.ispkg]
    return [name for name in names if importlib.util.find_spec(name) is not None]
