"""Options of the shell that set how words are drawn: one for each setting, made from the table.

A command that samples takes a parameter `settings: SamplingSettings`; `sampling_options` puts options
such as `--top-k` in its place.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from core.decoding.generator import Generator
from core.library.ensemble import LanguageModel
from core.setting import Setting, settings_of
from core.settings import SamplingSettings
from core.text.labels import find
from repl import phrases
from repl.session import make_console

_TABLE = settings_of(SamplingSettings)


def sampling_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every sampling setting; it is called with `settings`."""
    signature = inspect.signature(command, eval_str=True)
    options = {name: _parameter(setting) for name, setting in _TABLE.items()}
    greedy = Annotated[bool, typer.Option("--greedy", help="The same as --temperature 0.")]
    options["greedy"] = inspect.Parameter(
        "greedy", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=greedy
    )

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        given = {name: kwargs.pop(name) for name in options}
        command(*args, settings=_read(given), **kwargs)

    own = [parameter for name, parameter in signature.parameters.items() if name != "settings"]
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    parameters = [*keyword, *options.values()]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def sampling_generator(model: LanguageModel, settings: SamplingSettings) -> Generator:
    """Return a model with settings; a ban that does nothing is told on standard error.

    What it cannot be made to say is an error, as soon as it is to say something; a label that it does
    not know is one now.

    Raises:
        SettingError: the model has no such label.
    """
    generator = labelled_generator(model, settings.label, settings)
    for notice in phrases.notices(generator, ["ban"]):
        make_console(sys.stderr).print(notice)
    return generator


def labelled_generator(
    model: LanguageModel, label: str | None, settings: SamplingSettings | None = None
) -> Generator:
    """Return a model that reads a label before every line, where one is given.

    Raises:
        SettingError: it has no such label.
    """
    settings = settings or SamplingSettings()
    if label is not None:
        settings = settings.change(label=find(label, list(model.vocabulary.labels), model.name))
    return Generator(model, settings)


def label_value(label: str | None) -> str | None:
    """Return the label that an option names; None for `off`."""
    value = None if label is None else _TABLE["label"].parse(label)
    return value if isinstance(value, str) else None


def _read(given: dict[str, Any]) -> SamplingSettings:
    if given.pop("greedy"):
        given |= {"temperature": "0", "schedule": None}
    changes = {}
    for name, value in given.items():
        if isinstance(value, list) and value:  # an option that may be repeated
            changes[name] = _TABLE[name].check(tuple(value))
        elif isinstance(value, bool):
            changes[name] = value
        elif isinstance(value, str):
            changes[name] = _TABLE[name].parse(value)
    return SamplingSettings().change(**changes)


def _parameter(setting: Setting) -> inspect.Parameter:
    flag = "--" + setting.name.replace("_", "-")
    annotation: Any = str | None
    metavar, told = "N", setting.describe()
    if setting.kind is bool:
        annotation, metavar, told = bool | None, "", ""
        flag = f"{flag}/--no-{flag[2:]}"
    elif setting.many and setting.kind is str:
        annotation, metavar, told = list[str] | None, "WORD", "may be repeated"
    elif setting.choices:
        metavar = "|".join(setting.choices)
    elif setting.kind is str:
        metavar = "TEXT"
    told = f" ({told})" if told else ""
    option = typer.Option(
        flag,
        help=f"{setting.help[0].upper()}{setting.help[1:]}{told}.",
        metavar=metavar or None,
        show_default=False,
        rich_help_panel="How words are drawn",
    )
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[annotation, option],
    )
