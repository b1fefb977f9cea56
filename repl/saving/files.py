"""Where sessions are kept, and how one is taken from a session and put back: all of it or nothing."""

import re
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import platformdirs
from rich.console import Group, RenderableType
from rich.text import Text

from core.decoding.generator import Generator
from core.errors import HeadlongError, InputError
from core.library.ensemble import LanguageModel
from core.library.paths import expanded, is_folder
from core.library.shelf import DEVICES, Place, load_all, name_of
from core.library.writing import check_destination, write_files
from repl import views
from repl.saving.format import Saved, Writer
from repl.saving.reading import read_file
from repl.session import Session

OWNER_ONLY = 0o600
"""Who may use a saved session: what was typed is nobody else's."""

ENDING = ".json"

AUTOMATIC = "last-"
"""How the names of sessions begin that saved themselves (see `repl.saving.autosave`)."""

_NAME = re.compile(r"\w[\w. -]{0,99}")


class Found(NamedTuple):
    """The model of a saved session as it is now: where it stands, and whether it is still the same."""

    places: tuple[Place, ...]
    model: LanguageModel
    same: bool


def state_directory() -> Path:
    """Return the user's directory for what the program remembers."""
    return platformdirs.user_state_path("headlong", appauthor=False)


def sessions_directory() -> Path:
    """Return the directory of the sessions that were saved by a name."""
    return state_directory() / "sessions"


def saved_sessions() -> list[tuple[Path, float]]:
    """Return the files of saved sessions, and when each was written: those with a name of theirs first.

    Among them the latest come first.
    """
    directory = sessions_directory()
    found: list[tuple[Path, float]] = []
    for path in directory.glob(f"*{ENDING}") if is_folder(directory) else ():
        if not path.name.startswith("."):
            with suppress(OSError):  # another program has just removed it
                found.append((path, path.stat().st_mtime))
    return sorted(found, key=lambda each: (is_automatic(each[0]), -each[1]))


def is_automatic(path: Path) -> bool:
    """Say whether a file is of a session that saved itself, and so a running program's or nobody's."""
    return path.parent == sessions_directory() and path.name.startswith(AUTOMATIC)


def path_of(name: str) -> Path:
    """Return the file of a session: a path where it has a slash, else a name in the user's directory.

    Raises:
        InputError: no file can be called so.
    """
    if "/" in name or "\\" in name:
        return expanded(name).absolute()
    stem = name.removesuffix(ENDING)
    if not _NAME.fullmatch(stem) or stem.upper() in DEVICES:
        raise InputError(
            f"{name!r} cannot be a session's name; use letters, digits, hyphens, dots and underscores, "
            "or a path with a slash, such as ./session.json"
        )
    return sessions_directory() / f"{stem}{ENDING}"


def taken_from(session: Session) -> Saved:
    """Return what is kept of a session."""
    sha256 = session.generator.model.sha256 if session.generator else ""
    return Saved(
        tuple(session.places),
        sha256,
        session.settings,
        session.heat,
        tuple(session.typed),
        session.turns,
    )


def save(session: Session, path: Path, replace: bool) -> None:
    """Write a session to a file, which is its own from then on.

    Raises:
        HeadlongError: another file is there and `replace` is off, or it cannot be written.
    """
    own = path == session.file
    if own and not replace and _time(path) not in (session.file_time, 0):
        raise InputError(
            f"{path} was written by another program meanwhile; choose another name or add --replace"
        )
    if is_automatic(path):
        raise InputError(f"{path.stem!r} is of a session that saved itself; choose another name")
    content = Writer().write(taken_from(session))
    if path.parent == sessions_directory():
        make_directory(path.parent)
    check_destination(path, replace or own)
    write_files({path: content}, OWNER_ONLY)
    session.file, session.file_time = path, _time(path)


def _time(path: Path) -> int:
    """Return when a file was written, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def make_directory(path: Path) -> None:
    """Create a directory that only its owner may look into.

    Raises:
        InputError: it cannot be created.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be created ({error.strerror}); give a path elsewhere"
        ) from error


def open_(session: Session, path: Path) -> RenderableType:
    """Replace what a session holds by what a file holds; return what came back, in words.

    Raises:
        InputError: the file is not there, damaged or foreign; the session is as it was then.
    """
    read = _time(path)
    saved = read_file(path)
    found = _find(session, saved)
    if found is not None:
        session.generator = Generator(found.model, saved.settings)
        session.places = list(found.places)
    elif session.generator is not None:
        session.generator.settings = saved.settings
    session.settings = saved.settings
    session.heat = saved.heat
    session.turns = saved.turns
    session.typed = deque(saved.typed, session.typed.maxlen)
    session.file, session.file_time = None if is_automatic(path) else path, read
    return _told(session, saved, found)


def _find(session: Session, saved: Saved) -> Found | None:
    """Return the model that was loaded: where it stood, else one of its name that is the same."""
    if session.generator is not None and session.generator.model.sha256 == saved.sha256:
        return Found(tuple(session.places), session.generator.model, True)
    if not saved.places:
        return None
    there = _loaded(saved.places)
    if there is not None and there.sha256 == saved.sha256:
        return Found(saved.places, there, True)
    elsewhere = _by_name(session, saved.places)
    model = _loaded(elsewhere) if elsewhere else None
    if model is not None and model.sha256 == saved.sha256:
        return Found(elsewhere, model, True)
    return Found(saved.places, there, False) if there is not None else None


def _loaded(places: tuple[Place, ...]) -> LanguageModel | None:
    try:
        return load_all(places)
    except (HeadlongError, OSError):
        return None


def _by_name(session: Session, places: tuple[Place, ...]) -> tuple[Place, ...]:
    try:
        return tuple(place._replace(path=session.shelf.find(name_of(place.path))) for place in places)
    except (HeadlongError, OSError):
        return ()


def _told(session: Session, saved: Saved, found: Found | None) -> RenderableType:
    turns, current = saved.turns, saved.turns.current
    lines = f"{len(turns):,} line{'' if len(turns) == 1 else 's'}"
    told = Text(lines)
    if current is not None:
        told.append(f", at line {current.number}")
        if current.bookmark:
            told.append(f" ({views.safe(current.bookmark)})")
    changed = sum(value != default for value, default in _against_defaults(saved))
    if changed:
        told.append(f", {changed} setting{'' if changed == 1 else 's'} changed")
    if found is not None:
        told.append(", model ").append(views.safe(found.model.name), "name")
    notice = _notice(session, saved, found)
    return Group(told, Text(notice, "notice")) if notice else told


def _against_defaults(saved: Saved) -> list[tuple[object, object]]:
    now, defaults = saved.settings.to_json(), type(saved.settings)().to_json()
    return [(now[name], defaults[name]) for name in now]


def _notice(session: Session, saved: Saved, found: Found | None) -> str:
    names = views.safe("+".join(str(place.path) for place in saved.places))
    if found is None and saved.places:
        kept = session.generator.model.name if session.generator else ""
        now = f"{views.safe(kept)} stays loaded" if kept else "no model is loaded; :models lists them"
        return f"the model of this session, {names}, is gone or damaged; its lines are here, and {now}"
    if found is not None and not found.same:
        return f"{names} has changed since; its lines are those of the model before"
    return ""
