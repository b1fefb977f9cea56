"""Terminals that are closed when a test is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from platformdirs import user_config_path

from tests.end_to_end.terminal import COLUMNS, ROWS, Terminal

Terminals = Callable[..., Terminal]

SIZES = [(80, 24), (40, 10)]


@pytest.fixture(autouse=True)
def the_tutorials_model_is_the_usual_one(home: Path) -> None:
    """Have the config file name it: it is small, and what it says does not change with a better one."""
    config = user_config_path("headlong", appauthor=False) / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('model = "tutorial"\n', encoding="utf-8")


@pytest.fixture
def open_prompt(tmp_path: Path) -> Iterator[Terminals]:
    """Return what opens the program in a terminal, at its first prompt."""
    opened: list[Terminal] = []

    def open_(*arguments: str, columns: int = COLUMNS, rows: int = ROWS, **variables: str) -> Terminal:
        terminal = Terminal(
            *arguments, directory=tmp_path, columns=columns, rows=rows, variables=variables
        )
        opened.append(terminal)
        terminal.ready()
        return terminal

    yield open_
    for terminal in opened:
        terminal.process.close(force=True)
