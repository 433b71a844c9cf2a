"""What known libraries do to values: declarative rows, each with a probe or a source; no rule, no advice."""
