"""Layers that cost more than they give."""
