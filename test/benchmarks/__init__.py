"""What owners of robots run to measure them."""
