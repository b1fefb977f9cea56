"""What happens while a line is typed: ghost, colours, completion, keys, history."""
