"""Reads, edits and stores ONNX models."""
