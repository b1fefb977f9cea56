"""Where models stand: the search path, the list, and a model by its name."""

import difflib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from core.errors import DamagedModel, HeadlongError, ModelError, ModelNotFound, SettingError
from core.library import bundle, epochs, folders, mixture
from core.library.ensemble import Ensemble, LanguageModel
from core.library.limits import MANIFEST
from core.library.model import Manifest, Model
from core.library.paths import expanded, is_file, is_folder

VARIABLE = "HEADLONG_MODELS"
LONGEST_NAME = 180
"""Bytes; file systems allow 255, and a temporary name is longer than the model's."""

DEVICES = {"CON", "PRN", "AUX", "NUL", *(port + n for port in ("COM", "LPT") for n in "0123456789¹²³")}
"""Names that Windows does not let a file have, in any case."""

LISTED = 12
"""Names that an error offers at the most."""

ATTEMPTS = 20
"""How often the list is begun anew when models are renamed or removed meanwhile."""

FOREIGN = (".keras", ".h5", ".hdf5", ".onnx")

_NAME = re.compile(r"[\w][\w-]{0,63}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on the shelf, or the reason why it cannot be used."""

    name: str
    path: Path
    shipped: bool
    bytes: int
    manifest: Manifest | None
    problem: str | None = None
    shadowed: tuple[Path, ...] = ()
    """Models of the same name further down the search path, which that name does not reach."""


class Place(NamedTuple):
    """Where a model stands that is to be loaded, and how much it counts beside others."""

    weight: float
    path: Path


def saved_models() -> Path:
    """Return the directory that models are saved to, in the user's data directory."""
    import platformdirs

    return platformdirs.user_data_path("headlong", appauthor=False) / "models"


def shipped_models() -> Path:
    """Return the directory of the models that come with the program."""
    installed = Path(__file__).parent / "shipped"  # inside a wheel
    return installed if installed.is_dir() else Path(__file__).parents[2] / "models"


def check_name(name: str) -> str:
    """Return `name` if a model may be called so.

    Raises:
        SettingError: it is empty, too long, or could lead out of the models' directory.
    """
    reserved = name.upper() in DEVICES
    if reserved or not _NAME.fullmatch(name) or len(name.encode()) > LONGEST_NAME:
        raise SettingError(
            f"{name!r} cannot be a model's name; use up to 64 letters, digits, hyphens and underscores"
        )
    return name


class Shelf:
    """The directories in which models are looked for, the first one winning."""

    def __init__(self, extra: Sequence[Path] = ()) -> None:
        named = os.environ.get(VARIABLE, "")
        candidates = [
            *extra,
            *(Path(part) for part in named.split(os.pathsep) if part),
            Path("models"),
            saved_models(),
            shipped_models(),
        ]
        self.directories = list({_resolved(path): path for path in candidates}.values())

    def entries(self) -> Iterator[Entry]:
        """Yield the models by name, each name once: where two have one name, the first wins."""
        yield from self._entries(ATTEMPTS)

    def _entries(self, attempts: int) -> list[Entry]:
        found: dict[str, list[Path]] = {}
        for directory in self.directories:
            for path in _folders(directory):
                found.setdefault(name_of(path), []).append(path)
        entries = []
        for name, (first, *others) in sorted(found.items()):
            entry = _entry(name, first)
            if entry is not None:
                entries.append(replace(entry, shadowed=tuple(others)))
            elif attempts:  # it was removed or renamed since, and may stand under another name
                return self._entries(attempts - 1)
        return entries

    def find(self, name: str) -> Path:
        """Return the path of the model called `name`, or at the path `name`.

        `mine@3`, `mine@latest` and `mine@best` name epochs of a model, see `core.library.epochs`.

        Raises:
            ModelNotFound: there is none; the message offers the nearest name, or the epochs there are.
        """
        path = self._look(name)
        if path is None:
            path = self._epoch(name)
        if path is None:
            raise ModelNotFound(self._not_found(name))
        return path

    def _epoch(self, name: str) -> Path | None:
        """Return an epoch of a model, where `name` names one; the model itself may not be saved yet."""
        parts = epochs.parted(name)
        if parts is None:
            return None
        model = self._look(parts[0])
        if model is None:
            places = [directory / parts[0] for directory in self.directories]
            model = next((place for place in places if epochs.kept(place)), None)
        return self.find(parts[0]) if model is None else epochs.find(model, parts[1])

    def _look(self, name: str) -> Path | None:
        for directory in self.directories:
            for path in _folders(directory):
                if name_of(path) == name:
                    return path
        path = expanded(name).absolute()  # so that a path such as `.` has a name
        path = path.resolve() if ".." in path.parts else path
        if is_file(path / MANIFEST) or (path.suffix == ".zip" and is_file(path)):
            return path
        if is_folder(path):
            raise DamagedModel(f"{path} is no model folder: it holds no {MANIFEST}")
        if path.suffix.lower() in FOREIGN and is_file(path):
            raise ModelError(
                f"{path} is a file of another program; import what Keras or textgenrnn wrote"
            )
        return None

    def locate(self, name: str) -> list[Place]:
        """Return where the model stands that is called `name`, or is at the path `name`.

        If there is none, `name` may mean several, such as `0.7*a+0.3*b`, whose own names and paths have
        no + in them.

        Raises:
            ModelNotFound: see `find`.
            SettingError: see `core.library.mixture.parse`.
        """
        if mixture.is_mixture(name) and self._look(name) is None:
            return [Place(weight, self.find(part)) for weight, part in mixture.parse(name)]
        return [Place(1.0, self.find(name))]

    def load(self, name: str) -> LanguageModel:
        """Load the model called `name`, or at the path `name`, or several that speak as one.

        Raises:
            ModelNotFound, SettingError: see `locate`.
            DamagedModel: see `core.library.bundle.load`.
            ModelError: several that cannot speak as one.
        """
        return load_all(self.locate(name))

    def hidden_by(self, path: Path) -> list[Path]:
        """Return the models that have the name of the one at `path`, and stand elsewhere."""
        found = [other for directory in self.directories for other in _folders(directory)]
        same = [other for other in found if name_of(other) == name_of(path)]
        return [other for other in same if _resolved(other) != _resolved(path)]

    def names(self) -> list[str]:
        """Return the names of all models without reading any."""
        return sorted({name_of(path) for place in self.directories for path in _folders(place)})

    def _not_found(self, name: str) -> str:
        if mixture.is_mixture(name):
            with suppress(HeadlongError):
                several = [self.find(part.name) for part in mixture.parse(name)]
                return f"{name!r} names {len(several)} models, and this takes one of them"
        names = self.names()
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        if near:
            return f"there is no model {name!r}; did you mean {near[0]}?"
        if not names:
            return f"there is no model {name!r}; there are none yet; train one"
        known = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names[:LISTED])}"
        known += ", and others" if len(names) > LISTED else ""
        return f"there is no model {name!r}; {known}"


def load(path: Path) -> Model:
    """Load the model at `path` under the name by which it is found there, whatever its file says.

    Raises:
        ModelNotFound, DamagedModel: see `core.library.bundle.load`.
    """
    return called(bundle.load(path), name_of(path))


def load_all(places: Sequence[Place]) -> LanguageModel:
    """Load the model at a place, or those at several as one; a model that is there twice is read once.

    Raises:
        ModelNotFound, DamagedModel: see `core.library.bundle.load`.
        ModelError: they cannot speak as one.
    """
    models = {path: load(path) for path in dict.fromkeys(place.path for place in places)}
    if len(places) == 1:
        return models[places[0].path]
    return Ensemble(
        tuple(models[place.path] for place in places), tuple(place.weight for place in places)
    )


def load_card(path: Path) -> str:
    """Return the card of the model at `path`, headed by the name under which it is found there.

    Raises:
        ModelNotFound, DamagedModel: see `core.library.bundle.load`.
    """
    card, name = bundle.load_card(path), bundle.load_manifest(path).name
    heading, line_end, rest = card.partition("\n")
    return f"# {name_of(path)}{line_end}{rest}" if heading == f"# {name}" else card


def called(model: Model, name: str) -> Model:
    """Return the model under another name."""
    return replace(model, manifest=replace(model.manifest, name=name))


def is_shipped(path: Path) -> bool:
    """Say whether a model came with the program."""
    return _resolved(path).is_relative_to(_resolved(shipped_models()))


def free_name(stem: str, directory: Path, is_taken: Callable[[Path], bool] = folders.taken) -> str:
    """Return a name made from `stem` that no model in `directory` has: stem, stem-2, stem-3 ..."""
    sound = stem.encode("utf-8", "replace").decode()
    base = re.sub(r"[^\w-]+", "-", sound).strip("-_")[:56]
    base = base.encode()[: LONGEST_NAME - 20].decode("utf-8", "ignore") or "model"
    number, name = 1, base
    while is_taken(directory / name):
        number += 1
        name = f"{base}-{number}"
    return name


def _resolved(path: Path) -> Path:
    try:
        return expanded(path).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links; a null character
        return path


def _folders(directory: Path) -> list[Path]:
    directory = expanded(directory)
    try:
        with folders.locked(directory, alone=False):
            paths = sorted(directory.iterdir())
            left = [folder for path in paths if (folder := folders.unfinished(path))]
            there = [path for path in paths if not path.name.startswith(".") and _holds_model(path)]
    except (OSError, ValueError):
        return []
    return left + there


def _holds_model(path: Path) -> bool:
    return path.suffix == ".zip" or bundle.exists(path)


def name_of(path: Path) -> str:
    """Return the name of the model at `path`, or of the epoch of one."""
    if epoch := epochs.name_of(path):
        return epoch
    return path.stem if path.suffix == ".zip" else path.name


def _size(path: Path) -> int:
    """Return the bytes of a model's files; one that is being replaced may have some missing."""
    total = 0
    with suppress(OSError):
        for file in list(path.iterdir()) if path.is_dir() else [path]:
            total += file.stat().st_size
    return total


def _entry(name: str, path: Path) -> Entry | None:
    """Return what is to be said of a model; None where it was removed since it was listed."""
    shipped = is_shipped(path)
    try:
        manifest = bundle.load_manifest(path)
        return Entry(name, path, shipped, _size(path), manifest)
    except ModelNotFound:
        return None
    except (ModelError, OSError) as error:
        return Entry(name, path, shipped, 0, None, problem=str(error))
