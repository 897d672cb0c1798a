"""Errors name the signature that was probably meant, before what is wrong with the one by
default."""

from contextlib import contextmanager
from typing import Iterator, Optional

from converter.commands.convert_options import SourceOptions
from converter.errors import ExportError, HeadError, SavedModelError
from converter.inputs.other_signatures import suggest_signature
from converter.inputs.saved_model import SavedModel, Signature


@contextmanager
def signature_suggested(
    saved_model: SavedModel, chosen: Optional[Signature], options: SourceOptions
) -> Iterator[None]:
    """Let errors begin with another signature where the user has not chosen one, and the one by
    default is hardly for inference.

    Args:
        chosen: by default; None where there is none.
    """
    try:
        yield
    except (ExportError, HeadError, SavedModelError) as error:
        text = ""
        if options.signature is None:
            text = suggest_signature(saved_model, chosen, options.values)
        if not text:
            raise
        raise type(error)(f"{text}\n{error}") from error
