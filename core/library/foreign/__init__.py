"""Models of other programs: read as data, never executed; and ours for other programs."""
