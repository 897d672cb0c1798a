"""Runs bundles, made by the converter from TensorFlow models, on a robot."""
