"""Keras's two file formats as lists of layers: class, settings and arrays, in order.

`.keras` is a zip of config.json and model.weights.h5 (Keras 3); `.h5` is one HDF5 file with the
configuration in an attribute (Keras 2 and 3). Nothing is built or executed from either.
"""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError, ModelNotFound
from core.library.foreign.hdf5 import Arrays

Shape = tuple[int, ...]
Config = Mapping[str, Any]

LARGEST_CONFIG = 16 << 20
LARGEST_WEIGHTS = 4 << 30


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


@dataclass(frozen=True)
class KerasModel:
    """A model's layers in the order of its configuration, and the Keras that saved it."""

    layers: tuple[Layer, ...]
    version: str
    sequential: bool


@contextmanager
def opened(path: Path) -> Iterator[KerasModel]:
    """Open a `.keras` or `.h5` file; arrays can be read while it is open.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: it is neither format, or damaged.
    """
    if not path.is_file():
        raise ModelNotFound(f"there is no file {path}; check the name")
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if zipped:
        with _zip_arrays(path) as (arrays, config, version):
            yield _model(config, version, arrays, _places_by_class)
    else:
        with Arrays(path, path.name) as arrays:
            text = arrays.attribute("/", "model_config")
            if not isinstance(text, str):
                raise ModelError(
                    f"{path.name} holds weights without a model; save the whole model with "
                    "model.save('model.keras')"
                )
            version = str(arrays.attribute("/", "keras_version") or "2")
            yield _model(_json(text, path.name), version, arrays, _places_by_name)


@contextmanager
def _zip_arrays(path: Path) -> Iterator[tuple[Arrays, Config, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = _json(_member(archive, "config.json", LARGEST_CONFIG), path.name)
            metadata = _json(_member(archive, "metadata.json", LARGEST_CONFIG), path.name)
            weights = _member(archive, "model.weights.h5", LARGEST_WEIGHTS)
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{path.name} is no .keras file, or a damaged one ({error})") from error
    with Arrays(io.BytesIO(weights), path.name) as arrays:
        yield arrays, config, str(metadata.get("keras_version", "3"))


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    entry = archive.getinfo(name)
    # Keras stores without packing much; a member that grows a hundredfold is a bomb.
    if entry.file_size > min(limit, 100 * entry.compress_size + 4096):
        raise ValueError(f"{name} is larger than it can be")
    with archive.open(entry) as file:
        return file.read(entry.file_size)


def _json(text: str | bytes, name: str) -> Config:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: its configuration is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise ModelError(f"{name}: its configuration is no JSON object")
    return record


def _model(config: Config, version: str, arrays: Arrays, places: Any) -> KerasModel:
    kind, inner = config.get("class_name"), config.get("config")
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(f"{arrays.name} holds a {kind!r}; Headlong imports Sequential and Functional")
    # Before Keras 2.2.3 a Sequential's configuration was the list of its layers.
    described = inner if isinstance(inner, list) else (inner or {}).get("layers")
    if not isinstance(described, list) or not all(isinstance(layer, dict) for layer in described):
        raise ModelError(f"{arrays.name}: its configuration has no list of layers")
    find = places(arrays)
    layers = []
    for record in described:
        settings = record.get("config")
        if not isinstance(settings, dict):
            raise ModelError(f"{arrays.name}: a layer has no configuration")
        settings = settings | {"build_config": record.get("build_config")}
        name, class_ = str(settings.get("name") or record.get("name")), str(record.get("class_name"))
        inputs = tuple(dict.fromkeys(_inputs(record.get("inbound_nodes"))))
        layers.append(Layer(class_, name, settings, inputs, find(class_, name)))
    return KerasModel(tuple(layers), version, kind == "Sequential")


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


def _places_by_class(arrays: Arrays) -> Any:
    """Keras 3 files a layer under its class in snake case, numbered from the second one on."""
    seen: Counter[str] = Counter()

    def find(kind: str, name: str) -> Reader:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
        count, place = seen[snake], f"layers/{snake}"
        seen[snake] += 1
        place = f"{place}_{count}" if count else place

        def read(shapes: Sequence[Shape]) -> list[NDArray[np.float32]]:
            inner = f"{place}/cell/vars" if arrays.has(f"{place}/cell/vars") else f"{place}/vars"
            return [arrays.read(f"{inner}/{n}", shape) for n, shape in enumerate(shapes)]

        return read

    return find


def _places_by_name(arrays: Arrays) -> Any:
    """The older format files a layer under its name, with the order of its arrays in an attribute."""
    root = "model_weights" if arrays.has("model_weights") else ""

    def find(kind: str, name: str) -> Reader:
        def read(shapes: Sequence[Shape]) -> list[NDArray[np.float32]]:
            names = arrays.attribute(f"{root}/{name}", "weight_names")
            if not isinstance(names, list) or len(names) != len(shapes):
                raise ModelError(f"{arrays.name}: the layer {name} has no {len(shapes)} arrays")
            places = [f"{root}/{name}/{entry}" for entry in names]
            return [arrays.read(place, shape) for place, shape in zip(places, shapes, strict=True)]

        return read

    return find
