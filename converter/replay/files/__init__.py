"""The files of a replay for other programs, and the folder that they are in."""
