"""Bring in a model of another program: read apart, checked, and saved among the user's own."""

from contextlib import suppress
from pathlib import Path

from core.errors import ModelError, ModelNotFound, SettingError
from core.library import bundle, folders
from core.library.foreign.apart import Request, read_apart
from core.library.foreign.strangers import refuse_strangers
from core.library.model import Model
from core.library.paths import exists
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
    _check_stranger(path)
    if tokenizer is None:
        raise SettingError(
            f"{path.name} does not hold its words; name the file that does with --tokenizer: the one "
            "that tokenizer.to_json() wrote, or textgenrnn's vocab.json"
        )
    name = free_name(path.stem, saved_models()) if name is None else check_name(name)
    folder = saved_models() / name
    if folders.taken(folder) and not replace:
        raise SettingError(f"there is a model {name!r} already; choose another name or add --replace")
    told = None if config is None else str(config)
    request = Request(str(path), str(tokenizer), name, str(folder), window, told)
    with bundle.saving(name, folder), folders.fresh(folder) as temporary:
        model = read_apart(request, temporary / name)
        folders.put(temporary / name, folder, replace)
    return model, folder


def _check_stranger(path: Path) -> None:
    """See that there is a file, that another program wrote; no more than its first bytes are read.

    Raises:
        ModelNotFound, ModelError: there is none; or it is ours, or nobody's that can be imported.
    """
    if not exists(path):
        raise ModelNotFound(f"there is no file {str(path)!r}; check the name")
    with suppress(ModelError):
        bundle.load_manifest(path)
        raise SettingError(f"{path} is a model of Headlong's own and needs no import; load it")
    try:
        refuse_strangers(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
