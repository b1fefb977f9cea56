"""The command of the shell that gives a line of this session again."""

import shlex
from collections.abc import Iterator

from core.decoding.generator import Generator
from core.errors import InputError
from core.setting import Setting, settings_of
from core.settings import SamplingSettings
from repl import views
from repl.turns import Turn


def command(turn: Turn, model: str, generator: Generator) -> str:
    """Return the command that prints a line, and those that were generated with it.

    Args:
        turn: the line.
        model: what to type for its model.
        generator: its model, with the settings it was generated with.

    Raises:
        InputError: no command can: words were chosen for it, or its beginning cannot be typed.
    """
    seed = turn.line.seed
    if turn.forced:
        raise InputError(
            f"line {turn.number} is a branch, which no shell command gives; :save keeps it in a file"
        )
    if generator.read_seed(seed.text).ids != seed.ids:
        raise InputError(
            f"line {turn.number} goes on from words that its text does not give again, so no shell "
            "command does; :save keeps it in a file"
        )
    settings = turn.settings
    if generator.vocabulary.label(settings.label) is None:  # which the shell would refuse
        settings = settings.change(label=None)
    words = ["headlong", "generate", "--model", model, *_options(settings)]
    if seed.text.startswith("-"):
        words.append("--")
    return " ".join(map(quote, [*words, seed.text]))


def quote(word: str) -> str:
    """Write a word for a shell; one that no terminal should see raw, as bash and zsh read escapes."""
    if views.safe(word) == word:
        return shlex.quote(word)
    escaped = "".join(
        f"\\U{ord(sign):08x}" if views.safe(sign) != sign else sign
        for sign in word.replace("\\", "\\\\").replace("'", "\\'")
    )
    return f"$'{escaped}'"


def _options(settings: SamplingSettings) -> Iterator[str]:
    default = SamplingSettings()
    for name, setting in settings_of(SamplingSettings).items():
        value = getattr(settings, name)
        if value != getattr(default, name):
            yield from _option(setting, value)


def _option(setting: Setting, value: object) -> Iterator[str]:
    name = setting.name.replace("_", "-")
    if isinstance(value, bool):
        yield f"--{name}" if value else f"--no-{name}"
    elif isinstance(value, tuple) and setting.kind is str:
        for part in value:
            yield from (f"--{name}", part)
    else:
        yield from (f"--{name}", setting.show(value))  # type: ignore[arg-type]
