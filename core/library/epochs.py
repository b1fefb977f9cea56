"""The weights of a run's epochs, kept beside the model that it makes: `mine@3` is the third's.

They stand in a hidden folder `.NAME@RUN` of the model's directory, each as a model folder of its own,
named by its number. RUN is the run's own name, which the model bears too: epochs of another model that
had the same name are not taken for its own. Old ones make room for new ones, so that they never take
more than `LIMIT` and one. They are written without waiting for the disk; hashes tell if one is torn.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.errors import ModelError, ModelNotFound
from core.library import bundle, folders

LIMIT = 200 << 20
"""Bytes that the epochs of a run may take."""

MOST = 100
"""Epochs of a run that are kept at the most."""

LATEST, BEST = "latest", "best"

_RUN = re.compile(r"[0-9a-f]{16}")
_FOLDER = re.compile(r"\.(.+)@[0-9a-f]{16}")


def folder_of(model: Path, run: str) -> Path:
    """Return where the epochs of a run stand that makes the model at `model`."""
    return model.with_name(f".{_stem(model)}@{run}")


def name_of(path: Path) -> str | None:
    """Return the name of the epoch at `path`, as `mine@3`; None where that is no epoch."""
    found = _FOLDER.fullmatch(path.parent.name)
    return f"{found[1]}@{path.name}" if found and path.name.isdecimal() else None


def model_of(path: Path) -> Path:
    """Return the model whose epoch stands at `path`; where that is no epoch, `path` itself."""
    name = name_of(path)
    return path if name is None else path.parent.with_name(name.rpartition("@")[0])


def followed(path: Path, target: Path) -> Path:
    """Return where an epoch stands after its model has moved to `target`."""
    return folder_of(target, path.parent.name.rpartition("@")[2]) / path.name


def parted(name: str) -> tuple[str, str] | None:
    """Return the model and the epoch that `mine@3`, `mine@latest` or `mine@best` names."""
    model, sign, epoch = name.rpartition("@")
    if not sign or not model or not (epoch in (LATEST, BEST) or epoch.isdecimal()):
        return None
    return model, epoch


def kept(model: Path) -> dict[int, Path]:
    """Return the epochs that are kept of the model at `model`, by number, the first first."""
    folder = _folder(model)
    found = {}
    with suppress(OSError):
        for path in folder.iterdir() if folder else ():
            if path.name.isdecimal() and bundle.exists(path):
                found[int(path.name)] = path
    return dict(sorted(found.items()))


def find(model: Path, epoch: str) -> Path:
    """Return where an epoch of the model at `model` stands; the best is what the model itself is.

    Raises:
        ModelNotFound: it is not kept; the message says which are.
    """
    if epoch == BEST and bundle.exists(model):
        return model
    there = require(model)
    if epoch in (LATEST, BEST):
        return there[max(there)]
    if int(epoch) not in there:
        raise ModelNotFound(
            f"epoch {epoch} of {_stem(model)} is not kept; there {_listed(list(there))}"
        )
    return there[int(epoch)]


def require(model: Path) -> dict[int, Path]:
    """Return the epochs that are kept, see `kept`.

    Raises:
        ModelNotFound: there are none.
    """
    there = kept(model)
    if not there:
        raise ModelNotFound(
            f"no epochs of {_stem(model)} are kept; a training keeps them beside the model it makes"
        )
    return there


def _listed(numbers: Sequence[int]) -> str:
    """Name numbers in their order, neighbours as one: `are 1, 3-7 and 9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    verb = "is" if len(numbers) == 1 else "are"
    return f"{verb} {', '.join(told[:-1])} and {told[-1]}" if told[1:] else f"{verb} {told[0]}"


def best(model: Path) -> int | None:
    """Return the epoch whose weights a model has; None where it does not say."""
    with suppress(ModelError):
        number = bundle.load_manifest(model).training.get("best_epoch")
        return number if type(number) is int else None
    return None


def keep(folder: Path, number: int, files: Mapping[str, bytes], best: int | None) -> None:
    """Keep an epoch in the folder of its run, and remove those that there is no room for any more.

    Args:
        folder: see `folder_of`.
        number: the epoch's.
        files: of its model.
        best: the best epoch so far, which stays as long as there is room for two.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(exist_ok=True)
    target = folder / str(number)
    with folders.fresh(target) as temporary:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        folders.discard(target)
        temporary.rename(target)
    numbers = sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())
    room = min(MOST, LIMIT // max(1, sum(map(len, files.values()))))
    for old in superfluous(numbers, best, room):
        folders.discard(folder / str(old))


def superfluous(numbers: Sequence[int], best: int | None, room: int) -> list[int]:
    """Return the epochs that have to go so that `room` are left: those closest to their neighbours.

    The latest always stays, then the best and the first, where there is room.
    """
    left, gone = list(numbers), []
    while len(left) > max(1, room):
        dear = {left[-1], *([best] if room > 1 else []), *([left[0]] if room > 2 else [])}
        places = [place for place, number in enumerate(left) if number not in dear]
        if not places:
            break
        closest = min(places, key=lambda place: left[place + 1] - (left[place - 1] if place else 0))
        gone.append(left.pop(closest))
    return gone


def move(model: Path, target: Path) -> None:
    """Have the epochs of the model at `model` follow it to its new name; what cannot stays behind."""
    for folder in _folders(model):
        new = folder_of(target, folder.name.rpartition("@")[2])
        with suppress(OSError):
            folders.discard(new)
            folder.rename(new)


def remove(model: Path, but: str | None = None) -> None:
    """Remove the epochs of the model at `model`, of all its runs or of all but one."""
    for folder in _folders(model):
        if folder != folder_of(model, but or ""):
            with suppress(OSError):
                doomed = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
                folder.rename(doomed)
                folders.discard(doomed)


def _folder(model: Path) -> Path | None:
    """Return where the model's epochs stand; of a run that has saved none yet, those of any run."""
    if bundle.exists(model):
        with suppress(ModelError):
            run = bundle.load_manifest(model).training.get("run")
            return folder_of(model, run) if isinstance(run, str) and _RUN.fullmatch(run) else None
        return None
    return next(iter(_folders(model)), None)


def _folders(model: Path) -> list[Path]:
    name = _stem(model)
    with suppress(OSError):
        found = [path for path in model.parent.iterdir() if _FOLDER.fullmatch(path.name)]
        return [path for path in found if path.name.startswith(f".{name}@")]
    return []


def _stem(model: Path) -> str:
    return model.stem if model.suffix == ".zip" else model.name
