"""Models of other programs: read as data, never executed; and ours for other programs."""

import zipfile
from pathlib import Path

from core.errors import ModelError, SettingError
from core.library import bundle
from core.library.card import write_card
from core.library.foreign.keras_export import export_keras
from core.library.foreign.keras_import import import_keras
from core.library.foreign.textgenrnn import import_textgenrnn, is_textgenrnn
from core.library.model import Model
from core.library.shelf import check_name, free_name, saved_models


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
    """Write a model for other programs; the ending of `path` says which: `.keras` or `.zip`.

    A zip holds our own folder, which Headlong loads as it is.

    Returns:
        The files that were written.

    Raises:
        SettingError: another ending, or a file that is there already.
        ModelError: the model cannot be expressed in that format, or not be written.
    """
    if path.exists() and not replace:
        raise SettingError(f"there is a file {path} already; choose another name or add --replace")
    if path.suffix == ".keras":
        return [path, export_keras(model, path)]
    if path.suffix != ".zip":
        raise SettingError(f"{path} must end in .keras or .zip, which says what to write")
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in bundle.files(model, write_card(model.manifest)).items():
                archive.writestr(f"{model.name}/{name}", content)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror or error}") from error
    return [path]
