"""What each TensorRT refuses of the operators that it has, one module for each kind of limit.

A limit states the operators, the versions, what is wrong, what to do, and where it is from: the
importers of onnx-tensorrt, whose branches have the name of the version (``file:line@8.2-GA``), and
NvInfer.h of TensorRT's own repository. From 10.2 on there are no branches. What is said of these
versions is from the change logs and operator matrices of each, and from the importers of 10.15.
"""
