"""Reads the bags that robots record, without ROS."""
