"""float16, with layers that overflow kept in float32."""
