"""What speaks gRPC with Triton: the connection, what is asked of it, and what is checked of its
answers. Only these modules and ``remote_model.py`` need its client library."""
