"""How outputs show that a network is for a task without a bundle, or is not put together yet."""
