"""One model folder, `headlong-model/1`: save it so that a crash cannot spoil it, load it checked.

Reads JSON, safetensors and n-grams and nothing else: no pickle, no code. A zip of it can be read too.
What the folder holds is described in models/README.md.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from core.errors import DamagedModel, ModelError, ModelNotFound, NewerModel, SettingError
from core.library import folders, layout, limits, ngrams, records, tensors
from core.library.archive import BLOCK
from core.library.containers import Container, damaged, opened
from core.library.limits import (
    CARD,
    HEADER,
    LARGEST,
    MANIFEST,
    NGRAMS,
    VOCABULARY,
    WEIGHT_FILES,
    WEIGHTS,
    Content,
)
from core.library.model import Manifest, Model, Weights
from core.library.paths import is_file, is_folder
from core.text.kneser_ney import NGrams
from core.text.vocabulary import Vocabulary

_T = TypeVar("_T")

ATTEMPTS = 20
"""How often a reader begins anew when a model is replaced under its hands."""


def save(model: Model, folder: Path, card: str, replace: bool = True) -> None:
    """Write `model` to `folder`.

    The files are written to a temporary folder beside it and synced before the name changes hands, so
    a crash leaves the old model or the new one.

    Raises:
        ModelError: the folder cannot be written; what was there is still there.
        SettingError: a model is there, and is not to be replaced.
    """
    write(model.name, folder, files(model, card), replace)


def write(name: str, folder: Path, contents: Mapping[str, bytes], replace: bool = True) -> None:
    """Write the files of a model called `name` to `folder`, as `save` does.

    Raises:
        ModelError, SettingError: as `save`.
    """
    with saving(name, folder), folders.fresh(folder) as temporary:
        write_into(temporary, contents)
        folders.put(temporary, folder, replace)


def write_into(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of a model into a folder that nobody looks into yet, and wait for the disk.

    Raises:
        ModelError: a file would be too large to be loaded again.
        OSError: they cannot be written.
    """
    for name, content in contents.items():
        if len(content) > limits.LARGEST[name]:
            raise ModelError(
                f"a model's {name} may have {limits.LARGEST[name]:,} bytes, and this one would have "
                f"{len(content):,}; it could not be loaded again, so it is not saved"
            )
        with (folder / name).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def saving(name: str, folder: Path) -> Iterator[None]:
    """Say in one sentence why a model called `name` cannot be saved to `folder`, where it cannot.

    Raises:
        ModelError, SettingError: as `save`.
    """
    try:
        yield
    except folders.NameTaken as error:
        raise SettingError(f"there is a model {folder.name!r} already; choose another name") from error
    except OSError as error:
        raise ModelError(
            f"model {name!r} cannot be saved to {folder}: {error.strerror or error}; "
            "free some space or make the folder writable, and try again"
        ) from error


def files(model: Model, card: str, weights: Sequence[tensors.Arrays] | None = None) -> dict[str, bytes]:
    """Return the contents of a model's files by name, the manifest with the others' hashes last.

    `weights`, where they are given, are stored in place of those of the model's networks: the same in
    half precision.
    """
    ngram_weight = None if model.ngrams is None else model.manifest.ngram_weight or 0.0
    stored = list(map(tensors.write, model.all_weights if weights is None else weights))
    manifest = replace(model.manifest, ngram_weight=ngram_weight, networks=len(stored))
    contents = {
        VOCABULARY: _json(records.vocabulary_record(model.vocabulary)),
        WEIGHTS: stored[0],
        CARD: card.encode(),
        **dict(zip(WEIGHT_FILES[1:], stored[1:], strict=False)),
    }
    if model.ngrams is not None:
        contents[NGRAMS] = ngrams.write(model.ngrams)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    record = records.manifest_record(manifest) | {"sha256": hashes}
    return contents | {MANIFEST: _json(record)}


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n"


def load(path: Path) -> Model:
    """Load a model folder, or a zip of one.

    Raises:
        ModelNotFound: nothing is there.
        NewerModel: a newer version of this program wrote it.
        DamagedModel: a file is missing, altered, too large, or not what the manifest declares.
    """
    return _steadily(path, _load)


def verify(path: Path) -> Model:
    """Load a model and check every hash, the card's too, which loading alone does not read.

    Raises:
        ModelNotFound, NewerModel, DamagedModel: as `load`.
    """
    return _steadily(path, lambda source: _load(source, every_hash=True))


def read_files(path: Path) -> dict[str, bytes]:
    """Return the contents of a model's files, all of one version and with every hash checked.

    Raises:
        ModelNotFound, NewerModel, DamagedModel: as `load`.
    """

    def read(source: Container) -> dict[str, bytes]:
        model = _load(source, every_hash=True)
        absent = {*WEIGHT_FILES[len(model.all_weights) :], *([NGRAMS] if model.ngrams is None else [])}
        return {name: bytes(source.read(name)) for name in limits.LARGEST if name not in absent}

    return _steadily(path, read)


def load_manifest(path: Path) -> Manifest:
    """Read what a model says of itself, and see that its words and weights are there.

    Raises:
        ModelNotFound, NewerModel, DamagedModel: as `load`.
    """

    def read(source: Container) -> Manifest:
        manifest = _manifest(source)[0]
        _check_weights_size(source, manifest)
        source.size(VOCABULARY)
        if manifest.ngram_weight is not None:
            source.size(NGRAMS)
        return manifest

    return _steadily(path, read)


def load_card(path: Path) -> str:
    """Return the model's card.

    Raises:
        ModelNotFound, DamagedModel: as `load`.
    """
    content = _steadily(path, lambda source: source.read(CARD))
    return content.decode("utf-8", errors="replace")


def exists(path: Path) -> bool:
    """Say whether a model folder stands at `path`, also while it is being replaced."""
    manifest = path / MANIFEST
    return is_file(manifest) or is_folder(folders.replaced(path)) or is_file(manifest)


def _steadily(path: Path, read: Callable[[Container], _T]) -> _T:
    """Read a model; where it was replaced under the reader's hands, read the new one."""
    for _ in range(ATTEMPTS):
        before = _version(path)
        try:
            with opened(path) as source:
                return read(source)
        except (DamagedModel, ModelNotFound):
            if _version(path) == before:
                raise
    raise damaged(path, "it is replaced again and again while it is read")


def _version(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns  # a new folder may get the number of one that is gone


def _load(source: Container, every_hash: bool = False) -> Model:
    manifest, hashes = _manifest(source)
    _check_weights_size(source, manifest)  # before a vocabulary is read for nothing
    vocabulary = _vocabulary(source, manifest, hashes)
    first, *others = (_weights(source, name, manifest, hashes) for name in _weight_files(manifest))
    if every_hash:
        _check_hash(source, CARD, source.read(CARD), hashes)
    ngrams_ = _ngrams(source, manifest, vocabulary, hashes)
    return Model(manifest, vocabulary, first, ngrams_, tuple(others))


def _manifest(source: Container) -> tuple[Manifest, Mapping[str, Any]]:
    """Return the manifest, and the hashes of the other files."""
    record = _record(source, MANIFEST, source.read(MANIFEST))
    if records.is_newer(record):
        raise NewerModel(
            f"the model at {source.path} has the format {record['format']}, which a newer Headlong "
            f"wrote, and this one reads {records.FORMAT}; install the newer version to use it"
        )
    try:
        manifest = records.read_manifest(record)
    except records.WrongRecord as error:
        raise damaged(source.path, f"{MANIFEST}: {error}") from error
    hashes = record.get("sha256")
    if not isinstance(hashes, dict):
        raise damaged(source.path, f"{MANIFEST} has no sha256 of the other files")
    return manifest, hashes


def _record(source: Container, name: str, content: Content) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise damaged(source.path, f"{name} is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise damaged(source.path, f"{name} is not a JSON object")
    return record


def _check_hash(source: Container, name: str, content: Content, hashes: Mapping[str, Any]) -> None:
    if _sha256(content) != hashes.get(name):
        raise damaged(source.path, f"{name} is not the file that {MANIFEST} was written for")


def _sha256(content: Content) -> str:
    """Return the hash of a content, block by block: a Ctrl-C is heard between two of them."""
    digest = hashlib.sha256()
    with memoryview(content) as view:
        for start in range(0, len(view), BLOCK):
            digest.update(view[start : start + BLOCK])
    return digest.hexdigest()


def _vocabulary(source: Container, manifest: Manifest, hashes: Mapping[str, Any]) -> Vocabulary:
    content = source.read(VOCABULARY)
    _check_hash(source, VOCABULARY, content, hashes)
    if limits.is_crowded(content):
        raise damaged(source.path, f"{VOCABULARY} holds more than {limits.WORDS:,} tokens")
    try:
        return records.read_vocabulary(_record(source, VOCABULARY, content), manifest)
    except records.WrongRecord as error:
        raise damaged(source.path, f"{VOCABULARY}: {error}") from error


def _ngrams(
    source: Container, manifest: Manifest, vocabulary: Vocabulary, hashes: Mapping[str, Any]
) -> NGrams | None:
    if manifest.ngram_weight is None:
        return None
    content = source.read(NGRAMS)
    _check_hash(source, NGRAMS, content, hashes)
    try:
        return ngrams.read(content, vocabulary)
    except ngrams.WrongNGrams as error:
        raise damaged(source.path, f"{NGRAMS}: {error}") from error


def _weight_files(manifest: Manifest) -> tuple[str, ...]:
    return WEIGHT_FILES[: manifest.networks]


def _check_weights_size(source: Container, manifest: Manifest) -> None:
    numbers, total = manifest.parameters // manifest.networks, 0
    for name in _weight_files(manifest):
        size = source.size(name)
        if size > 4 * numbers + HEADER:
            raise damaged(source.path, f"{name} is larger than its architecture needs")
        if size < 2 * numbers:
            raise damaged(source.path, f"{name} is smaller than its architecture needs")
        total += size
    if total > LARGEST[WEIGHTS] and manifest.networks > 1:
        raise damaged(
            source.path,
            f"the weights of its networks are larger than the {LARGEST[WEIGHTS]:,} bytes "
            "that they may have together",
        )


def _weights(source: Container, name: str, manifest: Manifest, hashes: Mapping[str, Any]) -> Weights:
    content = source.read(name)
    _check_hash(source, name, content, hashes)
    try:
        return tensors.read(content, layout.shapes(manifest.architecture, manifest.vocabulary))
    except tensors.WrongTensors as error:
        raise damaged(source.path, f"{name}: {error}") from error
