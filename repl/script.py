"""Lines of a file that are run as if they were typed: a script, or a transcript's typed lines."""

from pathlib import Path

from core.errors import InputError

MARK = "› "
"""What stands before a typed line, at the prompt and in a transcript."""


def is_command(line: str) -> bool:
    """Say whether a line is a command, and not the beginning of a text."""
    line = line.lstrip()
    return line.startswith(":") and not line.startswith("::")


def seed_in(line: str) -> str:
    """Return the seed in a line that is no command; to a model of letters blanks at its end matter."""
    line = line.lstrip()
    return line[1:] if line.startswith("::") else line


LARGEST = 10_000_000
"""Bytes of a script at most."""

DEEPEST = 10
"""Scripts that may run one another."""


def read(path: Path) -> tuple[str, ...]:
    """Return the lines of a script; of a transcript those that were typed.

    A transcript is told by the marks before what was typed. They stand at the edge, and answers do not:
    what a model says is never run.

    Raises:
        InputError: it cannot be read, is too large, or no text.
    """
    content = _content(path)
    if len(content) > LARGEST:
        raise InputError(f"{path} is too large for a script: more than {LARGEST:,} bytes")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8, at byte {error.start:,}") from error
    marked = tuple(line[len(MARK) :] for line in lines if f"{line} ".startswith(MARK))
    return marked or tuple(line for line in lines if line.strip())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; check the name") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {reason}; name a file of lines") from error
