"""How the results of two models are compared, in one module per task."""
