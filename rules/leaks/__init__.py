"""What stays alive longer than it should."""
