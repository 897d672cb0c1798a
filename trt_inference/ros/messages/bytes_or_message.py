"""What a publisher takes of a result: ready-made bytes where they can be had, or else a message."""

from typing import Any, Callable, Optional, Union

from trt_inference.inference.results import Result
from trt_inference.ros.messages.class_texts import ClassTexts
from trt_inference.ros.messages.detection_layout import LayoutError
from trt_inference.ros.messages.headers import AnyHeader


class BytesOrMessage:
    """Makes bytes that a publisher sends as they are, or a message where the type support has no
    layout for them or a text cannot be sent, which the publisher then reports."""

    def __init__(
        self, to_bytes: Optional[Callable[..., bytes]], to_message: Callable[..., Any]
    ) -> None:
        """
        Args:
            to_bytes: raises LayoutError or UnicodeError where it can make none.
        """
        self._to_bytes, self._to_message = to_bytes, to_message

    def __call__(self, result: Result, header: AnyHeader, texts: ClassTexts) -> Union[bytes, Any]:
        """Of a result with the image's own ``header``. What is in ``texts``, of each class, must
        not change."""
        if self._to_bytes is not None:
            try:
                return self._to_bytes(result, header, texts)
            except (LayoutError, UnicodeError):
                pass
        return self._to_message(result, header, texts)
