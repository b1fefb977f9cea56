"""Commands about the session itself: what is set, what can be typed, the way out."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from core.errors import InputError
from core.setting import settings_of
from core.settings import SamplingSettings
from repl import views
from repl.registry import Command, Confirmation, registry
from repl.session import Session


def command_names(session: Session) -> Iterable[str]:
    """Offer the names of the commands."""
    return registry.commands


@registry.command("show", example=":show")
def show(session: Session) -> RenderableType:
    """Show the loaded model and every setting."""
    settings = views.settings_table(session.settings)
    if session.generator is None:
        return settings
    return Group(views.model_facts(session.generator), Text(), settings)


@registry.command("help", "h", "?", example=":help train", choices=command_names)
def help_(session: Session, command: str = "") -> RenderableType:
    """List the commands, or explain one, or a setting."""
    setting = settings_of(SamplingSettings).get(command.replace("-", "_"))
    if setting is not None and command not in registry:
        return views.setting_help(setting, setting.show(getattr(session.settings, setting.name)))
    if command:
        return _explain(registry.find(command.removeprefix(":")))
    table = views.columns()
    for entry in registry.commands.values():
        table.add_row(Text(entry.short_usage, style="name"), entry.summary)
    return Group(
        table,
        Text(
            "Anything else is the beginning of a line, and the model goes on; :: begins a seed that "
            "starts with a colon. Ctrl-C cancels what runs, Ctrl-D leaves.",
            style="muted",
        ),
    )


@registry.command("log", example=":log china.svg --last 2")
def log(
    session: Session, path: Path, *, last: int | None = None, replace: bool = False
) -> Confirmation:
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
    pictures = [picture for typed in wanted for picture in (Text(), *typed)][1:]
    written = write_picture(path, pictures, replace)
    several = f"{len(wanted)} lines and commands, each with its answer,"
    what = several if len(wanted) > 1 else "1 line or command with its answer"
    told = Text(f"wrote {what} to ")
    return Confirmation(told.append(views.safe(str(written)), "name"))


@registry.command("quit", "q", "exit", "bye", example=":quit")
def quit_(session: Session) -> None:
    """Leave; so does Ctrl-D."""
    session.leaving = True


def _explain(command: Command) -> RenderableType:
    lines = [Text(command.usage, style="name"), Text(command.help)]
    if command.aliases:
        lines.append(Text("also " + ", ".join(f":{alias}" for alias in command.aliases), "muted"))
    return Group(*lines, Text(f"for example  {command.example}", style="muted"))
