"""Recipes: all that a training run is told, and the presets, which are recipes with names."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import SettingError
from core.setting import Setting, Value, find_setting, settings_of
from core.settings import ModelSettings, TextSettings, TrainingSettings


@dataclass(frozen=True)
class Recipe:
    """All that a training run is told: text, network and training settings, from a named preset."""

    preset: str
    text: TextSettings
    model: ModelSettings
    training: TrainingSettings

    @classmethod
    def table(cls) -> dict[str, Setting]:
        """Return every setting of a recipe by name."""
        kinds = (TextSettings, ModelSettings, TrainingSettings)
        return {name: setting for kind in kinds for name, setting in settings_of(kind).items()}

    def change(self, **values: Value) -> "Recipe":
        """Return a copy with settings changed by name.

        Raises:
            SettingError: no such setting, or a value that it does not take.
        """
        for name in values:
            find_setting(name, self.table())
        parts = {}
        for part in ("text", "model", "training"):
            settings = getattr(self, part)
            own = {n: v for n, v in values.items() if n in settings_of(type(settings))}
            parts[part] = settings.change(**own)
        return dataclasses.replace(self, **parts)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Recipe":
        """Read what `to_json` wrote.

        Raises:
            SettingError: an unknown name, or a value that is not allowed.
        """
        return cls(
            record["preset"],
            TextSettings.from_json(record["text"]),
            ModelSettings.from_json(record["model"]),
            TrainingSettings.from_json(record["training"]),
        )


_CALM = TrainingSettings(activation=2.0, slowness=1.0, noising=0.3)
"""Chosen on New York Times headlines of other months, see `make bench-quality`."""

PRESETS = {
    "small": Recipe("small", TextSettings(), ModelSettings(), _CALM),
    "medium": Recipe(
        "medium",
        TextSettings(),
        ModelSettings(embedding_size=400, hidden_size=400, dropout=0.6, input_dropout=0.4),
        _CALM,
    ),
    # The shape of Merity, Keskar and Socher 2017, made smaller for texts that are.
    "awd": Recipe(
        "awd",
        TextSettings(),
        ModelSettings(
            layers=3,
            embedding_size=400,
            hidden_size=400,
            dropout=0.6,
            input_dropout=0.4,
            layer_dropout=0.3,
            weight_dropout=0.3,
        ),
        _CALM.change(averaging=500, patience=6, epochs=60),
    ),
    # The tutorial to the letter: no <unk>, no validation, a fixed hundred epochs.
    "tutorial": Recipe(
        "tutorial",
        TextSettings(cleaning="tutorial", min_count=1, deduplicate=False),
        ModelSettings(
            embedding_size=10,
            hidden_size=100,
            tied=False,
            dropout=0.1,
            input_dropout=0.0,
            word_dropout=0.0,
            context="window",
        ),
        TrainingSettings(
            epochs=100, learning_rate=0.001, patience=None, validation_share=0.0, clip_norm=None
        ),
    ),
}
"""The named recipes; `small` is the default."""

MEANINGS = {
    "small": "every line once, stops by itself",
    "medium": "larger and slower, for thousands of lines",
    "awd": "three layers with everything that is dropped and averaged",
    "tutorial": "the tutorial's model and recipe",
}
"""What each of them is, in a few words."""

FINE_TUNING = TrainingSettings(epochs=20, learning_rate=0.001)
"""How a model that is there already is trained on: in smaller steps than a new one, and fewer."""

FINE_TUNING_LETTERS = FINE_TUNING.change(batch_size=128)
"""The same where every letter of a line makes a sample; textgenrnn takes as many."""


def preset(name: str) -> Recipe:
    """Return the recipe called `name`.

    Raises:
        SettingError: there is no such preset.
    """
    if name not in PRESETS:
        raise SettingError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
