"""What a training script will need: the script runs up to a training step, and its memory is measured or predicted."""
