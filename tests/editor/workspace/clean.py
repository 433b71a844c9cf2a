"""A script that has nothing to do with training."""

print("hello")
