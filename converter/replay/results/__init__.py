"""What was found over a whole recording: sums, limits, and the words for them."""
