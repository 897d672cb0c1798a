"""ROS 2, its middleware, and what the nodes that run just now publish and report."""
