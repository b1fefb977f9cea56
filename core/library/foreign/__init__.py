"""Models of other programs: read as data, never executed; and ours for other programs."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.errors import SettingError
from core.library import bundle
from core.library.card import write_card
from core.library.foreign.keras_export import keras_file
from core.library.foreign.keras_import import import_keras
from core.library.foreign.onnx_export import onnx_file
from core.library.foreign.textgenrnn import import_textgenrnn, is_textgenrnn
from core.library.foreign.tokenizers import word_index
from core.library.model import Model
from core.library.shelf import check_name, free_name, saved_models
from core.library.writing import check_destination, write_files


def import_model(
    path: Path,
    tokenizer: Path | None,
    name: str | None = None,
    window: int | None = None,
    replace: bool = False,
    config: Path | None = None,
) -> tuple[Model, Path]:
    """Import another program's model and save it in the user's data directory.

    Args:
        path: a `.keras` or `.h5` file, or textgenrnn's weights.
        tokenizer: its tokenizer as JSON, or textgenrnn's vocabulary.
        name: what to call it; None takes the file's name.
        window: how many words it reads, where its file does not say.
        replace: whether a saved model of that name may be overwritten.
        config: textgenrnn's configuration; None is the pretrained model's.

    Raises:
        ModelError: see `core.library.foreign.keras_import.import_keras`; or it cannot be saved.
        SettingError: no tokenizer, or a name that is taken or cannot be one.
    """
    if tokenizer is None:
        raise SettingError(
            f"{path.name} does not hold its words; name the file that does with --tokenizer, "
            "for example the one that tokenizer.to_json() wrote"
        )
    name = free_name(path.stem, saved_models()) if name is None else check_name(name)
    folder = saved_models() / name
    if folder.exists() and not replace:
        raise SettingError(f"there is a model {name!r} already; choose another name or add --replace")
    if is_textgenrnn(path):
        model = import_textgenrnn(path, tokenizer, config, name)
    else:
        model = import_keras(path, tokenizer, name, window)
    bundle.save(model, folder, write_card(model.manifest))
    return model, folder


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
        words = path.with_suffix(".words.json")
        contents[words] = word_index(model.vocabulary)
        check_destination(words, replace or _holds(words, contents[words]))
    contents[path] = WRITERS[path.suffix](model)
    write_files(contents)
    return list(reversed(contents))


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
            archive.writestr(f"{model.name}/{name}", content)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Model], bytes]] = {
    ".keras": keras_file,
    ".onnx": onnx_file,
    ".zip": _zip_file,
}
