"""Pictures to compare an engine on: the user's, those of the report, or made-up ones."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from converter.inputs.dataset import load_dataset
from converter.inputs.sample import Sample
from trt_inference.bundles.bundle_files import read_in_bundle
from trt_inference.bundles.names import LARGEST_REPORT, REPORT_CONTENT
from trt_inference.bundles.strict_json import parse_json
from trt_inference.errors import BundleError, ImageError
from trt_inference.viewing.decode_picture import decode_picture

_ADDRESS = "data:image/jpeg;base64,"


@dataclass(frozen=True)
class Pictures:
    """Pictures, and a ``caution`` where a comparison on them proves little; else empty."""

    samples: Tuple[Sample, ...]
    caution: str = ""


def find_pictures(folder: Optional[Path], bundle: Path, most: int) -> Pictures:
    """Find at most ``most`` pictures, in ``folder`` if it is given.

    Raises:
        DatasetError: there are none in ``folder``.
    """
    if folder is not None:
        return Pictures(load_dataset(folder, None, (), most).samples)
    of_report = _pictures_of_report(bundle)[:most]
    if of_report:
        return Pictures(
            of_report,
            "compared on the pictures of the bundle's report, with boxes drawn into them: give "
            "--images and pictures of the robot's camera",
        )
    made_up = load_dataset(None, None, (), most).samples[:most]
    return Pictures(
        made_up,
        "compared on made-up pictures, in which there may be nothing to see: give --images and "
        "pictures of the robot's camera",
    )


def _pictures_of_report(bundle: Path) -> Tuple[Sample, ...]:
    found: List[Sample] = []
    for pair in _shown_pairs(bundle):
        picture = _decode(pair)
        if picture is not None:
            found.append(Sample(str(pair.get("name")), None, picture))
    return tuple(found)


def _shown_pairs(bundle: Path) -> List[Dict[str, Any]]:
    """The pairs of pictures on the bundle's page; none where its content cannot be read."""
    try:
        content = parse_json(read_in_bundle(bundle, REPORT_CONTENT, LARGEST_REPORT), False)
    except (OSError, ValueError, BundleError):
        return []
    pairs = content.get("pairs") if isinstance(content, dict) else None
    return pairs or []


def _decode(pair: Dict[str, Any]) -> Optional[np.ndarray]:
    try:
        address = str(pair["sides"][0]["address"])
        if not address.startswith(_ADDRESS):
            return None
        return decode_picture(base64.b64decode(address[len(_ADDRESS) :], validate=True))
    except (KeyError, IndexError, TypeError, binascii.Error, ImageError):
        return None
