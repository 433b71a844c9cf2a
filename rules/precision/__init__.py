"""float32, mixed precision and the mistakes around it."""
