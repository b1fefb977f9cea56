"""One setting as people see it, and what a table of them can do.

The same table serves the command line, `:set`, model.json and Python. A settings object is frozen and
checked when it is made, so code that receives one never checks it again.
"""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from core.errors import SettingError

Value = int | float | bool | str | tuple[int | float | bool | str, ...] | None
"""What a setting can hold; None stands for `auto` or `off`."""

MANY = 100
"""Values at most in a setting that holds several."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as people see it: what it means and which values it takes (bounds are inclusive)."""

    name: str
    kind: type
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    none: str | None = None
    """The word that stands for None, where the setting can be switched off."""

    many: bool = False
    """Whether it holds several values of its kind, in order; people write them with commas."""

    def describe(self) -> str:
        """Say in words which values are allowed."""
        if self.kind is bool:
            return "on or off"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.many:
            return f"{self._describe_many()}, or {self.none}"
        if self.kind is str:
            return f"a text, or {self.none}" if self.none else "a text"
        noun = "a whole number" if self.kind is int else "a number"
        if self.low is not None and self.high is not None:
            noun += f" from {_number(self.low)} to {_number(self.high)}"
        elif self.low is not None:
            noun += f" of at least {_number(self.low)}"
        return f"{noun}, or {self.none}" if self.none else noun

    def _describe_many(self) -> str:
        if self.kind is str:
            return "words or phrases with commas between them"
        return f"numbers from {self.low:g} to {self.high:g} with commas between them"

    def check(self, value: Value) -> Value:
        """Return `value` in this setting's type.

        Raises:
            SettingError: wrong type, out of bounds or not one of the choices.
        """
        if value is None and self.none is not None:
            return None
        if self.many:
            return self._check_many(value)
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) < 1e300 else math.inf
        if type(value) is not self.kind or not self._allows(value):
            raise SettingError(f"{self.name} must be {self.describe()}, not {_told(value)}")
        return value

    def _check_many(self, value: Value) -> Value:
        single = dataclasses.replace(self, many=False)
        items = tuple(value) if isinstance(value, tuple | list) else ()
        if not items or len(items) > MANY or any(item is None or item == "" for item in items):
            raise SettingError(f"{self.name} must be {self.describe()}, not {_told(value)}")
        try:
            return tuple(single.check(item) for item in items)  # type: ignore[misc]
        except SettingError:
            raise SettingError(f"{self.name} must be {self.describe()}, not {_told(value)}") from None

    def parse(self, text: str) -> Value:
        """Read a value as a person types it: `0.8`, `on`, `auto`.

        Raises:
            SettingError: the text is no value of this setting.
        """
        word = text.strip().lower()
        if self.none is not None and word == self.none:
            return None
        if self.many:
            return self._parse_many(text)
        if self.kind is bool:
            if word in ("on", "true", "yes", "1"):
                return True
            if word in ("off", "false", "no", "0"):
                return False
        elif self.kind is str:
            return self.check(word if self.choices else text.strip())
        else:
            try:
                return self.check(self.kind(word))
            except ValueError:
                pass
        raise SettingError(f"{self.name} must be {self.describe()}, not {text!r}")

    def _parse_many(self, text: str) -> Value:
        if self.kind is str:  # the comma of 1,200 belongs to the word
            parts = [part.strip() for part in re.split(r",(?!\d)", text)]
            return self.check(tuple(part for part in parts if part))
        try:
            return self.check(tuple(float(part) for part in text.split(",")))
        except ValueError:
            raise SettingError(f"{self.name} must be {self.describe()}, not {text!r}") from None

    def show(self, value: Value) -> str:
        """Write a value so that `parse` reads it back."""
        if value is None:
            return self.none or "none"
        if isinstance(value, tuple):
            return ", ".join(_exact(part) if isinstance(part, float) else str(part) for part in value)
        if isinstance(value, bool):
            return "on" if value else "off"
        return _exact(value) if isinstance(value, float) else str(value)

    def _allows(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(value, bool | str | tuple) or value is None:
            return True
        if isinstance(value, float) and not math.isfinite(value):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _told(value: object) -> str:
    """Write what was received; a whole number as such, also where it was read as a fraction."""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, tuple | list) and value:
        return ", ".join(map(_told, value))
    return repr(value)


def _exact(value: float) -> str:
    """Write a number so that it is read as the same one: 15 digits are not always enough for that."""
    short = f"{value:.15g}"
    return short if float(short) == value else repr(value)


def _number(value: float) -> str:
    if value == 2**64 - 1:
        return "2^64 - 1"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def setting(
    default: Value,
    help: str,
    low: float | None = None,
    high: float | None = None,
    none: str | None = None,
) -> Any:
    """Return the field of a settings class: its default, its meaning, its bounds, the word for None."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "none": none})


@dataclass(frozen=True)
class Settings:
    """What the four kinds share: checked on creation, changed by name, written as plain JSON."""

    table: ClassVar[dict[str, Setting]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.table = {}

    def __post_init__(self) -> None:
        for name, setting in settings_of(type(self)).items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))

    def change(self, **values: Value) -> Self:
        """Return a copy with `values` changed.

        Raises:
            SettingError: no such setting, or a value that it does not take.
        """
        for name in values:
            find_setting(name, settings_of(type(self)))
        return dataclasses.replace(self, **values)

    def to_json(self) -> dict[str, Value]:
        """Return the settings as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Value]) -> Self:
        """Read what `to_json` wrote; names that are missing take their defaults.

        Raises:
            SettingError: an unknown name, or a value that is not allowed.
        """
        return cls().change(**record)


def settings_of(kind: type[Settings]) -> dict[str, Setting]:
    """Return the settings of one kind by name, in order of definition."""
    if not kind.table:
        hints = get_type_hints(kind)
        for entry in fields(kind):
            parts = [part for part in get_args(hints[entry.name]) if part is not type(None)]
            words = all(isinstance(part, str) for part in parts)
            choices = tuple(parts) if parts and words else ()
            type_ = str if choices else (parts[0] if parts else hints[entry.name])
            many = get_origin(type_) is tuple
            kind.table[entry.name] = Setting(
                entry.name,
                get_args(type_)[0] if many else type_,
                choices=choices,
                many=many,
                **entry.metadata,
            )
    return kind.table


def find_setting(name: str, table: Mapping[str, Setting]) -> Setting:
    """Return the setting called `name`.

    Raises:
        SettingError: there is none; the message offers the nearest names.
    """
    if name in table:
        return table[name]
    near = _near(name.lower(), table)
    hint = f"did you mean {' or '.join(near)}?" if near else "there are " + ", ".join(table)
    raise SettingError(f"there is no setting {name!r}; {hint}")


def _near(name: str, table: Mapping[str, Setting]) -> list[str]:
    """Return what begins with `name`, else what is spelled like it, else what has it inside."""
    begun = [other for other in table if name and other.startswith(name)]
    spelled = difflib.get_close_matches(name, table, n=1)
    inside = [other for other in table if len(name) > 2 and name in other]
    return begun or spelled or inside
