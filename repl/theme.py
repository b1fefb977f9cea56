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
        "gate": "cyan",
        "silent": "",
        "negative.1": "blue",
        "negative.2": "bold bright_blue",
        "negative.3": "bold white on blue",
        "positive.1": "red",
        "positive.2": "bold bright_red",
        "positive.3": "bold white on red",
        "series.0": "bold cyan",
        "series.1": "bold magenta",
        "series.2": "bold yellow",
        "series.3": "bold green",
        "series.4": "bold blue",
        "series.5": "bold red",
        "bar.complete": "cyan",
        "bar.finished": "green",
        "bar.pulse": "cyan",
    }
)
