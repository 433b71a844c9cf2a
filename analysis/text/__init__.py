"""Texts: reading them, notebooks, offsets, words and tokens."""
