"""int8, with ranges from calibration images."""
