"""``keras-memlint oom``: what ran out of memory in a log, where in the script, and what would save how much."""
