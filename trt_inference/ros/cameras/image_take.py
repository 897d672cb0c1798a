"""The images of one subscription, taken from the middleware."""

from typing import Any, Iterator, Optional

from rclpy.subscription import Subscription

from trt_inference.ros.cameras.rcl_take import TakeError
from trt_inference.ros.cameras.serialized_take import AnyTake, CopyingTake, open_take
from trt_inference.ros.messages.image_layout import are_read_in_place
from trt_inference.ros.messages.serialized_image import read_any_message


class ImageTake:
    """Takes images: in place where this robot's type support lays them out as they are read, else
    as messages of rclpy.

    Attributes:
        subscription: of which they are.
    """

    def __init__(self, subscription: Subscription, in_place: bool) -> None:
        """
        Args:
            in_place: whether they may be; not where others get messages of rclpy to compare with.
        """
        self.subscription = subscription
        self._kind = subscription.msg_type
        self._serialized: Optional[AnyTake] = None
        if in_place and are_read_in_place(self._kind):
            self._serialized = open_take()

    def one(self) -> Any:
        """The next image; None where there is none.

        Raises:
            TakeError: the middleware cannot give it, as rclpy's own errors. It is lost, and the
                next one is taken by rclpy.
        """
        handle: Any = self.subscription.handle
        if self._serialized is None:
            taken = handle.take_message(self._kind, False)
            return None if taken is None else taken[0]
        try:
            message = self._serialized.take(handle)
        except TakeError:
            self._serialized = CopyingTake()
            raise
        return None if message is None else read_any_message(self._kind, message)

    def all(self) -> Iterator[Any]:
        """Those that are there, at most as many as the history keeps, with the same errors."""
        for _ in range(self.subscription.qos_profile.depth or 1):
            image = self.one()
            if image is None:
                return
            yield image
