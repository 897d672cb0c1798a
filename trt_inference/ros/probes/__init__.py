"""What the doctor runs in processes of their own: they import ROS, which may crash or hang."""
