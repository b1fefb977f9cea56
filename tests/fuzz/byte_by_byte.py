"""Feed a loader bytes that a coverage-guided fuzzer (atheris, on libFuzzer) thinks up.

    python -m tests.fuzz.byte_by_byte TARGET [libFuzzer's options]

begins with good files and ends with status 0, or says which bytes ended in something else than one
clear error - a fault, a crash, too long, too much memory - and leaves them in a file `crash-...`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris
import h5py

with atheris.instrument_imports(include=["core", "zipfile", "json"]):
    import json.decoder
    import zipfile

    from core.errors import HeadlongError
    from core.library import bundle
    from core.library.foreign.exporting import export_model
    from core.library.foreign.keras_import import import_keras
    from core.library.foreign.textgenrnn import import_textgenrnn
    from core.library.foreign.tokenizers import read_tokenizer
    from tests.conftest import random_model
    from tests.core.library.hostile import VOCABULARY, WEIGHTS, archive, folder, good, sealed

assert zipfile
PLACE = Path(tempfile.mkdtemp(prefix="headlong-fuzz-"))
FILES = good()
WORDS = {f"w{n}": n for n in range(1, 11)}


def written(name: str, content: bytes) -> Path:
    path = PLACE / name
    path.write_bytes(content)
    return path


def zipped_model(content: bytes) -> None:
    bundle.load(written("m.zip", content))


def vocabulary(content: bytes) -> None:
    load_folder(sealed(FILES | {VOCABULARY: content}))


def weights(content: bytes) -> None:
    load_folder(sealed(FILES | {WEIGHTS: content}))


def manifest(content: bytes) -> None:
    load_folder(FILES | {"model.json": content})


def load_folder(files: dict[str, bytes]) -> None:
    path = PLACE / "bad"
    if not path.exists():
        folder(PLACE, files)
    for name, content in files.items():
        written(f"bad/{name}", content)
    bundle.load(path)


def keras_zip(content: bytes) -> None:
    import_keras(written("m.keras", content), PLACE / "words.json", "m")


def keras_hdf5(content: bytes) -> None:
    import_keras(written("m.h5", content), PLACE / "words.json", "m")


def textgenrnn(content: bytes) -> None:
    import_textgenrnn(written("t.hdf5", content), PLACE / "letters.json", PLACE / "config.json", "m")


def tokenizer(content: bytes) -> None:
    read_tokenizer(written("t.json", content)).vocabulary(30)


def exported() -> bytes:
    model = random_model("window")
    export_model(model, PLACE / "good.keras", replace=True)
    return (PLACE / "good.keras").read_bytes()


def old_hdf5() -> bytes:
    """A file as Keras 2 wrote it, with the weights of a model of ours."""
    model = random_model("window")
    layers = {
        "embedding": (
            "Embedding",
            {"input_dim": 11, "output_dim": 6, "input_length": 5},
            ["embedding"],
        ),
        "lstm": ("LSTM", {"units": 8}, ["kernel", "recurrent_kernel", "bias"]),
        "dense": ("Dense", {"units": 11, "activation": "softmax"}, ["kernel", "bias"]),
    }
    prefixes = {"embedding": "", "lstm": "lstm_0.", "dense": "output."}
    described = []
    with h5py.File(PLACE / "old.h5", "w") as file:
        for name, (kind, config, arrays) in layers.items():
            described.append({"class_name": kind, "config": {"name": name, **config}})
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [array.encode() for array in arrays]
            for array in arrays:
                group[array] = model.weights[prefixes[name] + array]
        config = {"class_name": "Sequential", "config": {"layers": described}}
        file.attrs["model_config"] = json.dumps(config).encode()
    return (PLACE / "old.h5").read_bytes()


def letters() -> bytes:
    """textgenrnn's weights, with those of a model of ours."""
    model = random_model("window", attention=True)
    places = {
        "embedding/embedding/embeddings:0": "embedding",
        **{f"rnn_1/rnn_1/{n}:0": f"lstm_0.{n}" for n in ("kernel", "recurrent_kernel", "bias")},
        "attention/attention/attention_W:0": "attention.kernel",
        **{f"output/output/{n}:0": f"output.{n}" for n in ("kernel", "bias")},
    }
    with h5py.File(PLACE / "good.hdf5", "w") as file:
        for place, name in places.items():
            file[place] = model.weights[name]
    return (PLACE / "good.hdf5").read_bytes()


def prepared() -> None:
    written("words.json", json.dumps(WORDS).encode())
    written(
        "letters.json", json.dumps({"<s>": 1, **{c: n for n, c in enumerate("abcdef", 2)}}).encode()
    )
    sizes = {"rnn_layers": 1, "rnn_size": 8, "dim_embeddings": 6, "max_length": 5}
    written("config.json", json.dumps(sizes).encode())


Target = Callable[[bytes], None]
TARGETS: dict[str, tuple[Target, Callable[[], bytes]]] = {
    "manifest": (manifest, lambda: FILES["model.json"]),
    "vocabulary": (vocabulary, lambda: FILES[VOCABULARY]),
    "weights": (weights, lambda: FILES[WEIGHTS]),
    "zip": (zipped_model, lambda: archive(PLACE, FILES).read_bytes()),
    "keras": (keras_zip, exported),
    "hdf5": (keras_hdf5, old_hdf5),
    "textgenrnn": (textgenrnn, letters),
    "tokenizer": (tokenizer, lambda: json.dumps(WORDS).encode()),
}
"""What is fed, and a good example to begin with."""


def main(arguments: list[str]) -> None:
    name, *options = arguments
    target, example = TARGETS[name]
    prepared()
    corpus = PLACE / "corpus"
    corpus.mkdir()
    content = example()
    target(content)  # the example is good, or nothing would be tried
    (corpus / "good").write_bytes(content)

    def feed(content: bytes) -> None:
        try:
            target(content)
        except HeadlongError as error:
            assert str(error)

    atheris.Setup([sys.argv[0], *options, str(corpus)], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
