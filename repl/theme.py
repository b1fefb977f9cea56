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
        # With a ground of their own they can be read on any; the first 16 colours are the terminal's.
        "heat.10": "green",
        "heat.100": "color(16) on color(221)",
        "heat.1000": "color(231) on color(160)",
        "heat.rest": "color(231) on color(90)",
        "heat.unknown": "underline",
        "differs": "bold magenta",
        "bar.complete": "cyan",
        "bar.finished": "green",
        "bar.pulse": "cyan",
    }
)
