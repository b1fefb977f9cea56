"""Feed a loader bytes that a coverage-guided fuzzer (atheris, on libFuzzer) thinks up.

    python -m tests.fuzz.byte_by_byte TARGET [libFuzzer's options]

begins with good files and ends with status 0, or says which bytes ended in something else than one
clear error - a fault, a crash, too long, too much memory - and leaves them in a file `crash-...`.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["core", "zipfile", "json"]):
    import json.decoder
    import zipfile

    from core.errors import HeadlongError
    from core.library import bundle
    from core.library.foreign.keras_import import import_keras
    from core.library.foreign.textgenrnn import import_textgenrnn
    from core.library.foreign.tokenizers import read_tokenizer
    from tests.core.library.hostile import VOCABULARY, WEIGHTS, archive, folder, good, sealed
    from tests.fuzz import strangers

assert zipfile, json.decoder  # imported to be instrumented
PLACE = Path(tempfile.mkdtemp(prefix="headlong-fuzz-"))
FILES = good()
EXPORTED = strangers.keras_file()


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


def keras_config(content: bytes) -> None:
    """HDF5 is left alone here: it may go round for ever, see test_strangers.py."""
    members = {**strangers.members(EXPORTED), "config.json": content}
    import_keras(written("m.keras", strangers.zipped(members)), PLACE / "words.json", "m")


def letters(content: bytes) -> None:
    path = written("letters.json", content)
    import_textgenrnn(PLACE / "t.hdf5", path, PLACE / "config.json", "m")


def letters_config(content: bytes) -> None:
    path = written("other.json", content)
    import_textgenrnn(PLACE / "t.hdf5", PLACE / "good.json", path, "m")


def tokenizer(content: bytes) -> None:
    read_tokenizer(written("t.json", content)).vocabulary(30)


def prepared() -> None:
    written("words.json", strangers.WORDS)
    written("good.json", strangers.LETTERS)
    written("config.json", strangers.SIZES)
    written("t.hdf5", strangers.textgenrnn_file())


Target = Callable[[bytes], None]
TARGETS: dict[str, tuple[Target, Callable[[], bytes]]] = {
    "manifest": (manifest, lambda: FILES["model.json"]),
    "vocabulary": (vocabulary, lambda: FILES[VOCABULARY]),
    "weights": (weights, lambda: FILES[WEIGHTS]),
    "zip": (zipped_model, lambda: archive(PLACE, FILES).read_bytes()),
    "keras": (keras_config, lambda: strangers.members(EXPORTED)["config.json"]),
    "letters": (letters, lambda: strangers.LETTERS),
    "letters-config": (letters_config, lambda: strangers.SIZES),
    "tokenizer": (tokenizer, lambda: strangers.WORDS),
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
