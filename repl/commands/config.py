"""Commands about the config file and the look of the prompt."""

from rich.text import Text

from core.errors import SettingError
from core.setting import settings_of
from repl import choices, views
from repl.program import ProgramSettings
from repl.registry import Confirmation, Result, registry
from repl.session import Session

GROUP = "session"

_THEME = settings_of(ProgramSettings)["theme"]

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
def config(session: Session, write: str = "", *, replace: bool = False) -> Result:
    """Show the config file and what it sets.

    It sets how the prompt begins; what in it cannot be used is told. With write one is written that
    names every setting with its default, as comments for you to change.
    """
    from repl.config import config_path, read_config, write_default
    from repl.config_view import picture

    path = config_path()
    if write:
        if write != "write":
            raise SettingError(f"it is typed :config, or :config write, not {write!r}")
        write_default(path, replace)
        return Confirmation(Text(views.safe(str(path))))
    return picture(path, read_config(path))
