"""The table of parameters, their checks, and their values for the rest of the node."""
