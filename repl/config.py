"""The user's config file: settings for the start of the prompt, as lines of TOML.

It is flat, and read line by line: a line that cannot be used is told and skipped, the others count.
`core.setting` says what a setting is; which there are is one table, made of two.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from core.errors import InputError, SettingError
from core.library.writing import check_destination, write_files
from core.setting import Setting, Settings, Value, find_setting, settings_of
from core.settings import SamplingSettings
from repl.program import ProgramSettings

LARGEST = 1 << 16
"""Bytes of a config file at most."""

_SECTION = re.compile(r"\s*\[")
_OPEN_LIST = re.compile(r"\s*[\w-]+\s*=\s*\[[^\]]*$")
_BARE_WORD = re.compile(r"\s*([\w-]+)\s*=\s*([A-Za-z][\w+.*-]*)\s*(#.*)?$")
_AT = re.compile(r" \(at (line \d+, column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be used; line 0 is the file as a whole."""

    line: int
    told: str

    def __str__(self) -> str:
        place = f", line {self.line}" if self.line else ""
        return f"{config_path().name}{place}: {self.told}"


@dataclass(frozen=True)
class Config:
    """What a config file says, and what of it cannot be used."""

    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    program: ProgramSettings = field(default_factory=ProgramSettings)
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each setting that is set."""

    problems: tuple[Problem, ...] = ()

    def value(self, name: str) -> Value:
        """Return the value of a setting of either kind."""
        value: Value = getattr(self.program if name in _PROGRAM else self.sampling, name)
        return value


def config_path() -> Path:
    """Return where the user's config file is, be it there or not."""
    return platformdirs.user_config_path("headlong", appauthor=False) / "config.toml"


def table() -> dict[str, Setting]:
    """Return every setting that the file may hold, by name."""
    return {**_PROGRAM, **_SAMPLING}


def read_config(path: Path) -> Config:
    """Read the config file; one that is not there sets nothing."""
    try:
        if not path.exists():
            return Config()
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        return Config(problems=(Problem(0, f"it cannot be read ({error.strerror})"),))
    if len(content) > LARGEST:
        return Config(problems=(Problem(0, f"it has more than {LARGEST:,} bytes, so it is not read"),))
    try:
        return read_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Config(problems=(Problem(0, "it is not UTF-8, so it is not read; save it as that"),))


def read_text(text: str) -> Config:
    """Return what the text of a config file says."""
    reader = _Reader()
    for number, line in _lines(text):
        reader.read(number, line)
    return Config(reader.sampling, reader.program, reader.lines, tuple(reader.problems))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers; what goes on from a list that is not closed is passed over."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
            inside = bool(_OPEN_LIST.match(line))
        elif "]" in line:
            inside = False


class _Reader:
    """Takes settings from lines, one by one."""

    def __init__(self) -> None:
        self.sampling = SamplingSettings()
        self.program = ProgramSettings()
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []

    def read(self, number: int, line: str) -> None:
        try:
            for key, value in _parse(line).items():
                self._set(number, key, value)
        except SettingError as error:
            self.problems.append(Problem(number, str(error)))

    def _set(self, number: int, key: str, value: object) -> None:
        setting = find_setting(key.replace("-", "_"), table())
        if setting.name in self.lines:
            raise SettingError(f"{setting.name} is set on line {self.lines[setting.name]} already")
        change = {setting.name: _value(setting, value)}
        if setting.name in _PROGRAM:
            self.program = self.program.change(**change)
        else:
            self.sampling = self.sampling.change(**change)
        self.lines[setting.name] = number


def _parse(line: str) -> dict[str, Any]:
    """Return the keys and values of one line: one, or none where it is blank or a comment."""
    if not line.strip() or line.lstrip().startswith("#"):
        return {}
    if _SECTION.match(line):
        raise SettingError(f"there are no sections here, so {line.strip()!r} is passed over")
    if _OPEN_LIST.match(line):
        raise SettingError("a list must stand on one line")
    if bare := _BARE_WORD.match(line):
        name, word = bare[1], bare[2]
        if word not in ("true", "false", "inf", "nan"):
            raise SettingError(f'a word stands between quotation marks: {name} = "{word}"')
    import tomllib  # only those who have a file pay for it

    try:
        return tomllib.loads(line)
    except (ValueError, RecursionError) as error:
        reason = _AT.sub("", str(error)) or "too deep"
        raise SettingError(f"it is not written as TOML, name = value: {reason}") from None


def _value(setting: Setting, value: object) -> Value:
    if isinstance(value, str):
        return setting.parse(value)
    if value is False and setting.kind is not bool and setting.none == "off":
        return None
    return setting.check(tuple(value) if isinstance(value, list) else value)  # type: ignore[arg-type]


def default_text() -> str:
    """Return a config file that sets nothing and names everything: each default as a comment."""
    parts = [
        "# The settings that the prompt of Headlong begins with.\n"
        "# Each stands here with its default, as a comment: take away the # and change the value.\n"
        "# A line that cannot be used is told at the start and passed over."
    ]
    for title, kind in (("The program", ProgramSettings), ("How words are drawn", SamplingSettings)):
        parts.append(f"# ---- {title} ----")
        parts += [_default(setting, kind()) for setting in settings_of(kind).values()]
    return "\n\n".join(parts) + "\n"


def _default(setting: Setting, defaults: Settings) -> str:
    written = toml(setting, getattr(defaults, setting.name))
    return f"# {setting.help} ({setting.describe()})\n# {setting.name} = {written}"


def toml(setting: Setting, value: Value) -> str:
    """Write a value as the config file holds it; `off` and `auto` are words."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(setting, part) for part in value) + "]"
    if value is None or isinstance(value, str):
        return json.dumps(value or setting.none, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def write_default(path: Path, replace: bool) -> None:
    """Write the config file that sets nothing.

    Raises:
        HeadlongError: one is there and `replace` is off, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be created ({error.strerror})") from error
    if path.is_file() and not replace:
        raise SettingError(f"there is {path} already; add --replace to write over it")
    check_destination(path, replace)
    write_files({path: default_text().encode()})


_PROGRAM = settings_of(ProgramSettings)
_SAMPLING = settings_of(SamplingSettings)
