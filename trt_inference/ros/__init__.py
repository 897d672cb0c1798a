"""The lifecycle node, and the only place that imports ROS."""
