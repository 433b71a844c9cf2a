"""The semantic model: what a training script does with memory, learnt from its text alone."""
