"""What keeps the shelf in order: rename a model, copy it, remove it, see that it is whole."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import ModelError, ModelNotFound, SettingError
from core.library import bundle, epochs, folders
from core.library.half import halved
from core.library.model import Model
from core.library.shelf import called, check_name, is_shipped, name_of, saved_models

ZIP = ".zip"


def verify(path: Path) -> Model:
    """Load a model and check all its hashes.

    Raises:
        ModelNotFound, NewerModel, DamagedModel: see `core.library.bundle.verify`.
    """
    return called(bundle.verify(path), name_of(path))


def rename(path: Path, name: str) -> Path:
    """Give a model another name; return where it is now.

    Raises:
        SettingError: the name is taken or cannot be one, or the model comes with the program.
        ModelNotFound: it is gone.
        ModelError: the folder cannot be written.
    """
    check_removable(path)
    target = path.with_name(check_name(name) + (ZIP if path.suffix == ZIP else ""))
    _refuse_taken(target.parent / name)
    with _changing(path):
        folders.move(path, target)
    return target


def copy(path: Path, name: str, float16: bool = False) -> Path:
    """Copy a model, wherever it is, to the user's models; return where the copy is.

    Args:
        path: the model.
        name: the copy's name.
        float16: store the weights in half precision, in half the size. The copy is another model: its
            numbers are rounded, and so is its identity its own.

    Raises:
        SettingError, DamagedModel, ModelError: the name is taken or cannot be one, the model is
            damaged, its weights cannot be halved, or the copy cannot be written.
    """
    target = saved_models() / check_name(name)
    _refuse_taken(target)
    contents = _half_files(path) if float16 else bundle.read_files(path)
    bundle.write(name, target, contents, replace=False)
    return target


def _half_files(path: Path) -> Mapping[str, bytes]:
    model = bundle.verify(path)
    return bundle.files(model, bundle.load_card(path), list(map(halved, model.all_weights)))


def remove(path: Path) -> None:
    """Remove a model for good.

    Raises:
        SettingError: it comes with the program.
        ModelNotFound: it is gone already.
        ModelError: the folder cannot be written.
    """
    check_removable(path)
    with _changing(path):
        folders.take_away(path)


def _refuse_taken(folder: Path) -> None:
    if folders.taken(folder):
        raise SettingError(f"there is a model {folder.name!r} already; choose another name")


def check_removable(path: Path) -> None:
    """See that a model may be removed or renamed, before anybody is asked whether to.

    Raises:
        SettingError: it comes with the program, or is an epoch of a model.
    """
    if epoch := epochs.name_of(path):
        model = epoch.rpartition("@")[0]
        raise SettingError(
            f"{epoch} is an epoch of {model} and goes where that goes; copy it to have it as a model"
        )
    if is_shipped(path):
        raise SettingError(f"the model {path.name!r} comes with the program; copy it to change it")


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ModelNotFound(f"there is no model at {path} any more; list what there is") from error
    except folders.NameTaken as error:
        raise SettingError(f"there is a model of that name already, {error}; choose another") from error
    except OSError as error:
        raise ModelError(
            f"the model at {path} cannot be changed: {error.strerror}; make its directory writable"
        ) from error
