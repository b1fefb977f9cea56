"""Commands about the session itself: what is set, what can be typed, the way out."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from rich.console import Group, RenderableType
from rich.text import Text

from core.errors import InputError
from core.library.bundle import load_manifest
from core.library.epochs import model_of
from core.library.epochs import name_of as name_of_epoch
from core.library.model import Model
from core.library.shelf import Shelf, name_of
from core.setting import settings_of
from core.settings import SamplingSettings
from repl import choices, script, shell, views
from repl.arguments import Option
from repl.options import Replace
from repl.registry import Choice, Command, Confirmation, Result, Script, Verbatim, registry
from repl.session import Session

GROUP = "session"

Last = Annotated[int | None, Option("the last so many lines and commands; all if not given")]


def _topics(session: Session, before: Sequence[str]) -> Iterator[Choice]:
    """Offer what there is help about."""
    for command in registry.commands.values():
        yield Choice(command.name, command.summary)
    yield from choices.setting_names(session)
    for group in registry.groups:
        yield Choice(group, "a group of commands")
    yield Choice("keys", "what keys do")
    yield Choice("all", "every command")


_SHOWN = {
    "command": "the shell command that gives the current line again",
    "history": "how the training of the loaded model went",
}


@registry.command("show", example=":show command", choices=choices.words(_SHOWN))
def show(session: Session, what: Annotated[str, "command"] = "") -> Result:
    """Show the loaded model and every setting.

    :show command shows the command of the shell that gives the current line again, word for word, and
    those that were generated with it. :show history draws how the training of the loaded model went.
    """
    if what == "command":
        turn = session.turns.require()
        generator = session.generator_of(turn)
        model = session.called(turn.places, Shelf())  # --models was told to this program only
        return Verbatim(shell.command(turn, model, generator))
    if what == "history":
        return _history(session)
    if what:
        raise InputError(f":show shows everything, or {', '.join(_SHOWN)}, and not {what!r}")
    settings = views.settings_table(session.settings, session.program_now)
    if session.generator is None:
        return settings
    return Group(views.model_facts(session.generator), Text(), settings)


def _history(session: Session) -> RenderableType:
    from repl.pictures.history import HistoryView

    if session.path is not None and name_of_epoch(session.path):
        trained = model_of(session.path)
        return HistoryView.of(name_of(trained), load_manifest(trained))
    model = session.require_generator().model
    alone = [model] if isinstance(model, Model) else model.members
    return Group(*(HistoryView.of(each.name, each.manifest) for each in alone))


@registry.command("help", "h", "?", example=":help train", choices=_topics)
def help_(session: Session, topic: str = "") -> RenderableType:
    """Tell what can be typed.

    With the name of a command or of a setting it explains that one, with the name of a group its
    commands; :help keys tells what keys do, and :help all lists every command.
    """
    setting = settings_of(SamplingSettings).get(topic.replace("-", "_"))
    if topic.removeprefix(":") in registry:
        return _explain(registry.find(topic.removeprefix(":")))
    if setting is not None:
        told = views.setting_help(setting, setting.show(getattr(session.settings, setting.name)))
        return Group(told, Text(f":set {setting.name} VALUE changes it", style="muted"))
    if topic == "keys":
        return _keys()
    if topic in registry.groups:
        return _listed(registry.groups[topic])
    if topic == "all":
        return Group(
            *(Group(Text(name, "muted"), _listed(all_)) for name, all_ in registry.groups.items())
        )
    if topic:
        raise _nothing_on(topic)
    return Group(_overview(), Text(), Text(_ELSE, style="muted"))


_ELSE = (
    "Anything else is the beginning of a line, and the model goes on with it. :help NAME explains a "
    "command, a group or a setting; :help all tells what every command does, :help keys what keys do. "
    "Tab offers what may come next, Ctrl-C cancels what runs, Ctrl-D leaves. :: begins a seed that "
    "starts with a colon; -- begins an option of a command, and after -- alone all is text."
)

KEYS = {
    "Enter": "run the line; where grey words are, print them",
    "Right": "take the grey words (also Ctrl-F, Ctrl-E, End)",
    "Alt-F": "take one of them (also Ctrl-Right)",
    "Alt-N, Alt-P": "other grey words: the next random numbers, or those before",
    "Alt-S": "the nearest known word in place of an underlined one",
    "Tab": "offer what may come next, and go through it",
    "Escape": "close what is offered; the line is as it was typed",
    "Up, Down": "earlier lines; Ctrl-R searches them",
    "Ctrl-_": "take back what was typed last",
    "Ctrl-C": "drop the line, or cancel what runs; what is trained behind the prompt goes on",
    "Ctrl-D": "leave, where nothing is typed",
}
"""What keys do at the prompt, those that readline has too only where a newcomer looks for them."""


def _keys() -> RenderableType:
    """Draw what keys do."""
    table = views.columns()
    for key, meaning in KEYS.items():
        table.add_row(Text(key, style="name"), meaning)
    note = "Where Alt does nothing, press Escape and then the letter."
    return Group(table, Text(), Text(note, style="muted"))


def _nothing_on(topic: str) -> InputError:
    """Say that there is no help on something, and what is near."""
    settings = settings_of(SamplingSettings)
    commands = {name: f":{name}" for command in registry.commands.values() for name in command.names}
    known = {name: name for name in (*registry.groups, *settings, "keys", "all")} | commands
    near = difflib.get_close_matches(topic.removeprefix(":"), known, n=1, cutoff=0.5)
    hint = f"did you mean {known[near[0]]}?" if near else ":help all lists every command"
    return InputError(f"there is no help on {topic!r}; {hint}")


def _overview() -> RenderableType:
    """Draw the groups with the names of their commands."""
    table = views.columns()
    for group, commands in registry.groups.items():
        names = " ".join(f":{command.name}" for command in commands)
        table.add_row(Text(group, style="muted"), Text(names, style="name"))
    return table


def _listed(commands: Iterable[Command]) -> RenderableType:
    """Draw commands, how they are typed and what they do."""
    table = views.columns()
    for command in commands:
        table.add_row(Text(command.short_usage, style="name"), command.summary)
    return table


@registry.command("log", example=":log china.svg --last 2")
def log(session: Session, path: Path, *, last: Last = None, replace: Replace = False) -> Confirmation:
    """Write what was shown to a file.

    The ending of its name says how: .svg or .html in colour, .md or .txt without. --last takes the last
    so many lines and commands with their answers; else the whole session, as far as it is remembered.
    """
    from repl.export import write_picture

    *shown, _ = session.transcript  # the last one is this command
    if last is not None and last < 1:
        raise InputError(f"--last must be at least 1, not {last}")
    if not shown:
        raise InputError("nothing was shown yet that could be written")
    wanted = shown[-last:] if last else shown
    written = write_picture(path, wanted, replace, session.theme_name)
    several = f"{len(wanted)} lines and commands, each with its answer,"
    what = several if len(wanted) > 1 else "1 line or command with its answer"
    told = Text(f"wrote {what} to ")
    return Confirmation(told.append(views.safe(str(written)), "name"))


@registry.command("run", example=":run seeds.txt")
def run(session: Session, file: Path) -> Script:
    """Run the lines of a file as if they were typed.

    Of a transcript that :log wrote as text or Markdown only what was typed. It stops at the first line
    that fails, and at Ctrl-C.
    """
    return Script(script.read(file), str(file))


@registry.command("quit", "q", "exit", "bye", example=":quit")
def quit_(session: Session) -> None:
    """Leave; so does Ctrl-D.

    Where something is being trained it asks first; what is stopped then keeps its best weights.
    """
    session.leaving = session.may_leave()


_NEEDS = {"model": "It needs a loaded model.", "line": "It needs a line that was generated."}


def _explain(command: Command) -> RenderableType:
    lines: list[RenderableType] = [Text(command.usage, style="name"), Text(command.help)]
    if command.options:
        table = views.grid(2)
        for name, told in command.options.items():
            table.add_row(Text(name, style="name"), Text(told, style="muted"))
        lines.append(table)
    if command.needs is not None:
        lines.append(Text(_NEEDS[command.needs], style="muted"))
    if command.aliases:
        lines.append(Text("also " + ", ".join(f":{alias}" for alias in command.aliases), "muted"))
    return Group(*lines, Text(f"for example  {command.example}", style="muted"))
