"""ROS 2, its middleware, and who publishes images."""
