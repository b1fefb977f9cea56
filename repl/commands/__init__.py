"""The commands of the prompt, one file a group; importing this fills the registry that it offers."""

from repl.commands import general, inside, models, sampling, shelf, training
from repl.registry import registry

__all__ = ["general", "inside", "models", "registry", "sampling", "shelf", "training"]
