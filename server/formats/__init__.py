"""One module an output format of ``check``."""
