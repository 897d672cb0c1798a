"""The console and progress bars."""
