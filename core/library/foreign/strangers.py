"""Files that people take for a saved Keras model, each with what to do instead."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import ModelError

SAVE = "where you made it, save it with model.save('model.keras'), and import that"


def refuse_strangers(path: Path) -> None:
    """Raise ModelError if `path` is something else than a zip or an HDF5 file, with what it is.

    Nothing of it is read but its first bytes.
    """
    what = _directory(path) if path.is_dir() else _file(path)
    if what:
        raise ModelError(f"{path.name or path} is {what}")


def refuse_strange_members(file: str, members: Iterable[str]) -> None:
    """Raise ModelError if a zip with these members is PyTorch's."""
    if any(member.endswith("data.pkl") for member in members):
        raise ModelError(
            f"{file} is a PyTorch model, which holds a pickle, a program; "
            "Headlong imports models of Keras and textgenrnn"
        )


def _directory(path: Path) -> str:
    if (path / "saved_model.pb").exists():
        return (
            "TensorFlow's SavedModel, which holds a program; load it with Keras 2 or tf_keras, save it "
            "with model.save('model.keras'), and import that"
        )
    return "a directory and no model file; name the .keras or .h5 file in it"


def _file(path: Path) -> str | None:
    if not path.is_file():
        return "no file that can be read"
    with path.open("rb") as file:
        head = file.read(8)
    if ".data-0" in path.name or path.suffix == ".index" or path.name == "checkpoint":
        return (
            "a TensorFlow checkpoint: weights without a model; build the model in Keras, give it the "
            "weights with model.load_weights, save it with model.save('model.keras') and import that"
        )
    if head[:1] == b"\x80" or path.suffix in (".pkl", ".pickle"):
        return f"a pickle, which can run any program when it is opened; {SAVE}"
    if not head.startswith((b"PK", b"\x89HDF")):
        return "no .keras or .h5 file, nor textgenrnn's weights, which is what can be imported"
    return None
