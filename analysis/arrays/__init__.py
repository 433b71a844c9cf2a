"""What a script does with arrays in host memory."""
