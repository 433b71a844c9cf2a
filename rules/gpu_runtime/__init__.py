"""GPU settings at run time."""
