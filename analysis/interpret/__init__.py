"""Runs a script on abstract values."""
