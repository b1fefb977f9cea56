"""The commands of the prompt, one file a group. Importing this fills the registry."""

from repl.commands import general, models, sampling, training

__all__ = ["general", "models", "sampling", "training"]
