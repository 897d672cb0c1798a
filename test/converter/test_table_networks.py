"""The networks of the table of nodes on a GPU are as large as those that they stand for."""

import numpy as np

from benchmarks.table_networks import BINS, DecodeBoxes, detector, weights_and_multiplications


def test_the_detector_is_as_large_as_yolov8s() -> None:
    """11.2 million weights and 28.6 GFLOPs are what its authors state."""
    model = detector()
    weights, multiplications = weights_and_multiplications(model)
    assert abs(weights / 11.2e6 - 1) < 0.01
    assert abs(2 * multiplications / 28.6e9 - 1) < 0.01
    assert model.output.shape == (None, 84, 8400)


def test_boxes_reach_as_far_as_their_distributions_say() -> None:
    side, stride = 3, 8
    certain = np.full((1, side * side, 4, BINS), -100.0, np.float32)
    for edge, cells in enumerate((1, 2, 3, 4)):  # left, top, right, bottom
        certain[:, :, edge, cells] = 100.0
    boxes = DecodeBoxes(side, stride)(certain.reshape(1, side * side, 4 * BINS))
    x, y = 2.5 * stride, 0.5 * stride  # of the third cell of the first row
    low, high = (x - 1 * stride, y - 2 * stride), (x + 3 * stride, y + 4 * stride)
    expected = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, 4 * stride, 6 * stride]
    np.testing.assert_allclose(np.asarray(boxes)[0, 2], expected, rtol=1e-5)
