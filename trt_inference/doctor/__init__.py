"""Examines a machine and a bundle, and tells what is wrong and what to do.

Nothing here imports more than Python's own library, so that the doctor starts where NumPy, OpenCV,
or a package of Python is missing or broken. What needs one is a *probe*: a module that runs in a
process of its own (``probe.py``), which may crash.
"""
