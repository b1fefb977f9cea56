"""Measurements of training; `python -m tests.benchmarks.train` runs them."""
