"""The commands of the prompt, one file a group; importing this fills the registry that it offers."""

from repl.commands import general, models, sampling, shelf, training, turns, why

# The order is that of :help.
# isort: split
from repl.commands import comparing, config, epochs, inside, looking, sessions
from repl.registry import registry

__all__ = [
    "comparing",
    "config",
    "epochs",
    "general",
    "inside",
    "looking",
    "models",
    "registry",
    "sampling",
    "sessions",
    "shelf",
    "training",
    "turns",
    "why",
]
