"""Write a model of ours for other programs: as `.keras`, as `.onnx`, or as a zip of its folder."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.errors import ModelError, SettingError
from core.library import bundle
from core.library.card import write_card
from core.library.foreign.keras_export import keras_file
from core.library.foreign.onnx_export import onnx_file
from core.library.foreign.tokenizers import word_index
from core.library.model import Model
from core.library.shelf import check_name
from core.library.writing import check_destination, write_files


def export_model(model: Model, path: Path, replace: bool = False) -> list[Path]:
    """Write a model for other programs; the ending of `path` says how: `.keras`, `.onnx` or `.zip`.

    The words go beside the first two, as `NAME.words.json`. A zip holds our own folder, which Headlong
    loads as it is. Whatever fails, what was there stays; see `core.library.writing`.

    Returns:
        The files that were written, the model first.

    Raises:
        SettingError: another ending, a file that is there already, or no place for one.
        ModelError: the model cannot be expressed in that format, or not be written.
    """
    check_destination(path, replace)
    if path.suffix not in WRITERS:
        raise SettingError(f"{path} must end in .keras, .onnx or .zip, which says what to write")
    contents: dict[Path, bytes] = {}
    if path.suffix != ".zip":
        if model.others:
            raise ModelError(
                f"{model.name} is the average of {len(model.all_weights)} networks, and a "
                f"{path.suffix} file holds one; export it as .zip"
            )
        words = path.with_suffix(".words.json")
        contents[words] = word_index(model.vocabulary)
        if not _holds(words, contents[words]):
            check_destination(words, replace)
            _keep_others_words(path, words)
    contents[path] = WRITERS[path.suffix](model)
    write_files(contents)
    return list(reversed(contents))


def _keep_others_words(path: Path, words: Path) -> None:
    """Refuse to change the words of a model that was exported under the same name in another format."""
    for ending in WRITERS:
        other = path.with_suffix(ending)
        if words.exists() and other != path and ending != ".zip" and other.exists():
            raise SettingError(f"{words} holds other words, those of {other}; choose another name")


def _holds(path: Path, content: bytes) -> bool:
    """Say whether a file holds just this, as the words do after an export in another format."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _zip_file(model: Model) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in bundle.files(model, write_card(model.manifest)).items():
            archive.writestr(f"{_folder_name(model.name)}/{name}", content)
    return buffer.getvalue()


def _folder_name(name: str) -> str:
    """Return a model's name where others can have a folder of that name too."""
    try:
        return check_name(name)
    except SettingError:
        return "model"


WRITERS: dict[str, Callable[[Model], bytes]] = {
    ".keras": keras_file,
    ".onnx": onnx_file,
    ".zip": _zip_file,
}
