"""Keras's two file formats as lists of layers: class, settings and arrays, in order.

`.keras` is a zip of config.json and model.weights.h5 (from Keras 2.12 on); `.h5` is one HDF5 file with
the configuration in an attribute (Keras 2 and 3). Nothing is built or executed from either.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError, ModelNotFound
from core.library.archive import Archive, BadArchive
from core.library.foreign.budget import Budget
from core.library.foreign.hdf5 import Arrays, opened_arrays
from core.library.foreign.strangers import refuse_strange_members, refuse_strangers

Shape = tuple[int, ...]
Config = Mapping[str, Any]

LARGEST_FILE = 2 << 30
"""Bytes: with an optimizer's state, which is twice the model's, 180 million numbers."""

LARGEST_CONFIG = 1 << 20
"""Bytes; that of two LSTM layers has 5,000. In memory it takes some thirty times its text."""

DESCRIPTIONS, WEIGHTS = ("config.json", "metadata.json"), "model.weights.h5"
MOST_LAYERS = 100
LONGEST_NAME = 200


class Reader(Protocol):
    """Gives the arrays of one layer, each checked against the shape that it must have."""

    def __call__(self, shapes: Sequence[Shape]) -> list[NDArray[np.float32]]:
        """Return the layer's arrays in Keras's order."""
        ...


@dataclass(frozen=True)
class Layer:
    """One layer: `kind` is Keras's class name, `inputs` the names of the layers before it."""

    kind: str
    name: str
    config: Config
    inputs: tuple[str, ...]
    read: Reader
    operand: object = None
    """What an operation such as NotEqual is told beside its input."""


@dataclass(frozen=True)
class KerasModel:
    """A model's layers in the order of its configuration, and the Keras that saved it."""

    layers: tuple[Layer, ...]
    version: str
    sequential: bool
    budget: Budget

    @property
    def major(self) -> int:
        """The first number of the version: what `hard_sigmoid` means depends on it."""
        return int(self.version.partition(".")[0])


@contextmanager
def opened(path: Path) -> Iterator[KerasModel]:
    """Open a `.keras` or `.h5` file; arrays can be read while it is open.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: it is neither format, or damaged.
    """
    try:
        if not path.exists():
            raise ModelNotFound(f"there is no file {path}; check the name")
        zipped = _check_file(path)
        with (_in_archive if zipped else _in_hdf5)(path) as model:
            yield model
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error


def _check_file(path: Path) -> bool:
    """Say whether a file is a zip; refuse what is neither that nor HDF5."""
    refuse_strangers(path)
    if path.stat().st_size > LARGEST_FILE:
        raise ModelError(f"{path.name} is larger than the {LARGEST_FILE:,} bytes that Headlong reads")
    with path.open("rb") as file:
        return file.read(2) == b"PK"


@contextmanager
def _in_archive(path: Path) -> Iterator[KerasModel]:
    try:
        with path.open("rb") as file:
            archive = Archive(file)
            refuse_strange_members(path.name, archive.names)
            config, metadata = (_json(_small(archive, name), path.name) for name in DESCRIPTIONS)
            version = str(metadata.get("keras_version", "3"))
            budget = Budget(path.name, archive.size)
            if archive.packed(WEIGHTS):
                budget.take(archive.size_of(WEIGHTS), f"unpacking {WEIGHTS}")
            with closing(Arrays(archive.file(WEIGHTS), path.name, budget)) as arrays:
                yield _model(config, version, arrays, _places_by_class)
    except BadArchive as error:
        raise ModelError(f"{path.name} is no .keras file, or a damaged one ({error})") from error


def _small(archive: Archive, name: str) -> bytearray:
    if archive.size_of(name) > LARGEST_CONFIG:
        raise BadArchive(f"{name} is larger than the {LARGEST_CONFIG:,} bytes it can need")
    return archive.read(name)


@contextmanager
def _in_hdf5(path: Path) -> Iterator[KerasModel]:
    with opened_arrays(path) as arrays:
        yield _with_description(arrays)


def _with_description(arrays: Arrays) -> KerasModel:
    text = arrays.text("/", "model_config")
    if text is None:
        raise ModelError(
            f"{arrays.name} holds weights without a model; save the whole model with "
            "model.save('model.keras')"
        )
    version = arrays.text("/", "keras_version") or "2"
    return _model(_json(text, arrays.name), version, arrays, _places_by_name)


def _json(text: str | bytes | bytearray, name: str) -> Config:
    if len(text) > LARGEST_CONFIG:
        raise ModelError(f"{name}: its configuration is larger than it can need")
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: its configuration is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise ModelError(f"{name}: its configuration is no JSON object")
    return record


Places = Callable[[Arrays], Callable[[str, str], Reader]]


def _model(config: Config, version: str, arrays: Arrays, places: Places) -> KerasModel:
    kind, inner = config.get("class_name"), config.get("config")
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(
            f"{arrays.name} holds a {kind!r:.60}; Headlong imports Sequential and Functional"
        )
    if not re.fullmatch(r"\d{1,3}[\w.+-]{0,40}", version):
        raise ModelError(f"{arrays.name} was saved by a Keras {version!r:.60}, which there is not")
    # Before Keras 2.2.3 a Sequential's configuration was the list of its layers.
    described = inner.get("layers") if isinstance(inner, dict) else inner
    if not isinstance(described, list) or len(described) > MOST_LAYERS:
        raise ModelError(f"{arrays.name}: its configuration has no list of layers, or too long a one")
    find = places(arrays)
    layers = [_layer(record, arrays.name, find) for record in described]
    return KerasModel(tuple(layers), version, kind == "Sequential", arrays.budget)


def _layer(record: Any, file: str, find: Callable[[str, str], Reader]) -> Layer:
    settings = record.get("config") if isinstance(record, dict) else None
    if not isinstance(settings, dict):
        raise ModelError(f"{file}: a layer has no configuration")
    kind, name = record.get("class_name"), settings.get("name") or record.get("name")
    for text in (kind, name):
        if not isinstance(text, str) or len(text) > LONGEST_NAME or not text.isprintable():
            raise ModelError(f"{file}: a layer has no name or class, but {text!r:.60}")
    module = record.get("module")
    if module and not str(module).startswith(("keras", "tf_keras", "tensorflow")):
        raise ModelError(f"{file}: its {kind} is not Keras's own, but of {module!r:.60}")
    settings = settings | {"build_config": record.get("build_config")}
    inputs = tuple(dict.fromkeys(_inputs(record.get("inbound_nodes"))))
    operand = _operand(record.get("inbound_nodes"))
    return Layer(kind, name, settings, inputs, find(kind, name), operand)


def _operand(nodes: Any) -> object:
    """Return the second argument of an operation, as Keras 3 writes its calls; else None."""
    call = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    arguments = call.get("args") if isinstance(call, dict) else None
    return arguments[1] if isinstance(arguments, list) and len(arguments) == 2 else None


def _inputs(node: Any, depth: int = 0) -> Iterator[str]:
    """Yield the names of the layers that an `inbound_nodes` entry names, in either Keras's way."""
    if depth > 12:
        return
    if isinstance(node, dict):
        history = node.get("keras_history")
        if isinstance(history, list) and history:
            yield str(history[0])
        else:
            for value in node.values():
                yield from _inputs(value, depth + 1)
    elif isinstance(node, list):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node[0]
        else:
            for value in node:
                yield from _inputs(value, depth + 1)


def _places_by_class(arrays: Arrays) -> Callable[[str, str], Reader]:
    """A `.keras` files a layer under its class in snake case, numbered from the second one on.

    Keras 2.12 had another name for the group of all layers; on Windows, Keras 2 took backslashes for
    the slashes between groups.
    """
    seen: Counter[str] = Counter()
    groups = ("layers", "_layer_checkpoint_dependencies")
    roots = [f"{group}{slash}" for slash in "/\\" for group in groups]

    def find(kind: str, name: str) -> Reader:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
        count = seen[snake]
        seen[snake] += 1
        filed = f"{snake}_{count}" if count else snake

        def read(shapes: Sequence[Shape]) -> list[NDArray[np.float32]]:
            places = [f"{root}{filed}{cell}" for root in roots for cell in (f"{root[-1]}cell", "")]
            filled = [place for place in places if arrays.has(f"{place}/vars/0")]
            place = filled[0] if filled else f"layers/{filed}"
            return [arrays.read(f"{place}/vars/{n}", shape) for n, shape in enumerate(shapes)]

        return read

    return find


def _places_by_name(arrays: Arrays) -> Callable[[str, str], Reader]:
    """A `.h5` files a layer under its name, with the order of its arrays in an attribute."""
    root = "model_weights" if arrays.has("model_weights") else ""

    def find(kind: str, name: str) -> Reader:
        def read(shapes: Sequence[Shape]) -> list[NDArray[np.float32]]:
            names = arrays.texts(f"{root}/{name}", "weight_names")
            if len(names) != len(shapes):
                raise ModelError(f"{arrays.name}: the layer {name} has no {len(shapes)} arrays")
            places = [f"{root}/{name}/{entry}" for entry in names]
            return [arrays.read(place, shape) for place, shape in zip(places, shapes, strict=True)]

        return read

    return find
