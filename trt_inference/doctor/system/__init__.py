"""The board, its power mode, memory and disks, and Python with its packages."""
