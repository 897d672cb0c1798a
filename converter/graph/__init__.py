"""The stages that are grafted on an exported network, as ONNX models of standard operators."""
