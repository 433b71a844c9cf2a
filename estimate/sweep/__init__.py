"""Many estimates at once: a grid of scripts, batch sizes, policies and GPUs, and a table with a row for each case."""
