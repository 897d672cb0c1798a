"""`trt-inference COMMAND`: one module per command, its arguments, and what it prints."""
