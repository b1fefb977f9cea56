"""Renaming and removing models with all that their training has left: epochs, checkpoints.

`core.library.keeping` does it for the model alone.
"""

from pathlib import Path

from core.errors import TrainingError
from core.library import epochs, keeping
from core.training.checkpoints import Run


def check(path: Path) -> None:
    """See that a model may be removed or renamed, before anybody is asked whether to.

    Raises:
        SettingError: it comes with the program, or is an epoch of a model.
        TrainingError: it is being trained.
    """
    keeping.check_removable(path)
    if Run.of(path).is_running or any(run.saved_as == path for run in Run.running()):
        raise TrainingError(
            f"the model {path.name!r} is being trained right now; stop its training first"
        )


def rename(path: Path, name: str) -> Path:
    """Give a model another name, with its epochs and its unfinished training; return where it is now.

    Raises:
        TrainingError: see `check`.
        SettingError, ModelNotFound, ModelError: see `core.library.keeping.rename`.
    """
    check(path)
    target = keeping.rename(path, name)
    epochs.move(path, target)
    Run.of(path).move(target)
    return target


def remove(path: Path) -> None:
    """Remove a model for good, with its epochs and its unfinished training.

    Raises:
        TrainingError: see `check`.
        SettingError, ModelNotFound, ModelError: see `core.library.keeping.remove`.
    """
    check(path)
    keeping.remove(path)
    epochs.remove(path)
    Run.of(path).remove()
