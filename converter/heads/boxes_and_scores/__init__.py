"""Decoded boxes beside the scores of their classes, as DETR has them."""
