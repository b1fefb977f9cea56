"""What stands at a path, where even asking may be refused: this says that nothing is there."""

import os
import stat
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Say whether a folder, or a link to one, is there and can be reached."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Say whether a plain file, or a link to one, is there and can be reached."""
    return stat.S_ISREG(_mode(path))


def exists(path: Path) -> bool:
    """Say whether anything is there and can be reached."""
    return _mode(path) != 0


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a name with a null character
        return 0


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with its `~` replaced; where that is nobody's home, as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
