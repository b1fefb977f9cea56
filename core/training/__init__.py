"""Ids to weights: the only place that imports TensorFlow, and that only in a child process."""
