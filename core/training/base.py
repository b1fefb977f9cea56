"""Starting from a model that is there: which one it was, what it fixes, and what is left to choose."""

from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import ModelError, SettingError
from core.library import shelf
from core.library.model import Model
from core.recipe import FINE_TUNING, FINE_TUNING_LETTERS, Recipe
from core.setting import Value, settings_of
from core.settings import ModelSettings, TextSettings
from core.text.vocabulary import Vocabulary

FIXED = (
    *("level", "cleaning", "pieces"),
    *(name for name in settings_of(ModelSettings) if not name.endswith("dropout")),
)
"""What the weights were made for; dropouts only matter while a network is trained."""


@dataclass(frozen=True, slots=True)
class Base:
    """The model that training starts from: where it stands, and which one stood there."""

    path: Path
    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> tuple["Base", Model]:
        """Return what to remember of the model at `path`, and the model.

        Raises:
            ModelNotFound, DamagedModel: see `core.library.bundle.load`.
            ModelError: it has several networks.
        """
        path = path.absolute()  # so that a path such as `.` has a name
        model = shelf.load(path)
        if model.others:
            count = len(model.all_weights)
            raise ModelError(
                f"{model.name} is the average of {count} networks, and training starts from one; start "
                f"from a model of one network, or train anew with --ensemble {count}"
            )
        return cls(path, model.name, model.sha256), model

    def load(self) -> Model:
        """Return the model.

        Raises:
            ModelNotFound, DamagedModel: see `core.library.bundle.load`.
            ModelError: another one stands there by now.
        """
        model = shelf.load(self.path)
        if model.sha256 != self.sha256:
            raise ModelError(
                f"the model {self.name!r} at {self.path} was replaced while training began; "
                "start it again"
            )
        return model


def recipe_from(base: Model, **changes: Value) -> Recipe:
    """Return the recipe that trains `base` on: its own text and network, and settings for small steps.

    Raises:
        SettingError: no such setting, a value that it does not take, or one that the model fixes.
    """
    manifest = base.manifest
    text = TextSettings().change(level=manifest.level, cleaning=manifest.cleaning)
    if base.vocabulary.by_pieces:
        text = text.change(pieces=_pieces_of(base.vocabulary))
    letters = manifest.level == "character" and manifest.architecture.context == "window"
    training = FINE_TUNING_LETTERS if letters else FINE_TUNING
    own = Recipe("fine-tuning", text, manifest.architecture, training)
    recipe = own.change(**changes)
    before, after = _fixable(own), _fixable(recipe)
    for name in FIXED:
        if before[name] != after[name]:
            setting = Recipe.table()[name]
            raise SettingError(
                f"{name} is {setting.show(before[name])} in the model {base.name!r} and cannot become "
                f"{setting.show(after[name])}; leave {name} out, or train a new model without --from"
            )
    return recipe


def _pieces_of(vocabulary: Vocabulary) -> int:
    """Return how many pieces there are, as near to it as the setting can say."""
    setting, count = settings_of(TextSettings)["pieces"], len(vocabulary) - len(vocabulary.special_ids)
    return int(min(max(count, setting.low or count), setting.high or count))


def _fixable(recipe: Recipe) -> dict[str, Value]:
    return asdict(recipe.text) | asdict(recipe.model)
