"""What stands around a script: its project, modules, pins, data files and importers."""
