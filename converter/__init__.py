"""Makes bundles from TensorFlow SavedModels, on a workstation."""
