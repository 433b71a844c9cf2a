"""Runs in the user's Python: standard library only."""
