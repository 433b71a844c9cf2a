"""Batch sizes and training loops."""
