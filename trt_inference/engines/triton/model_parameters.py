"""What a model's configuration on Triton tells of each of its versions, as parameters.

A configuration belongs to all versions of a model; the version is therefore part of the names. The
converter writes them, and robots ask for the version that has their bundle.
"""

import re
from typing import Dict, List, Mapping, NamedTuple

_SHA256, _PRECISION = "bundle_sha256", "precision"
LARGEST_VERSION = 10**18 - 1  # what Triton takes fits into 64 bits
_VERSION = re.compile(r"[1-9][0-9]{0,17}\Z")


class ServedBundle(NamedTuple):
    """One version of a model.

    Attributes:
        version: number of its folder.
        sha256: of the manifest of the bundle that it was exported from.
        precision: of the network.
    """

    version: int
    sha256: str
    precision: str


def parameters_of(versions: List[ServedBundle]) -> Dict[str, str]:
    """The parameters that tell these versions."""
    found: Dict[str, str] = {}
    for one in versions:
        found[f"{_SHA256}.{one.version}"] = one.sha256
        found[f"{_PRECISION}.{one.version}"] = one.precision
    return found


def served_bundles(parameters: Mapping[str, str]) -> List[ServedBundle]:
    """The versions that parameters tell, the newest first. What does not belong to a bundle is
    left out."""
    found = []
    for name, sha256 in parameters.items():
        kind, _, version = name.partition(".")
        precision = parameters.get(f"{_PRECISION}.{version}")
        if kind == _SHA256 and _VERSION.match(version) and precision is not None:
            found.append(ServedBundle(int(version), sha256, precision))
    return sorted(found, reverse=True)
