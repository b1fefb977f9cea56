"""The sampling settings as a table, and narrow: names stand whole at any width."""

import io

import pytest
from rich.console import Console

from core.setting import settings_of
from core.settings import SamplingSettings
from repl.pictures.settings import SettingsView
from repl.theme import THEME


def drawn(settings: SamplingSettings, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, theme=THEME, highlight=False)
    console.print(SettingsView((settings,)))
    file = console.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [30, 40, 59, 60, 80, 120])
@pytest.mark.parametrize("must", [None, ("a rather long phrase of words", "another phrase", "china")])
def test_names_are_never_cut(width: int, must: tuple[str, ...] | None) -> None:
    lines = drawn(SamplingSettings(must=must), width)
    begun = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert [word for word in begun if word in settings_of(SamplingSettings)] == list(
        settings_of(SamplingSettings)
    )
    assert max(map(len, lines)) <= width


def test_where_room_is_short_a_meaning_stands_below_its_setting() -> None:
    first, second, *_ = drawn(SamplingSettings(length=7), 40)
    assert first == "length *  7"
    assert second.startswith("  ")
    assert settings_of(SamplingSettings)["length"].help.startswith(second.strip())


def test_what_is_not_as_by_default_has_a_star_which_is_explained() -> None:
    rows = drawn(SamplingSettings(top_k=3), 80)
    assert [row.split()[0] for row in rows if " * " in row] == ["top_k"]
    assert rows[-1].strip() == "* is not as by default"
    assert not any("*" in row for row in drawn(SamplingSettings(), 80))
