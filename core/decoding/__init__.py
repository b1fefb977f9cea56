"""Weights to words, in numpy only."""
