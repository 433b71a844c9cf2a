"""What the analysis knows of an expression: values with provenance, names, scopes and calls."""
