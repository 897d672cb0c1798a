"""ONNX → TensorRT engine, on the machine that will run it: Python 3.8, no TensorFlow, no onnx."""
