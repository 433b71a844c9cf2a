"""Whether, when and how often a line runs, and on which versions."""
