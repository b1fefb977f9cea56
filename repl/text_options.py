"""What is asked of a text on the command line: levels and cleanings that only go with one another."""

from collections.abc import Mapping

from core.recipe import Recipe
from core.setting import Value, find_setting
from core.settings import TextSettings


def values_of(typed: Mapping[str, str | None]) -> dict[str, Value]:
    """Read settings as they were typed; characters as a level bring the cleaning, and the other way.

    Raises:
        SettingError: there is no such setting, or it does not take such a value.
    """
    table = Recipe.table()
    values = {
        name: find_setting(name, table).parse(text) for name, text in typed.items() if text is not None
    }
    if values.get("level") == "character":
        values.setdefault("cleaning", "characters")
    elif values.get("cleaning") == "characters":
        values.setdefault("level", "character")
    return values


def text_settings(**typed: str | None) -> TextSettings:
    """Return the settings of a text as they were typed.

    Raises:
        SettingError: see `values_of`; or level and cleaning do not go together.
    """
    text = TextSettings().change(**values_of(typed))
    text.check_level()
    return text
