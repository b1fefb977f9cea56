"""A catalogue of bad files, each a function that writes one, and what importing them costs.

    python -m tests.core.library.foreign.hostile [DIRECTORY]

imports every file in a process of its own and prints a JSON line for each: its name, its size, and
what tests.measure tells. Linux only.
"""

import io
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.library.foreign.apart import limited
from core.library.foreign.keras_export import keras_file
from core.library.foreign.keras_import import import_keras
from core.library.foreign.textgenrnn import import_textgenrnn, is_textgenrnn
from core.library.foreign.tokenizers import word_index
from tests.conftest import random_model
from tests.measure import measure

Builder = Callable[[Path], None]
Config = dict[str, Any]

WORDS, WINDOW = 11, 5


# --- good files, to be spoilt --------------------------------------------------------------------


def good_members() -> dict[str, bytes]:
    """Return the members of a `.keras` file that is imported without complaint."""
    with zipfile.ZipFile(io.BytesIO(keras_file(random_model("window")))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def layers(*units: int, words: int = WORDS, embedding: int = 6) -> list[Config]:
    """Return the configuration of an Embedding, LSTMs of `units` and a Dense."""
    first = {"name": "embedding", "input_dim": words, "output_dim": embedding}
    first["batch_input_shape"] = [None, WINDOW]
    described = [{"class_name": "Embedding", "config": first}]
    for number, size in enumerate(units):
        config = {"name": f"lstm_{number}", "units": size, "activation": "tanh"}
        config["return_sequences"] = number < len(units) - 1
        described.append({"class_name": "LSTM", "config": config})
    last = {"name": "dense", "units": words, "activation": "softmax"}
    return [*described, {"class_name": "Dense", "config": last}]


def shapes_of(described: list[Config]) -> dict[str, list[tuple[int, ...]]]:
    """Return the shapes of the arrays that such a configuration needs, by layer."""
    table: dict[str, list[tuple[int, ...]]] = {}
    size = 0
    for layer in described:
        config = layer["config"]
        if layer["class_name"] == "Embedding":
            size = config["output_dim"]
            table[config["name"]] = [(config["input_dim"], size)]
        elif layer["class_name"] == "LSTM":
            units = config["units"]
            table[config["name"]] = [(size, 4 * units), (units, 4 * units), (4 * units,)]
            size = units
        else:
            table[config["name"]] = [(size, config["units"]), (config["units"],)]
    return table


def holes(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    """Create an array of zeros that has its place in the file and takes none on the disk."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, properties)


def write_h5(path: Path, described: list[Config], create: Callable[..., None] = holes) -> None:
    """Write a `.h5` file as Keras 2 does, with arrays that `create` makes."""
    with h5py.File(path, "w") as file:
        record = {"class_name": "Sequential", "config": {"name": "s", "layers": described}}
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(record), "2.4.0"
        for name, shapes in shapes_of(described).items():
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{n}:0" for n in range(len(shapes))]
            for number, shape in enumerate(shapes):
                create(group, f"{number}:0", shape)


# --- zips ----------------------------------------------------------------------------------------


def write_zip(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def configured(change: Callable[[Config], Any]) -> Builder:
    """A `.keras` file whose configuration was changed in place, or replaced by a text."""

    def build(path: Path) -> None:
        members = good_members()
        config = json.loads(members["config.json"])
        changed = change(config)
        text = changed if isinstance(changed, str) else json.dumps(config)
        write_zip(path, members | {"config.json": text.encode()})

    return build


def layer_changed(number: int, **changes: Any) -> Builder:
    """A `.keras` file with settings of one layer changed: 1 Embedding, 2 LSTM, 3 Dense."""
    return configured(lambda config: config["config"]["layers"][number]["config"].update(changes))


def member(name: str, content: Callable[[], bytes], packing: int = zipfile.ZIP_STORED) -> Builder:
    """A `.keras` file with another content of one member."""
    return lambda path: write_zip(path, good_members() | {name: content()}, packing)


def many_members(count: int) -> Builder:
    return lambda path: write_zip(path, good_members() | {f"{n:x}": b"" for n in range(count)})


def patched_directory(change: Callable[[bytearray, int], None], packing: int) -> Builder:
    """A `.keras` file in whose list of members the entry of the weights was changed."""

    def build(path: Path) -> None:
        zeros = {"model.weights.h5": bytes(100 << 20)} if packing else {}
        write_zip(path, good_members() | zeros, packing)
        content = bytearray(path.read_bytes())
        change(content, content.rindex(b"model.weights.h5") - 46)
        path.write_bytes(content)

    return build


def put(offset: int, form: str, value: int) -> Callable[[bytearray, int], None]:
    return lambda content, entry: struct.pack_into(form, content, entry + offset, value)


def duplicate(path: Path) -> None:
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in [*good_members().items(), ("config.json", b"{}")]:
            archive.writestr(name, content)


def wide_inputs() -> str:
    node = json.dumps([[[["ids", 0, 0, {}]] * 40] * 40] * 25)
    layer = f'{{"class_name": "LSTM", "name": "x", "config": {{}}, "inbound_nodes": {node}}}'
    return f'{{"class_name": "Functional", "config": {{"layers": [{layer}]}}}}'


ZIPS: list[tuple[str, Builder]] = [
    ("config: nested", configured(lambda _: "[" * 900_000)),
    ("config: 2 MB", configured(lambda config: config.update(filler="x" * 2_000_000))),
    ("config: empty lists", configured(lambda _: "[" + "[]," * 340_000 + "[]]")),
    ("config: empty objects", configured(lambda _: '{"a":[' + "{}," * 340_000 + "{}]}")),
    (
        "config: 50,000 layers",
        configured(lambda c: c["config"].update(layers=[{"config": {}}] * 50_000)),
    ),
    ("config: wide inputs", configured(lambda _: wide_inputs())),
    ("config: no layers", configured(lambda config: config.update(config=None))),
    ("config: layers of null", configured(lambda c: c["config"].update(layers=[None]))),
    ("config: a number", configured(lambda _: "9" * 100_000)),
    ("config: not text", member("config.json", lambda: b"\xff\xfe" * 999)),
    ("config: a bomb", member("config.json", lambda: bytes(300 << 20), zipfile.ZIP_DEFLATED)),
    ("layer: a name that moves the cursor", layer_changed(2, name="\x1b[2J\u202e")),
    ("layer: a long name", layer_changed(2, name="x" * 900_000)),
    ("layer: another's", configured(lambda c: c["config"]["layers"][2].update(module="os.path"))),
    ("layer: a lambda", configured(lambda c: c["config"]["layers"][2].update(class_name="Lambda"))),
    ("layer: gates of a list", layer_changed(2, recurrent_activation=["sigmoid"] * 99_999)),
    ("layer: units of text", layer_changed(2, units="8" * 99_999)),
    ("layer: units of a list", layer_changed(2, units=[8])),
    ("layer: units of a bool", layer_changed(2, units=True)),
    ("layer: 10^18 units", layer_changed(2, units=10**18)),
    ("layer: 4,096 units", layer_changed(2, units=4096)),
    (
        "layer: 10^9 rows",
        configured(
            lambda c: [
                c["config"]["layers"][1]["config"].update(input_dim=10**9),
                c["config"]["layers"][3]["config"].update(units=10**9),
            ]
        ),
    ),
    (
        "window: 10^9",
        configured(lambda c: c["config"]["layers"][0]["config"].update(batch_shape=[None, 10**9])),
    ),
    (
        "metadata: a long version",
        member("metadata.json", lambda: json.dumps({"keras_version": "3" * 900_000}).encode()),
    ),
    ("metadata: no version", member("metadata.json", lambda: b'{"keras_version": "three"}')),
    (
        "weights: missing",
        lambda path: write_zip(path, {k: v for k, v in good_members().items() if "h5" not in k}),
    ),
    ("weights: empty", member("model.weights.h5", lambda: b"")),
    ("weights: zeros", member("model.weights.h5", lambda: bytes(64 << 20))),
    (
        "weights: a bomb of 1 GB",
        member("model.weights.h5", lambda: bytes(1 << 30), zipfile.ZIP_DEFLATED),
    ),
    (
        "weights: a bomb within the budget",
        member("model.weights.h5", lambda: bytes(120 << 20), zipfile.ZIP_DEFLATED),
    ),
    ("weights: LZMA", member("model.weights.h5", lambda: bytes(9999), zipfile.ZIP_LZMA)),
    ("weights: bzip2", member("model.weights.h5", lambda: bytes(9999), zipfile.ZIP_BZIP2)),
    ("zip: another CRC", patched_directory(put(16, "<I", 1), zipfile.ZIP_STORED)),
    ("zip: encrypted", patched_directory(put(8, "<H", 1), zipfile.ZIP_STORED)),
    (
        "zip: packed size beyond the end",
        patched_directory(put(20, "<I", 2**32 - 2), zipfile.ZIP_STORED),
    ),
    ("zip: size beyond the end", patched_directory(put(24, "<I", 2**32 - 2), zipfile.ZIP_STORED)),
    ("zip: a bomb that says it is small", patched_directory(put(24, "<I", 999), zipfile.ZIP_DEFLATED)),
    (
        "zip: a bomb that says it is 3 GB",
        patched_directory(put(24, "<I", 3 << 30), zipfile.ZIP_DEFLATED),
    ),
    ("zip: begins elsewhere", patched_directory(put(42, "<I", 2**32 - 2), zipfile.ZIP_STORED)),
    ("zip: begins in another member", patched_directory(put(42, "<I", 0), zipfile.ZIP_STORED)),
    ("zip: 100,000 members", many_members(100_000)),
    ("zip: two of one name", duplicate),
    (
        "zip: PyTorch's",
        lambda path: write_zip(path, {"archive/data.pkl": b"\x80\x02.", "archive/version": b"3"}),
    ),
    ("zip: no list of members", lambda path: path.write_bytes(b"PK\3\4" + bytes(1 << 20))),
]


# --- HDF5 ----------------------------------------------------------------------------------------


def h5(described: list[Config], create: Callable[..., None] = holes) -> Builder:
    return lambda path: write_h5(path, described, create)


def spoilt(change: Callable[[h5py.File], Any], described: list[Config] | None = None) -> Builder:
    """A good `.h5` file with something changed in it."""

    def build(path: Path) -> None:
        write_h5(path, described or layers(8))
        with h5py.File(path, "r+") as file:
            change(file)

    return build


def replaced(create: Callable[..., Any], place: str = "model_weights/dense/0:0") -> Builder:
    """A good `.h5` file with one array that `create(file, place)` puts into its place."""

    def change(file: h5py.File) -> None:
        del file[place]
        create(file, place)

    return spoilt(change)


def dataset(**options: Any) -> Builder:
    return replaced(lambda file, place: file.create_dataset(place, (8, WORDS), "f4", **options))


def patched(find: bytes, offset: int, form: str, value: int, last: bool = False) -> Builder:
    """A good `.h5` file with a number written `offset` bytes after the first or last `find`."""

    def build(path: Path) -> None:
        write_h5(path, layers(8))
        content = bytearray(path.read_bytes())
        place = content.rindex(find) if last else content.index(find)
        struct.pack_into(form, content, place + offset, value)
        path.write_bytes(content)

    return build


def tree_of_itself(path: Path) -> None:
    """The tree of the root group has itself for a child."""
    write_h5(path, layers(8))
    content = bytearray(path.read_bytes())
    place = content.index(b"TREE")
    struct.pack_into("<Q", content, place + 32, place)
    path.write_bytes(content)


def the_same_again(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    """Give every array of one shape the place of the first."""
    place = "/first/" + "x".join(map(str, shape))
    if place not in group.file:
        holes(group.file.require_group("first"), place.rpartition("/")[2], shape)
    group[name] = group.file[place]


def never_written(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    group.create_dataset(name, shape, "f4")


def zeros_packed(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    group.create_dataset(
        name, shape, "f4", compression="gzip", chunks=tuple(min(n, 1024) for n in shape)
    )


def text_of_4_gb(path: Path) -> None:
    """An attribute says that its text is 4 GB long; libhdf5 clears as much memory for it."""
    write_h5(path, layers(8))
    content = bytearray(path.read_bytes())
    text = content.index(b'{"class_name"')
    (length,) = struct.unpack_from("<Q", content, text - 8)
    place = content.index(struct.pack("<I", length) + struct.pack("<Q", content.index(b"GCOL")))
    struct.pack_into("<I", content, place, 2**32 - 1)
    path.write_bytes(content)


def endless_names(file: h5py.File) -> None:
    file["model_weights/dense/loop"] = file["model_weights/dense"]
    file["model_weights/dense"].attrs["weight_names"] = ["loop/" * 180_000 + "0:0", "1:0"]


def virtual(file: h5py.File, place: str) -> None:
    layout = h5py.VirtualLayout((8, WORDS), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (8, WORDS))
    file.create_virtual_dataset(place, layout)


def sparse(head: bytes, size: int) -> Builder:
    def build(path: Path) -> None:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(size)

    return build


def set_config(text: str) -> Callable[[h5py.File], None]:
    return lambda file: file.attrs.__setitem__("model_config", text)


BIG = layers(1024, *[1024] * 7, embedding=1024)
GIGABYTES = layers(4096, words=500_000, embedding=4096)

HDF5S: list[tuple[str, Builder]] = [
    ("arrays: never written, 16 GB", h5(GIGABYTES, never_written)),
    ("arrays: packed zeros, 270 MB", h5(layers(4096, embedding=1), zeros_packed)),
    ("arrays: one under eight names", h5(BIG, the_same_again)),
    ("arrays: padding of 4 GB", h5(layers(4096, 1, 1, 1, 1, 1, 1, 1, embedding=1))),
    ("arrays: padding of the output", h5(layers(4096, 1, words=400_000, embedding=1))),
    ("arrays: 500,001 words", h5(layers(1, words=500_001, embedding=1))),
    ("arrays: chunks that grow", dataset(chunks=(2**20, 64), maxshape=(None, None))),
    ("arrays: LZF", dataset(compression="lzf")),
    ("arrays: in another file", dataset(external=[("/etc/passwd", 0, 999)])),
    ("arrays: virtual", replaced(virtual)),
    (
        "arrays: a link to another file",
        replaced(lambda f, p: f.__setitem__(p, h5py.ExternalLink("/etc/passwd", "/"))),
    ),
    ("arrays: a soft link", replaced(lambda f, p: f.__setitem__(p, h5py.SoftLink("/model_weights")))),
    ("arrays: references", replaced(lambda f, p: f.create_dataset(p, (8, WORDS), h5py.ref_dtype))),
    ("arrays: texts", replaced(lambda f, p: f.create_dataset(p, data=[[b"x"] * WORDS] * 8))),
    (
        "arrays: 16-byte floats",
        replaced(lambda f, p: f.__setitem__(p, np.ones((8, WORDS), np.longdouble))),
    ),
    (
        "arrays: not a number",
        replaced(lambda f, p: f.__setitem__(p, np.full((8, WORDS), np.nan, "f4"))),
    ),
    ("arrays: a group", replaced(lambda f, p: f.create_group(p))),
    ("arrays: 32 dimensions", replaced(lambda f, p: f.create_dataset(p, (1,) * 32, "f4"))),
    ("names: a loop of 180,000 groups", spoilt(endless_names)),
    (
        "names: 60,000",
        spoilt(
            lambda f: f["model_weights/dense"].attrs.__setitem__(
                "weight_names", np.array([b"x"] * 60_000)
            )
        ),
    ),
    (
        "names: numbers",
        spoilt(lambda f: f["model_weights/dense"].attrs.__setitem__("weight_names", [1, 2])),
    ),
    (
        "names: that move the cursor",
        spoilt(lambda f: f["model_weights/dense"].attrs.__setitem__("weight_names", ["\x1b[2J", "\n"])),
    ),
    ("config: 60 MB", spoilt(set_config("x" * 60_000_000))),
    ("config: nested", spoilt(set_config("[" * 900_000))),
    ("config: none", spoilt(lambda file: file.attrs.__delitem__("model_config"))),
    ("format: a text of 4 GB", text_of_4_gb),
    ("format: a tree of itself", tree_of_itself),
    ("format: a tree of 65,535 children", patched(b"TREE", 6, "<H", 65_535)),
    ("format: nodes of 65,535 members", patched(b"SNOD", 6, "<H", 65_535, last=True)),
    ("format: names beyond the end", patched(b"HEAP", 24, "<Q", 2**63)),
    ("format: a heap of nothing", patched(b"HEAP", 8, "<Q", 0)),
    ("format: ends before it does", patched(b"\x89HDF", 40, "<Q", 2**40)),
    ("format: a root beyond the end", patched(b"\x89HDF", 64, "<Q", 2**62)),
    ("format: a newer superblock", patched(b"\x89HDF", 8, "<B", 3)),
    ("format: weights alone", lambda path: h5py.File(path, "w").close()),
    ("format: the signature alone", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n")),
    ("file: 1.9 GB of zeros", sparse(b"\x89HDF\r\n\x1a\n", 1_900_000_000)),
    ("file: 1.9 GB as a zip", sparse(b"PK\3\4", 1_900_000_000)),
    ("file: 3 GB", sparse(b"\x89HDF\r\n\x1a\n", 3_000_000_000)),
    ("file: empty", lambda path: path.write_bytes(b"")),
    ("file: a pickle", lambda path: path.write_bytes(b"\x80\x04K\x01.")),
    ("file: a directory", lambda path: path.mkdir()),
    ("file: a pipe", lambda path: os.mkfifo(path)),
]


# --- tokenizers ----------------------------------------------------------------------------------


def text(content: Callable[[], str | bytes]) -> Builder:
    def build(path: Path) -> None:
        written = content()
        path.write_bytes(written.encode() if isinstance(written, str) else written)

    return build


def of_words(count: int) -> str:
    return json.dumps({f"{n:x}": n + 1 for n in range(count)}, separators=(",", ":"))


def tokenizer(index: str, **config: Any) -> str:
    return json.dumps({"class_name": "Tokenizer", "config": {"word_index": index, **config}})


FULL = 32 << 20

TOKENIZERS: list[tuple[str, Builder]] = [
    ("words: 200 MB", text(lambda: '{"a":1' + "," + '"b":2,' * 33_000_000 + '"c":3}')),
    ("words: 500,001", text(lambda: of_words(500_001))),
    ("words: two million in 32 MB", text(lambda: of_words(2_000_000)[:FULL])),
    ("words: the last id is bad", text(lambda: of_words(499_999)[:-1] + ',"z":0}')),
    ("words: one name often", text(lambda: "{" + '"a":1,' * 5_000_000 + '"a":1}')),
    ("json: empty lists", text(lambda: "[" + "[]," * (FULL // 3 - 9) + "[]]")),
    ("json: nested lists", text(lambda: "[" * (FULL - 9))),
    ("json: nested objects", text(lambda: '{"a":' * (FULL // 5 - 9))),
    ("json: numbers", text(lambda: "[" + "1," * (FULL // 2 - 9) + "1]")),
    ("json: objects of objects", text(lambda: '{"a":[' + '{"a":{}},' * (FULL // 9 - 9) + "1]}")),
    ("json: one number", text(lambda: "1" * (FULL - 9))),
    ("json: one rare character", text(lambda: '{"a":"\\ud83d\\ude00' + "a" * (FULL - 99) + '"}')),
    ("json: many escapes", text(lambda: '{"a":"' + "\\u0041" * (FULL // 6 - 9) + '"}')),
    (
        "json: one rare character, unescaped",
        text(lambda: '{"a":"\U0001f600' + "a" * (FULL - 99) + '"}'),
    ),
    ("json: in strings of strings", text(lambda: json.dumps(json.dumps(json.dumps({"a": 1}))))),
    ("json: not UTF-8", text(lambda: b'{"\xff\xfe": 1}')),
    ("json: nothing", text(lambda: "")),
    ("inner: lists", text(lambda: tokenizer("[" + "[]," * (FULL // 3 - 99) + "[]]"))),
    ("inner: a rare character", text(lambda: tokenizer("\U0001f600" + "a" * (FULL - 999)))),
    ("inner: 500,001 words", text(lambda: tokenizer(of_words(500_001)))),
    ("inner: no index", text(lambda: tokenizer("{}"))),
    ("inner: not JSON", text(lambda: tokenizer("{"))),
    ("inner: filters of a list", text(lambda: tokenizer('{"a": 1}', filters=["x"] * 99_999))),
    ("inner: filters of text", text(lambda: tokenizer('{"a": 1}', filters="x" * 99_999))),
    ("inner: split", text(lambda: tokenizer('{"a": 1}', split="\x1b[2J" * 99_999))),
    ("inner: letters", text(lambda: tokenizer('{"a": 1}', char_level=True))),
    ("inner: no word is left", text(lambda: tokenizer('{"a": 999}'))),
    ("inner: a name of ours", text(lambda: tokenizer('{"</s>": 1, "a": 2}'))),
    ("file: a pickle", text(lambda: b"\x80\x04}.")),
    ("file: 3 GB", sparse(b"{", 3_000_000_000)),
    ("file: a pipe", lambda path: os.mkfifo(path)),
]


# --- what importing them costs -------------------------------------------------------------------


def import_one(kind: str, path: Path, good: Path) -> None:
    """Import a bad file with a good one beside it, with the limits that the importer's child has."""
    words, model = good.with_suffix(".words.json"), good
    with limited(path.stat().st_size if path.is_file() else 0):
        if kind == "tokenizer":
            import_keras(model, path, "m")
            import_textgenrnn(model, path, None, "m")
        elif is_textgenrnn(path):
            import_textgenrnn(path, words, None, "m")
        else:
            import_keras(path, words, "m")


def catalogue() -> Iterator[tuple[str, str, Builder]]:
    """Yield the kind, the name and the builder of every bad file."""
    for kind, cases in (("zip", ZIPS), ("hdf5", HDF5S), ("tokenizer", TOKENIZERS)):
        for name, build in cases:
            yield kind, name, build


def good_file(directory: Path) -> Path:
    """Write a `.keras` file with its words beside it."""
    path, model = directory / "good.keras", random_model("window")
    path.write_bytes(keras_file(model))
    path.with_suffix(".words.json").write_bytes(word_index(model.vocabulary))
    return path


def main(directory: Path) -> None:
    """Import every file and print what it cost, a JSON line each."""
    good = good_file(directory)
    outcome = measure(lambda: import_one("zip", good, good))
    print(json.dumps({"kind": "control", "name": "a good file", "size": 0} | asdict(outcome)))
    for kind, name, build in catalogue():
        path = directory / "bad"
        # In a process of its own: memory that was freed here would hide what an import takes.
        measure(lambda build=build, path=path: build(path))  # type: ignore[misc]
        size = path.stat().st_size if path.is_file() else 0
        outcome = measure(lambda kind=kind, path=path: import_one(kind, path, good))  # type: ignore[misc]
        print(json.dumps({"kind": kind, "name": name, "size": size} | asdict(outcome)), flush=True)
        path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
