"""What a config file says, drawn."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from repl import views
from repl.config import Config, table

ABSENT = "is not there; :config write, or headlong config --write, writes one with every setting"


def picture(path: Path, config: Config) -> RenderableType:
    """Draw where the config file is, what is set in it, and what of it cannot be used."""
    where = Text(views.safe(str(path)))
    if not path.exists():
        return where.append(f"\n{ABSENT}", "muted")
    parts: list[RenderableType] = [where]
    if config.lines:
        rows = views.columns("line", "setting", "value", right=("line",))
        for name, line in config.lines.items():
            value = views.safe(table()[name].show(config.value(name)))
            rows.add_row(Text(str(line), "muted"), Text(name, "name"), Text(value, "value"))
        parts.append(rows)
    elif not config.problems:
        parts.append(Text("sets nothing: every line in it is a comment", style="muted"))
    parts += [Text(views.safe(str(problem)), style="notice") for problem in config.problems]
    return Group(*parts)
