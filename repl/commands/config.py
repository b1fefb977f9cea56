"""Commands about the config file and the look of the prompt."""

from typing import Annotated

from rich.text import Text

from core.errors import SettingError
from core.setting import settings_of
from repl import choices, views
from repl.options import Replace
from repl.program import ProgramSettings
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "session"

_THEME = settings_of(ProgramSettings)["theme"]

_GHOST = settings_of(ProgramSettings)["ghost"]
_KEEP = settings_of(ProgramSettings)["history"]

_SWITCH = {"on": "what Enter would print, dim", "off": "nothing but what you type"}
_HISTORY = {
    "on": "lines are kept for Up and the next time",
    "off": "Up does not bring back what is typed from now on",
    "clear": "Up brings back nothing, also not from earlier sessions",
}
_GROUNDS = {
    "auto": "as the terminal says, else for both",
    "light": "for a light ground",
    "dark": "for a dark ground",
    "plain": "no colours, and signs in their place",
}


@registry.command("theme", example=":theme light", choices=choices.words(_GROUNDS))
def theme(session: Session, name: str = "") -> Result:
    """Choose colours for a light or a dark ground.

    At once. With auto they are as the terminal says, where it tells its ground, else such as can be
    read on both; plain has none, and signs in their place. Alone it shows the theme. To begin with one,
    set it in the config file.
    """
    if not name:
        return views.setting_help(_THEME, session.program.theme)
    session.use_program(session.program.change(theme=_THEME.parse(name)))
    told = views.setting_line(_THEME, session.program.theme)
    if session.theme_name == "plain" != session.program.theme:
        told = Text.assemble(told, " (no colours are wanted here, so there are none)")
    return Confirmation(told)


@registry.command(
    "config", example=":config write", choices=choices.words({"write": "a file with every setting"})
)
def config(
    session: Session, write: Annotated[str, "write"] = "", *, replace: Replace = False
) -> Result:
    """Show the config file and what it sets.

    It sets how the prompt begins; what in it cannot be used is told. With write one is written that
    names every setting with its default, as comments for you to change.
    """
    from repl.config import config_path, read_config, write_default
    from repl.config_view import picture

    path = config_path()
    if write:
        if write != "write":
            raise SettingError(f"there is no :config {write}; type :config, or :config write")
        write_default(path, replace)
        told = Text("wrote every setting, as comments to change, to ")
        return Confirmation(told.append(views.safe(str(path)), "name"))
    return picture(path, read_config(path))


@registry.command("ghost", example=":ghost off", choices=choices.words(_SWITCH))
def ghost(session: Session, switch: Annotated[str, "on|off"] = "") -> Result:
    """Show while you type what Enter would print.

    It stands grey after the cursor: what the model would say. Right takes it, Alt-F a word of it; Alt-N
    and Alt-P go to other draws, as :rng does.
    """
    if not switch:
        return views.setting_help(_GHOST, _GHOST.show(session.program.ghost))
    session.use_program(session.program.change(ghost=_GHOST.parse(switch)))
    return Confirmation(views.setting_line(_GHOST, _GHOST.show(session.program.ghost)))


@registry.command("history", example=":history clear", choices=choices.words(_HISTORY))
def history(session: Session, what: Annotated[str, "on|off|clear"] = "") -> Result:
    """Keep the lines you type for next time, or not.

    With off nothing that you type from now on is kept for that; on goes back. With clear it is all
    forgotten, what was typed in earlier sessions too. Alone it tells where lines are kept. A session
    that is saved holds its lines all the same, and it saves itself unless the config file says
    autosave = false.
    """
    kept = session.history
    if kept is None:
        raise SettingError("there is no history here: lines are kept at a terminal only")
    if what == "clear":
        kept.clear()
        return Confirmation(Text("all lines that were typed are forgotten"))
    if what:
        keep = bool(_KEEP.parse(what))
        kept.keeps = keep
        session.program = session.program.change(history=keep)
        return Confirmation(views.setting_line(_KEEP, _KEEP.show(keep)))
    lines = f"{len(kept.get_strings()):,} lines, "
    where = ("kept in ", (views.safe(str(kept.path)), "name")) if kept.path else ("until you leave",)
    told = Text.assemble(lines, *where)
    return told if kept.keeps else told.append("; off: what you type now is not added")
