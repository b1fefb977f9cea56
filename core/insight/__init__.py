"""What happened inside, and why."""
