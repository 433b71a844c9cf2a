"""Rewrites shared by rules, the edit algebra, and fix-all to a fixed point."""
