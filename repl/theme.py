"""The named styles of everything that is drawn; change a look here and nowhere else."""

from rich.theme import Theme

THEME = Theme(
    {
        "seed": "dim",
        "word": "bold",
        "status": "dim cyan",
        "notice": "yellow",
        "error": "bold red",
        "name": "bold cyan",
        "value": "green",
        "muted": "dim",
        # Dark on light or light on dark of their own, so that they can be read on either ground.
        "heat.10": "green",
        "heat.100": "black on yellow",
        "heat.1000": "bright_white on red",
        "heat.rest": "bright_white on magenta",
        "heat.unknown": "underline",
        "differs": "bold magenta",
        "bar.complete": "cyan",
        "bar.finished": "green",
        "bar.pulse": "cyan",
    }
)
