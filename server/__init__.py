"""The two thin front ends over one core: the command line and the language server."""
