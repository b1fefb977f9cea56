"""File -> lines -> words -> ids."""
