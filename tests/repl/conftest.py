"""A session that draws into memory, with a small model loaded."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from core.library import bundle
from core.library.shelf import Shelf
from repl.session import Session
from repl.theme import THEME
from tests.conftest import random_model


class Screen(Session):
    """A session whose two outputs can be read back."""

    def shown(self) -> str:
        """Return and forget what was shown as a result."""
        return _take(self.console)

    def told(self) -> str:
        """Return and forget what was shown as a message."""
        return _take(self.messages)


def _take(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def console(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None, theme=THEME, highlight=False)


@pytest.fixture
def shelf_directory(tmp_path: Path) -> Path:
    for name, context in (("tiny", "stream"), ("window", "window")):
        bundle.save(random_model(context, name), tmp_path / "shelf" / name, f"# {name}\n")
    return tmp_path / "shelf"


@pytest.fixture
def session(shelf_directory: Path) -> Screen:
    screen = Screen(console(), console(), interactive=False, shelf=Shelf([shelf_directory]))
    screen.load("tiny")
    return screen
