"""TensorFlow against the bundle, on the same images: tensors, results, accuracy.

The two ways are kept apart where they can be: the source model gets its pixels from NumPy and its
outputs are decoded in NumPy, the bundle has both in its graph. They share the robot's own
letterbox and thresholds.
"""
