"""One model folder, `headlong-model/1`: save it so that a crash cannot spoil it, load it checked.

Reads JSON and safetensors and nothing else: no pickle, no code. A zip of the folder can be read too.
What the folder holds is described in models/README.md.
"""

import contextlib
import glob
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from core.errors import DamagedModel, ModelError, ModelNotFound, SettingError
from core.library import layout
from core.library.model import Manifest, Model, Weights
from core.settings import ModelSettings
from core.text.cleaning import CLEANINGS
from core.text.vocabulary import END, PADDING, SPECIALS, UNKNOWN, Vocabulary

_T = TypeVar("_T")

FORMAT = "headlong-model/1"
MANIFEST, VOCABULARY, WEIGHTS, CARD = (
    "model.json",
    "vocabulary.json",
    "weights.safetensors",
    "card.md",
)
# The largest file of each kind that is read at all; weights are bounded by their shapes instead.
LIMITS = {MANIFEST: 4 << 20, VOCABULARY: 256 << 20, CARD: 1 << 20}
HEADER_LIMIT = 1 << 20
REPLACED = ".replaced"
ROLES = {"end_token": END, "unknown_token": UNKNOWN}
LEVELS = ("word", "character")
STALE_SECONDS = 600
ATTEMPTS = 20


# --- save ---------------------------------------------------------------------------------------


def save(model: Model, folder: Path, card: str) -> None:
    """Write `model` to `folder`, replacing what is there.

    The files are written to a temporary folder beside it and synced before the name changes hands, so
    a crash leaves the old model or the new one.

    Raises:
        ModelError: the folder cannot be written; what was there is still there.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _write_files(model, temporary, card)
            _put(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"model {model.name!r} cannot be saved to {folder}: {error.strerror or error}; "
            "free some space or make the folder writable, and train again"
        ) from error


def _sweep(folder: Path) -> None:
    """Remove what saves of this model that were killed long ago have left."""
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS and not unfinished(path):
                shutil.rmtree(path, ignore_errors=True)


def files(model: Model, card: str) -> dict[str, bytes]:
    """Return the contents of a model's files by name, the manifest with the others' hashes last."""
    import safetensors.numpy

    arrays = {name: np.ascontiguousarray(array) for name, array in model.weights.items()}
    contents = {
        VOCABULARY: _json(_vocabulary_record(model.vocabulary)),
        WEIGHTS: safetensors.numpy.save(arrays),
        CARD: card.encode(),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = _json(_manifest_record(model.manifest) | {"sha256": hashes})
    return contents | {MANIFEST: manifest}


def _write_files(model: Model, folder: Path, card: str) -> None:
    folder.chmod(0o755)  # mkdtemp gives 0700, and others may share a models directory
    for name, content in files(model, card).items():
        with (folder / name).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)


def _vocabulary_record(vocabulary: Vocabulary) -> dict[str, Any]:
    record: dict[str, Any] = {"tokens": list(vocabulary.tokens)}
    for role, usual in ROLES.items():
        if getattr(vocabulary, role) != usual:
            record[role] = getattr(vocabulary, role)
    return record


@contextmanager
def locked(directory: Path, alone: bool) -> Iterator[None]:
    """Hold a directory's lock while models are swapped in it, or listed.

    Those who list may do so together, one who swaps is alone. The lock dies with its process. Whoever
    waits for too long, for one that is stopped or on a file system without locks, goes on without it.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    end = time.monotonic() + (10 if alone else 0.5)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        while time.monotonic() < end:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                break
        yield
    finally:
        os.close(descriptor)


def _put(temporary: Path, folder: Path) -> None:
    with locked(folder.parent, alone=True):
        _swap(temporary, folder)


def _swap(temporary: Path, folder: Path) -> None:
    old = _replaced(folder)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)  # killed between these two renames, `load` finds the old model here
    try:
        temporary.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
    _sync(folder.parent)


def _replaced(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}{REPLACED}")


def unfinished(path: Path) -> Path | None:
    """Return the folder of which `path` is the old version, left by a save that was killed."""
    if not path.name.endswith(REPLACED):
        return None
    folder = path.with_name(path.name[1 : -len(REPLACED)])
    return None if folder.exists() else folder


def _sync(folder: Path) -> None:
    if os.name == "posix":  # other systems cannot open a directory
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n"


def _manifest_record(manifest: Manifest) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": manifest.name,
        "created": manifest.created,
        "level": manifest.level,
        "cleaning": manifest.cleaning,
        "vocabulary": manifest.vocabulary,
        "architecture": manifest.architecture.to_json(),
        "training": dict(manifest.training),
        "corpus": dict(manifest.corpus),
        "metrics": dict(manifest.metrics),
    }


# --- load ---------------------------------------------------------------------------------------


def load(path: Path) -> Model:
    """Load a model folder, or a zip of one.

    Raises:
        ModelNotFound: nothing is there.
        DamagedModel: a file is missing, altered, too large, or not what the manifest declares.
    """
    return _steadily(path, _load)


def _load(source: "_Files") -> Model:
    path, record = source.path, _read_json(source, MANIFEST)
    manifest = _manifest(path, record)
    hashes = record.get("sha256")
    if not isinstance(hashes, dict):
        raise _damaged(path, f"{MANIFEST} has no sha256 of the other files")
    vocabulary = _vocabulary(path, source, manifest, hashes)
    return Model(manifest, vocabulary, _weights(path, source, manifest, hashes))


def verify(path: Path) -> Model:
    """Load a model and check every hash, the card's too, which loading alone does not read.

    Raises:
        ModelNotFound, DamagedModel: as `load`.
    """
    return _steadily(path, _verify)


def _verify(source: "_Files") -> Model:
    model = _load(source)
    hashes = _read_json(source, MANIFEST)["sha256"]
    _check_hash(source.path, CARD, source.read(CARD, LIMITS[CARD]), hashes.get(CARD))
    return model


def load_manifest(path: Path) -> Manifest:
    """Read what a model says of itself, without its words and weights.

    Raises:
        ModelNotFound, DamagedModel: as `load`.
    """
    return _steadily(path, lambda source: _manifest(path, _read_json(source, MANIFEST)))


def load_card(path: Path) -> str:
    """Return the model's card.

    Raises:
        ModelNotFound, DamagedModel: as `load`.
    """
    content = _steadily(path, lambda source: source.read(CARD, LIMITS[CARD]))
    return content.decode("utf-8", errors="replace")


def exists(path: Path) -> bool:
    """Say whether a model folder stands at `path`, also while it is being replaced."""
    manifest = path / MANIFEST
    return manifest.is_file() or _replaced(path).is_dir() or manifest.is_file()


def _steadily(path: Path, read: "Callable[[_Files], _T]") -> _T:
    """Read a model; where it was replaced under the reader's hands, read the new one."""
    for _ in range(ATTEMPTS):
        before = _inode(path)
        try:
            with _open(path) as source:
                return read(source)
        except (DamagedModel, ModelNotFound):
            if _inode(path) == before:
                raise
    raise _damaged(path, "it is replaced again and again while it is read")


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


class _Files(Protocol):
    path: Path

    def read(self, name: str, limit: int) -> bytes: ...

    def __enter__(self) -> "_Files": ...

    def __exit__(self, *exception: object) -> None: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, limit: int) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                _check_size(self.path, name, size, limit)
                return file.read(size)
        except FileNotFoundError:
            raise _damaged(self.path, f"{name} is missing") from None
        except OSError as error:
            raise _damaged(self.path, f"{name} cannot be read ({error.strerror})") from error

    def __enter__(self) -> "_Folder":
        return self

    def __exit__(self, *exception: object) -> None:
        return None


class _Zip:
    """A zip whose members stand at its top or in one folder; nothing is ever unpacked to disk."""

    def __init__(self, path: Path) -> None:
        import lzma
        import zipfile
        import zlib

        self.path = path
        # All that zipfile lets through when an archive is damaged, encrypted or exotic.
        self._errors = (
            *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
            *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
        )
        try:
            self._archive = zipfile.ZipFile(path)
        except self._errors as error:
            raise _damaged(path, f"it is neither a model folder nor a zip of one ({error})") from error
        self._members = {name.rsplit("/", 1)[-1]: name for name in self._archive.namelist()}

    def read(self, name: str, limit: int) -> bytes:
        if name not in self._members:
            raise _damaged(self.path, f"{name} is missing")
        try:
            size = self._archive.getinfo(self._members[name]).file_size
            _check_size(self.path, name, size, limit)
            with self._archive.open(self._members[name]) as file:
                return file.read(size)
        except self._errors as error:
            raise _damaged(self.path, f"{name} cannot be read ({error})") from error

    def __enter__(self) -> "_Zip":
        return self

    def __exit__(self, *exception: object) -> None:
        self._archive.close()


def _open(path: Path) -> _Files:
    if path.is_dir():
        return _Folder(path)
    if path.exists():
        return _Zip(path)
    if _replaced(path).is_dir():  # a save was killed between its two renames
        return _Folder(_replaced(path))
    raise ModelNotFound(f"there is no model at {path}; check the path")


def _damaged(path: Path, what: str) -> DamagedModel:
    return DamagedModel(
        f"the model at {path} is damaged: {what}; restore it from a copy or train it again"
    )


def _check_size(path: Path, name: str, size: int, limit: int) -> None:
    if size > limit:
        raise _damaged(path, f"{name} is larger than the {limit:,} bytes it can need")


def _read_json(files: _Files, name: str, expected: str | None = None) -> dict[str, Any]:
    content = files.read(name, LIMITS[name])
    if expected is not None:
        _check_hash(files.path, name, content, expected)
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(files.path, f"{name} is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise _damaged(files.path, f"{name} is not a JSON object")
    return record


def _check_hash(path: Path, name: str, content: bytes, expected: object) -> None:
    if hashlib.sha256(content).hexdigest() != expected:
        raise _damaged(path, f"{name} is not the file that {MANIFEST} was written for")


def _manifest(path: Path, record: Mapping[str, Any]) -> Manifest:
    declared = record.get("format")
    if declared != FORMAT:
        raise _damaged(path, f"its format is {declared!r}, and this program reads {FORMAT!r}")
    try:
        manifest = Manifest(
            name=_typed(record, "name", str),
            cleaning=_typed(record, "cleaning", str),
            architecture=ModelSettings.from_json(_typed(record, "architecture", dict)),
            vocabulary=_typed(record, "vocabulary", int),
            level=_typed(record, "level", str),
            training=_typed(record, "training", dict),
            corpus=_typed(record, "corpus", dict),
            metrics=_typed(record, "metrics", dict),
            created=_typed(record, "created", str),
        )
    except (SettingError, TypeError) as error:
        raise _damaged(path, f"{MANIFEST}: {error}") from error
    shape = manifest.architecture
    if shape.attention and (shape.context != "window" or shape.tied):
        raise _damaged(path, f"{MANIFEST} declares an attention without a window")
    if shape.context == "window" and shape.window is None:
        raise _damaged(path, f"{MANIFEST} does not say how many words its window holds")
    if manifest.cleaning not in CLEANINGS or manifest.level not in LEVELS:
        raise _damaged(path, f"its text is {manifest.level!r}, {manifest.cleaning!r}")
    return manifest


def _typed(record: Mapping[str, Any], name: str, kind: type) -> Any:
    value = record.get(name)
    if type(value) is not kind:
        raise TypeError(f"{name} must be {kind.__name__}, not {value!r:.60}")
    return value


def _vocabulary(path: Path, files: _Files, manifest: Manifest, hashes: Mapping[str, Any]) -> Vocabulary:
    record = _read_json(files, VOCABULARY, str(hashes.get(VOCABULARY)))
    tokens, roles = record.get("tokens"), {role: record.get(role, ROLES[role]) for role in ROLES}
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise _damaged(path, f"{VOCABULARY} has no list of tokens")
    if not all(isinstance(token, str) and token in SPECIALS for token in roles.values()):
        raise _damaged(path, f"{VOCABULARY} gives a role to a token that can have none")
    vocabulary = Vocabulary(tuple(tokens), **roles)
    if len(tokens) != manifest.vocabulary or len(vocabulary.ids) != len(tokens):
        raise _damaged(path, f"{VOCABULARY} does not hold {manifest.vocabulary} different tokens")
    if vocabulary.ids.get(PADDING) != 0 or len(tokens) == len(vocabulary.special_ids):
        raise _damaged(path, f"{VOCABULARY} must begin with {PADDING} and hold words")
    return vocabulary


def _weights(path: Path, files: _Files, manifest: Manifest, hashes: Mapping[str, Any]) -> Weights:
    import safetensors
    import safetensors.numpy

    expected = layout.shapes(manifest.architecture, manifest.vocabulary)
    content = files.read(WEIGHTS, 4 * manifest.parameters + HEADER_LIMIT)
    _check_hash(path, WEIGHTS, content, hashes.get(WEIGHTS))
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise _damaged(path, f"{WEIGHTS} is not a safetensors file ({error})") from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != expected:
        wrong = sorted(found.items() ^ expected.items())[0][0]
        raise _damaged(
            path,
            f"{WEIGHTS} holds {wrong} as {found.get(wrong, 'nothing')}, "
            f"its architecture needs {expected.get(wrong, 'none')}",
        )
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float16) or not np.isfinite(array).all():
            raise _damaged(path, f"{name} must be finite float32 or float16 numbers")
    return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
