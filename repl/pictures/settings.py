"""Settings: a row each; where room is short, the meaning below the name and value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.text import Text

from core.setting import Setting, Settings, settings_of
from repl.views import grid, safe

CHANGED = " *"

SIDE_BY_SIDE = 60
"""Columns from which on a meaning stands beside its setting; a name is never cut or folded."""


@dataclass(frozen=True)
class SettingsView:
    """Every setting of some kinds with its value and what it means; a star at what was changed."""

    kinds: Sequence[Settings]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Draw what fits."""
        wide = options.max_width >= SIDE_BY_SIDE
        yield from self._table(options.max_width // 3) if wide else self._stack()
        if any(settings != type(settings)() for settings in self.kinds):
            yield Text(f"{CHANGED.strip()} is not as by default", style="muted")

    def _rows(self) -> Iterator[tuple[Text, Text, Setting]]:
        for settings in self.kinds:
            defaults = type(settings)()
            for name, setting in settings_of(type(settings)).items():
                value = getattr(settings, name)
                told = Text(name, "name").append(CHANGED if value != getattr(defaults, name) else "")
                yield told, Text(safe(setting.show(value)), "value"), setting

    def _table(self, widest: int) -> Iterator[RenderableType]:
        table = grid(3)
        table.columns[1].max_width = widest  # a long list of words folds, and not the names
        for name, value, setting in self._rows():
            table.add_row(name, value, setting.help)
        yield table

    def _stack(self) -> Iterator[RenderableType]:
        for name, value, setting in self._rows():
            yield Text.assemble(name, "  ", value)
            yield Padding.indent(Text(setting.help, "muted"), 2)
