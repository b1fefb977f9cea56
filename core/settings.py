"""Every setting: its name, its default, what it may be, and what it means - once.

The same table serves the command line, `:set`, model.json and Python. A settings object is frozen and
checked when it is made, so code that receives one never checks it again.
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, get_args, get_type_hints

from core.errors import SettingError

Value = int | float | bool | str | None
"""What a setting can hold; None stands for `auto` or `off`."""

Context = Literal["stream", "window"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as people see it: what it means and which values it takes (bounds are inclusive)."""

    name: str
    kind: type
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    none: str | None = None
    """The word that stands for None, where the setting can be switched off."""

    def describe(self) -> str:
        """Say in words which values are allowed."""
        if self.kind is bool:
            return "on or off"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = "a whole number" if self.kind is int else "a number"
        if self.low is not None and self.high is not None:
            noun += f" from {_number(self.low)} to {_number(self.high)}"
        elif self.low is not None:
            noun += f" of at least {_number(self.low)}"
        return f"{noun}, or {self.none}" if self.none else noun

    def check(self, value: Value) -> Value:
        """Return `value` in this setting's type.

        Raises:
            SettingError: wrong type, out of bounds or not one of the choices.
        """
        if value is None and self.none is not None:
            return None
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) < 1e300 else math.inf
        if type(value) is not self.kind or not self._allows(value):
            raise SettingError(f"{self.name} must be {self.describe()}, not {value!r}")
        return value

    def parse(self, text: str) -> Value:
        """Read a value as a person types it: `0.8`, `on`, `auto`.

        Raises:
            SettingError: the text is no value of this setting.
        """
        word = text.strip().lower()
        if self.none is not None and word == self.none:
            return None
        if self.kind is bool:
            if word in ("on", "true", "yes", "1"):
                return True
            if word in ("off", "false", "no", "0"):
                return False
        elif self.kind is str:
            return self.check(word)
        else:
            try:
                return self.check(self.kind(word))
            except ValueError:
                pass
        raise SettingError(f"{self.name} must be {self.describe()}, not {text!r}")

    def show(self, value: Value) -> str:
        """Write a value so that `parse` reads it back."""
        if value is None:
            return self.none or "none"
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:.15g}" if isinstance(value, float) else str(value)

    def _allows(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(value, bool | str) or value is None:
            return True
        if isinstance(value, float) and not math.isfinite(value):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _setting(
    default: Value,
    help: str,
    low: float | None = None,
    high: float | None = None,
    none: str | None = None,
) -> Any:
    return field(default=default, metadata={"help": help, "low": low, "high": high, "none": none})


@dataclass(frozen=True)
class _Settings:
    """What the four kinds share: checked on creation, changed by name, written as plain JSON."""

    table: ClassVar[dict[str, Setting]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.table = {}

    def __post_init__(self) -> None:
        for name, setting in settings_of(type(self)).items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))

    def change(self, **values: Value) -> Self:
        """Return a copy with `values` changed.

        Raises:
            SettingError: no such setting, or a value that it does not take.
        """
        for name in values:
            find_setting(name, settings_of(type(self)))
        return dataclasses.replace(self, **values)

    def to_json(self) -> dict[str, Value]:
        """Return the settings as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Value]) -> Self:
        """Read what `to_json` wrote; names that are missing take their defaults.

        Raises:
            SettingError: an unknown name, or a value that is not allowed.
        """
        return cls().change(**record)


@dataclass(frozen=True)
class TextSettings(_Settings):
    """How lines become words, and words become a vocabulary."""

    level: Literal["word", "character"] = _setting("word", "what one token is")
    cleaning: Literal[
        "tutorial",
        "plain",
        "cased",
        "characters",
        "textgenrnn",
        "keras",
        "keras_cased",
        "keras_unfiltered",
        "keras_cased_unfiltered",
    ] = _setting("plain", "how lines are cleaned before they are split into words")
    min_count: int = _setting(2, "words seen less often become <unk>", low=1, high=1_000_000)
    deduplicate: bool = _setting(True, "keep one of each repeated line")


@dataclass(frozen=True)
class ModelSettings(_Settings):
    """The shape of a network."""

    cell: Literal["lstm", "gru", "rnn"] = _setting("lstm", "the recurrent cell")
    gate: Literal["sigmoid", "hard_sigmoid", "hard_sigmoid_6"] = _setting(
        "sigmoid", "the gates: the two hard ones are Keras 2's x/5 + 1/2 and Keras 3's x/6 + 1/2"
    )
    reset_after: bool = _setting(
        True, "the GRU resets after its recurrent product, as cuDNN does, and not before"
    )
    layers: int = _setting(1, "recurrent layers", low=1, high=8)
    embedding_size: int = _setting(256, "numbers that stand for one word", low=1, high=4096)
    hidden_size: int = _setting(256, "units of each recurrent layer", low=1, high=4096)
    tied: bool = _setting(True, "use the embedding as the output matrix too (Press and Wolf 2017)")
    dropout: float = _setting(
        0.5, "share of the last layer's outputs dropped in training", low=0, high=0.95
    )
    input_dropout: float = _setting(
        0.3, "share of the embedding's outputs dropped in training", low=0, high=0.95
    )
    word_dropout: float = _setting(
        0.02, "share of input words replaced by <unk> in training", low=0, high=0.95
    )
    context: Context = _setting(
        "stream", "stream carries the state from word to word; window reads the last words anew"
    )
    window: int | None = _setting(
        None, "words that a window context reads; auto: the longest line less one", 1, 1024, "auto"
    )
    masked: bool = _setting(False, "skip the padding before a window's words")
    attention: bool = _setting(
        False, "answer from a weighted average of all layers over a window, as textgenrnn does"
    )


@dataclass(frozen=True)
class TrainingSettings(_Settings):
    """How a network is trained."""

    epochs: int = _setting(40, "passes over the text, at most", low=1, high=100_000)
    batch_size: int = _setting(32, "lines in one step", low=1, high=65_536)
    learning_rate: float = _setting(0.002, "Adam's step size", low=1e-7, high=10_000)
    patience: int | None = _setting(
        4, "epochs without a better validation before training stops", 1, 100_000, none="off"
    )
    validation_share: float = _setting(
        0.1, "share of the lines held out to measure progress", low=0, high=0.9
    )
    clip_norm: float | None = _setting(
        1.0, "largest norm of all gradients together", 1e-6, 1e6, none="off"
    )
    seed: int = _setting(0, "start of the trainer's random numbers", low=0, high=2**32 - 1)


@dataclass(frozen=True)
class SamplingSettings(_Settings):
    """How the next word is drawn."""

    length: int | None = _setting(
        None, "words to add; auto: until the model ends the line", 1, 10_000, none="auto"
    )
    until_end: bool = _setting(False, "with a length: stop earlier where the model ends the line")
    temperature: float = _setting(
        0.8, "how freely words are drawn; at 0 always the likeliest", low=0, high=100
    )
    top_k: int | None = _setting(None, "draw from the k likeliest words only", 1, 10**9, none="off")
    top_p: float | None = _setting(
        None, "draw from the likeliest words that hold this probability", 1e-6, 1, none="off"
    )
    samples: int = _setting(1, "continuations of one seed", low=1, high=10_000)
    rng: int = _setting(0, "start of the random numbers", low=0, high=2**64 - 1)


def settings_of(kind: type[_Settings]) -> dict[str, Setting]:
    """Return the settings of one kind by name, in order of definition."""
    if not kind.table:
        hints = get_type_hints(kind)
        for entry in fields(kind):
            parts = [part for part in get_args(hints[entry.name]) if part is not type(None)]
            words = all(isinstance(part, str) for part in parts)
            choices = tuple(parts) if parts and words else ()
            type_ = str if choices else (parts[0] if parts else hints[entry.name])
            kind.table[entry.name] = Setting(entry.name, type_, choices=choices, **entry.metadata)
    return kind.table


def find_setting(name: str, table: Mapping[str, Setting]) -> Setting:
    """Return the setting called `name`.

    Raises:
        SettingError: there is none; the message offers the nearest name.
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    hint = f"did you mean {near[0]}?" if near else "there are " + ", ".join(table)
    raise SettingError(f"there is no setting {name!r}; {hint}")


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


PRESETS = {
    "small": Recipe("small", TextSettings(), ModelSettings(), TrainingSettings()),
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
