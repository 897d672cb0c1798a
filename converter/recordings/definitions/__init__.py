"""Deserialises messages by the definitions in the bag, or by those that come along."""
