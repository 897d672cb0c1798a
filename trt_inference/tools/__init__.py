"""Command-line programs that run without ROS."""
