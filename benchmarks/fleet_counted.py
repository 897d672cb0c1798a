"""What a server counts while robots ask it."""

from typing import NamedTuple


class Counted(NamedTuple):
    """What a server has counted of one model since it started; seconds are of all requests.

    Attributes:
        images: of all requests.
        requests: each from one robot.
        executions: of the network, each on a batch of images.
        queue: seconds in which requests waited for an execution.
        compute: seconds of the execution, with the copies of input and output.
        processor: seconds of all cores, of the whole server.
    """

    images: int = 0
    requests: int = 0
    executions: int = 0
    queue: float = 0.0
    compute: float = 0.0
    processor: float = 0.0

    def since(self, earlier: "Counted") -> "Counted":
        """What came after ``earlier``."""
        return Counted(
            images=self.images - earlier.images,
            requests=self.requests - earlier.requests,
            executions=self.executions - earlier.executions,
            queue=self.queue - earlier.queue,
            compute=self.compute - earlier.compute,
            processor=self.processor - earlier.processor,
        )

    @property
    def batch(self) -> float:
        """Images of one execution, the mean."""
        return self.images / max(self.executions, 1)


NOTHING = Counted()
