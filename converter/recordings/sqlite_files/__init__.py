"""Reads the SQLite files of rosbag2, whole or damaged."""
