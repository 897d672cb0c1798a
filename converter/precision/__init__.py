"""Narrower precisions of a bundle's model: float16 and int8, each measured against fp32."""
