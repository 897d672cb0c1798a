"""What was measured, as tables and figures that the terminal and the report both show."""
