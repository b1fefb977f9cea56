"""Bad models, each spoilt in its own way by somebody who knows the format: the hashes are right.

`CASES` has a name and a function for each. The function gets an empty directory, puts a model there,
and returns its path.
"""

import hashlib
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.library import bundle
from core.library.model import Model
from core.text.labels import label_token
from tests.conftest import random_model, with_networks, with_ngrams

Files = dict[str, bytes]
Case = Callable[[Path], Path]

MANIFEST, VOCABULARY, WEIGHTS = "model.json", "vocabulary.json", "weights.safetensors"
NGRAMS = "ngrams.zlib"
ESCAPE = "\x1b]0;owned\x07\x1b[31m"
CASES: dict[str, Case] = {}


def case(build: Case) -> Case:
    CASES[build.__name__.replace("_", " ")] = build
    return build


def good(model: Model | None = None) -> Files:
    return bundle.files(model or random_model(), "# card\n")


def sealed(files: Files, **changes: Any) -> Files:
    """Return the files with model.json changed and all hashes made right."""
    record = json.loads(files[MANIFEST])
    record["architecture"] |= changes.pop("architecture", {})
    others = {name: content for name, content in files.items() if name != MANIFEST}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in others.items()}
    content = json.dumps(record | {"sha256": hashes} | changes).encode()
    return others | {MANIFEST: content}


def folder(directory: Path, files: Files) -> Path:
    path = directory / "bad"
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def archive(directory: Path, files: Files, **options: Any) -> Path:
    path = directory / "bad.zip"
    with zipfile.ZipFile(path, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return path


def vocabulary(tokens: object) -> bytes:
    return json.dumps({"tokens": tokens}, ensure_ascii=False).encode()


def tensors(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def rewritten(change: Callable[[dict[str, Any]], object]) -> Files:
    """Return a good model whose weights' header was changed by hand."""
    files = good()
    content = files[WEIGHTS]
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    change(header)
    return sealed(files | {WEIGHTS: tensors(header, content[8 + size :])})


# --- model.json ---------------------------------------------------------------------------------


@case
def a_manifest_nested_without_end(directory: Path) -> Path:
    return folder(directory, good() | {MANIFEST: b'{"a":' * 200_000})


@case
def a_manifest_of_little_objects(directory: Path) -> Path:
    return folder(directory, good() | {MANIFEST: b"[" + b"{}," * 340_000 + b"{}]"})


@case
def a_manifest_with_a_number_of_many_digits(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={"window": 10**4000}))


@case
def a_manifest_with_infinity(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={"dropout": float("inf")}))


@case
def a_manifest_with_a_setting_a_megabyte_long(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={"x" * 1_000_000: 1}))


@case
def a_manifest_with_a_value_a_megabyte_long(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={"cell": "\x1b" * 150_000}))


@case
def a_manifest_with_thousands_of_settings(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={f"layer{n}": n for n in range(50_000)}))


@case
def a_manifest_with_negative_shapes(directory: Path) -> Path:
    return folder(directory, sealed(good(), architecture={"hidden_size": -8}))


@case
def a_manifest_with_truth_for_a_number(directory: Path) -> Path:
    return folder(directory, sealed(good(), vocabulary=True))


@case
def a_billion_words(directory: Path) -> Path:
    return folder(directory, sealed(good(), vocabulary=10**9))


@case
def the_largest_network_and_no_weights(directory: Path) -> Path:
    shape = {"hidden_size": 4096, "embedding_size": 4096, "layers": 8}
    return folder(directory, sealed(good(), architecture=shape, vocabulary=1_000_000))


@case
def a_format_with_an_escape_sequence(directory: Path) -> Path:
    return folder(directory, sealed(good(), format="headlong-model/" + ESCAPE))


# --- vocabulary.json ----------------------------------------------------------------------------


@case
def a_vocabulary_nested_without_end(directory: Path) -> Path:
    return folder(directory, sealed(good() | {VOCABULARY: b'{"tokens":' + b"[" * 5_000_000}))


@case
def a_vocabulary_of_little_lists(directory: Path) -> Path:
    return folder(directory, sealed(good() | {VOCABULARY: b"[" + b"[]," * 6_900_000 + b"[]]"}))


@case
def a_vocabulary_of_four_million_words(directory: Path) -> Path:
    return folder(
        directory, sealed(good() | {VOCABULARY: b'{"tokens":[' + b'"ab",' * 4_100_000 + b'""]}'})
    )


@case
def a_vocabulary_of_two_million_keys(directory: Path) -> Path:
    keys = b",".join(b'"%x":1' % n for n in range(1_900_000))
    return folder(directory, sealed(good() | {VOCABULARY: b"{" + keys + b"}"}))


@case
def a_vocabulary_with_one_emoji(directory: Path) -> Path:
    tokens = ["<pad>", "😀" + "x" * 20_900_000, *"bcdefghijkll"]
    return folder(directory, sealed(good() | {VOCABULARY: vocabulary(tokens)}))


@case
def a_million_words_and_the_last_one_twice(directory: Path) -> Path:
    shape = {"embedding_size": 1, "hidden_size": 1}
    words = [f"word{n}" for n in range(999_998)]
    content = vocabulary(["<pad>", *words, words[-1]])
    files = good() | {VOCABULARY: content, WEIGHTS: bytes(8 << 20)}
    return folder(directory, sealed(files, vocabulary=1_000_000, architecture=shape))


@case
def words_that_are_no_text(directory: Path) -> Path:
    return folder(directory, sealed(good() | {VOCABULARY: vocabulary(["<pad>", *range(13)])}))


@case
def a_word_twice(directory: Path) -> Path:
    return folder(directory, sealed(good() | {VOCABULARY: vocabulary(["<pad>", *"abcdefghijkll"])}))


@case
def a_word_of_nothing(directory: Path) -> Path:
    return folder(directory, sealed(good() | {VOCABULARY: vocabulary(["<pad>", "", *"abcdefghijkl"])}))


@case
def half_a_character_for_a_word(directory: Path) -> Path:
    words = json.dumps({"tokens": ["<pad>", "\ud800", *"abcdefghijkl"]}).encode()
    return folder(directory, sealed(good() | {VOCABULARY: words}))


@case
def half_a_character_in_the_manifest(directory: Path) -> Path:
    return folder(directory, sealed(good(), training={"command": "\udfff"}))


@case
def a_role_for_a_word(directory: Path) -> Path:
    record = json.loads(good()[VOCABULARY]) | {"end_token": "the"}
    return folder(directory, sealed(good() | {VOCABULARY: json.dumps(record).encode()}))


@case
def no_word_at_all(directory: Path) -> Path:
    tokens = ["<pad>", *(f"<unused {n}>" for n in range(1, 14))]
    return folder(directory, sealed(good() | {VOCABULARY: vocabulary(tokens)}))


# --- weights.safetensors ------------------------------------------------------------------------


def numbers(value: float, kind: type = np.float32, last: float | None = None) -> Files:
    """Return a model whose largest array, 160 million bytes of float32, holds one value."""
    model = random_model(embedding_size=4096, hidden_size=1500)
    weights = dict(model.weights)
    name = "lstm_0.kernel"
    weights[name] = np.full(weights[name].shape, value, np.float32)
    if last is not None:
        weights[name][-1, -1] = last
    converted = {array: content.astype(kind) for array, content in weights.items()}
    return good(Model(model.manifest, model.vocabulary, converted))


@case
def a_last_number_that_is_none(directory: Path) -> Path:
    return folder(directory, sealed(numbers(0, last=np.nan)))


@case
def a_last_half_that_is_infinite(directory: Path) -> Path:
    return folder(directory, sealed(numbers(0, np.float16, last=np.inf)))


@case
def numbers_of_double_precision(directory: Path) -> Path:
    model = random_model()
    doubles = {name: array.astype(np.float64) for name, array in model.weights.items()}
    return folder(directory, sealed(good(Model(model.manifest, model.vocabulary, doubles))))  # type: ignore[arg-type]


@case
def whole_numbers_for_weights(directory: Path) -> Path:
    return folder(directory, rewritten(lambda header: header["output.bias"].update(dtype="I32")))


@case
def a_negative_shape_in_the_weights(directory: Path) -> Path:
    return folder(directory, rewritten(lambda header: header["output.bias"].update(shape=[-14])))


@case
def a_huge_shape_in_the_weights(directory: Path) -> Path:
    return folder(directory, rewritten(lambda header: header["embedding"].update(shape=[10**18, 6])))


@case
def a_place_beyond_the_end(directory: Path) -> Path:
    where = [1 << 39, (1 << 39) + 56]
    return folder(directory, rewritten(lambda header: header["output.bias"].update(data_offsets=where)))


@case
def two_arrays_in_one_place(directory: Path) -> Path:
    def overlap(header: dict[str, Any]) -> None:
        begin = header["embedding"]["data_offsets"][0]
        header["output.bias"]["data_offsets"] = [begin, begin + 56]

    return folder(directory, rewritten(overlap))


@case
def a_gap_between_arrays(directory: Path) -> Path:
    files = rewritten(lambda header: None)
    return folder(directory, sealed(files | {WEIGHTS: files[WEIGHTS] + bytes(8)}))


@case
def a_header_longer_than_its_file(directory: Path) -> Path:
    content = struct.pack("<Q", 2**64 - 1) + good()[WEIGHTS][8:]
    return folder(directory, sealed(good() | {WEIGHTS: content}))


@case
def a_header_nested_without_end(directory: Path) -> Path:
    text = b'{"embedding":' * 70_000
    return folder(
        directory, sealed(good() | {WEIGHTS: struct.pack("<Q", len(text)) + text + bytes(9_000)})
    )


@case
def a_header_of_thousands_of_arrays(directory: Path) -> Path:
    header = {f"x{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(15_000)}
    return folder(directory, sealed(good() | {WEIGHTS: tensors(header)}))


@case
def an_empty_file_of_weights(directory: Path) -> Path:
    return folder(directory, sealed(good() | {WEIGHTS: b""}))


@case
def weights_larger_than_any_network(directory: Path) -> Path:
    path = folder(directory, good())
    os.truncate(path / WEIGHTS, 1 << 40)
    return path


# --- folders ------------------------------------------------------------------------------------


def replaced_by(directory: Path, name: str, make: Callable[[Path], object]) -> Path:
    path = folder(directory, good())
    (path / name).unlink()
    make(path / name)
    return path


@case
def a_link_out_of_the_folder(directory: Path) -> Path:
    other = directory / "secret"
    other.write_bytes(good()[WEIGHTS])
    return replaced_by(directory, WEIGHTS, lambda place: place.symlink_to(other))


@case
def a_link_to_a_device(directory: Path) -> Path:
    return replaced_by(directory, VOCABULARY, lambda place: place.symlink_to("/dev/zero"))


@case
def a_link_to_itself(directory: Path) -> Path:
    return replaced_by(directory, MANIFEST, lambda place: place.symlink_to(MANIFEST))


@case
def a_pipe_that_nobody_writes_into(directory: Path) -> Path:
    return replaced_by(directory, WEIGHTS, os.mkfifo)


@case
def a_pipe_for_a_zip(directory: Path) -> Path:
    os.mkfifo(directory / "bad.zip")
    return directory / "bad.zip"


@case
def a_folder_for_a_file(directory: Path) -> Path:
    return replaced_by(directory, VOCABULARY, Path.mkdir)


# --- zips ---------------------------------------------------------------------------------------


@case
def a_zip_bomb(directory: Path) -> Path:
    """200 million bytes of zeros in 200 thousand, and an architecture that wants them."""
    shape = {"embedding_size": 4096, "hidden_size": 2048}
    files = good() | {WEIGHTS: bytes(200_000_000)}
    return archive(directory, sealed(files, architecture=shape))


@case
def a_zip_whose_last_number_is_none(directory: Path) -> Path:
    return archive(directory, sealed(numbers(0, last=np.nan)), compression=zipfile.ZIP_STORED)


@case
def a_zip_bomb_of_words(directory: Path) -> Path:
    words = vocabulary(["<pad>", *["a"] * 4_000_000])
    return archive(directory, sealed(good() | {VOCABULARY: words}, vocabulary=1_000_000))


@case
def a_zip_with_a_directory_of_its_own_weight(directory: Path) -> Path:
    """300,000 empty members: zipfile would make an object of each before anybody is asked."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x"
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *[0] * 4, 0, 0, 0, 1, *[0] * 4, 0, 0) + b"x"
    entries = entry * 300_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(entries), len(local), 0)
    path = directory / "bad.zip"
    path.write_bytes(local + entries + end)
    return path


@case
def a_zip_that_holds_a_name_twice(directory: Path) -> Path:
    path = archive(directory, good())
    with zipfile.ZipFile(path, "a") as writer:
        writer.writestr(f"deeper/{MANIFEST}", good()[MANIFEST])
    return path


@case
def a_zip_that_leads_out(directory: Path) -> Path:
    return archive(directory, {f"../{name}": content for name, content in good().items()})


@case
def a_zip_with_a_link(directory: Path) -> Path:
    path = directory / "bad.zip"
    with zipfile.ZipFile(path, "w") as writer:
        for name, content in good().items():
            entry = zipfile.ZipInfo(name)
            linked = name == WEIGHTS
            entry.external_attr = (stat.S_IFLNK | 0o777 if linked else stat.S_IFREG | 0o644) << 16
            writer.writestr(entry, b"/etc/passwd" if linked else content)
    return path


@case
def a_zip_packed_with_a_dictionary_of_gigabytes(directory: Path) -> Path:
    return archive(directory, good(), compression=zipfile.ZIP_LZMA)


def edited(path: Path, offset: int, kind: str, value: int) -> Path:
    """Change a field of every entry in a zip's directory."""
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\1\2")
    while place >= 0:
        struct.pack_into(kind, content, place + offset, value)
        place = content.find(b"PK\1\2", place + 1)
    path.write_bytes(content)
    return path


@case
def a_zip_that_says_its_members_are_larger(directory: Path) -> Path:
    return edited(archive(directory, good()), 24, "<L", 900_000)


@case
def a_zip_that_says_its_members_are_smaller(directory: Path) -> Path:
    return edited(archive(directory, good()), 24, "<L", 10)


@case
def a_zip_that_says_it_is_encrypted(directory: Path) -> Path:
    return edited(archive(directory, good()), 8, "<H", 1)


@case
def a_zip_whose_members_stand_in_one_place(directory: Path) -> Path:
    return edited(archive(directory, good()), 42, "<L", 0)


@case
def a_zip_in_a_zip(directory: Path) -> Path:
    inner = archive(directory, good())
    content = inner.read_bytes()
    inner.unlink()
    return archive(directory, {"bad.zip": content})


@case
def noise_that_calls_itself_a_zip(directory: Path) -> Path:
    path = directory / "bad.zip"
    path.write_bytes(b"PK\3\4" + zlib.compress(bytes(100_000)) + b"PK\5\6" + bytes(18))
    return path


def counted() -> Files:
    return good(with_ngrams(random_model(), ["the war", "a new vote"]))


@case
def n_grams_that_are_missing(directory: Path) -> Path:
    files = counted()
    del files[NGRAMS]
    return folder(directory, files)


@case
def n_grams_of_another_model(directory: Path) -> Path:
    return folder(directory, counted() | {NGRAMS: counted()[NGRAMS] + b" "})


@case
def n_grams_that_unpack_without_end(directory: Path) -> Path:
    return folder(directory, sealed(counted() | {NGRAMS: zlib.compress(bytes(300_000_000))}))


@case
def as_many_n_grams_as_there_may_be_and_none_of_them_whole(directory: Path) -> Path:
    most = 1 << 20
    numbers = struct.pack("<I", 5) + b"".join(
        bytes(number >> shift & 255 for number in [most] * 5) for shift in (0, 8, 16, 24)
    )
    ones = bytes([1]) * most + bytes(3 * most)
    many = zlib.compress(numbers + (bytes(4 * most) + ones) * 5)
    return folder(directory, sealed(counted() | {NGRAMS: many}))


@case
def a_file_of_n_grams_that_is_too_large(directory: Path) -> Path:
    return folder(directory, sealed(counted() | {NGRAMS: bytes((32 << 20) + 1)}))


for weight in (1.5, -0.1, float("nan"), True, "0.3", [0.3]):

    @case
    def n_grams_of_a_wrong_weight(directory: Path, weight: object = weight) -> Path:
        return folder(directory, sealed(counted(), ngram_weight=weight))

    CASES[f"n grams of the weight {weight}"] = CASES.pop("n grams of a wrong weight")


# --- labels -------------------------------------------------------------------------------------


@case
def more_labels_than_a_category_has(directory: Path) -> Path:
    return folder(directory, good(random_model(words=["a", *map(label_token, map(str, range(1001)))])))


@case
def a_label_of_many_characters(directory: Path) -> Path:
    return folder(directory, good(random_model(words=["a", label_token(ESCAPE * 50)])))


@case
def labels_and_no_word(directory: Path) -> Path:
    return folder(directory, good(random_model(words=[label_token("Sports")])))


# --- several networks ---------------------------------------------------------------------------

SECOND = "weights-2.safetensors"


def several() -> Files:
    return good(with_networks(random_model(), 2))


@case
def a_second_network_that_is_missing(directory: Path) -> Path:
    files = several()
    del files[SECOND]
    return folder(directory, files)


@case
def a_second_network_that_has_the_first_ones_hash(directory: Path) -> Path:
    files = several()
    return folder(directory, files | {SECOND: files[WEIGHTS]})


@case
def a_second_network_of_another_shape(directory: Path) -> Path:
    other = good(random_model(cell="gru", hidden_size=9))[WEIGHTS]
    return folder(directory, sealed(several() | {SECOND: other}))


@case
def a_second_network_that_is_a_link(directory: Path) -> Path:
    path = folder(directory, several())
    (path / SECOND).rename(directory / "elsewhere")
    (path / SECOND).symlink_to(directory / "elsewhere")
    return path


@case
def networks_too_large_together(directory: Path) -> Path:
    """Sixteen sparse files, each of a size that one network might have."""
    shape = {"embedding_size": 4096, "hidden_size": 1024}
    path = folder(directory, sealed(good(), vocabulary=2000, networks=16, architecture=shape))
    for place in [path / WEIGHTS, *(path / f"weights-{k}.safetensors" for k in range(2, 17))]:
        place.touch()
        os.truncate(place, 120_000_000)
    return path


for networks in (0, 17, 10**9, -1, True, 2.0, "2", None, [2]):

    @case
    def a_wrong_number_of_networks(directory: Path, networks: object = networks) -> Path:
        return folder(directory, sealed(several(), networks=networks))

    CASES[f"{networks} networks"] = CASES.pop("a wrong number of networks")
