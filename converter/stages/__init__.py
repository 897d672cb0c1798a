"""The input stage, the output stage, and their assembly with network and head."""
