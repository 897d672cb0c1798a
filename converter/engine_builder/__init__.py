"""ONNX → TensorRT engine, on the machine that will run it: Python 3.6, no TensorFlow, no onnx."""
