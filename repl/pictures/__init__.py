"""What core found out, as Rich renderables."""
