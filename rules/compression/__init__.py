"""Pruning, quantization and export."""
