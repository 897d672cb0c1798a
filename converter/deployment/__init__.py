"""Takes a bundle to a robot over ssh, and builds there.

For the copy, the robot needs a shell and coreutils. The ``.sh`` files of this folder run there.
"""
