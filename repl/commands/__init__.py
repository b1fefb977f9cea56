"""The commands of the prompt, one file a group; importing this fills the registry that it offers."""

from repl.commands import general, models, sampling, shelf, training, turns, why
from repl.registry import registry

__all__ = ["general", "models", "registry", "sampling", "shelf", "training", "turns", "why"]
