"""What the launch files share: arguments, parameter files, middleware profiles, camera drivers."""
