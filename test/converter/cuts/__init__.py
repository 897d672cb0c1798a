"""Where models are cut, and what makes the operators in the way."""
