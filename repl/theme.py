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
        "bar.complete": "cyan",
        "bar.finished": "green",
        "bar.pulse": "cyan",
    }
)
