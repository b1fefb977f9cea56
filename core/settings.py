"""Every setting: its name, its default, what it may be, and what it means - once.

The same table serves the command line, `:set`, model.json and Python. A settings object is frozen and
checked when it is made, so code that receives one never checks it again.
"""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from core.errors import SettingError

Value = int | float | bool | str | tuple[int | float | bool | str, ...] | None
"""What a setting can hold; None stands for `auto` or `off`."""

Context = Literal["stream", "window"]

MANY = 100
"""Values at most in a setting that holds several."""


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

    many: bool = False
    """Whether it holds several values of its kind, in order; people write them with commas."""

    def describe(self) -> str:
        """Say in words which values are allowed."""
        if self.kind is bool:
            return "on or off"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.many:
            return f"{self._describe_many()}, or {self.none}"
        noun = "a whole number" if self.kind is int else "a number"
        if self.low is not None and self.high is not None:
            noun += f" from {_number(self.low)} to {_number(self.high)}"
        elif self.low is not None:
            noun += f" of at least {_number(self.low)}"
        return f"{noun}, or {self.none}" if self.none else noun

    def _describe_many(self) -> str:
        if self.kind is str:
            return "words or phrases with commas between them"
        return f"numbers from {self.low:g} to {self.high:g} with commas between them"

    def check(self, value: Value) -> Value:
        """Return `value` in this setting's type.

        Raises:
            SettingError: wrong type, out of bounds or not one of the choices.
        """
        if value is None and self.none is not None:
            return None
        if self.many:
            return self._check_many(value)
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) < 1e300 else math.inf
        if type(value) is not self.kind or not self._allows(value):
            raise SettingError(f"{self.name} must be {self.describe()}, not {value!r}")
        return value

    def _check_many(self, value: Value) -> Value:
        single = dataclasses.replace(self, many=False)
        items = tuple(value) if isinstance(value, tuple | list) else ()
        if not items or len(items) > MANY or any(item is None or item == "" for item in items):
            raise SettingError(f"{self.name} must be {self.describe()}, not {value!r}")
        try:
            return tuple(single.check(item) for item in items)  # type: ignore[misc]
        except SettingError:
            raise SettingError(f"{self.name} must be {self.describe()}, not {value!r}") from None

    def parse(self, text: str) -> Value:
        """Read a value as a person types it: `0.8`, `on`, `auto`.

        Raises:
            SettingError: the text is no value of this setting.
        """
        word = text.strip().lower()
        if self.none is not None and word == self.none:
            return None
        if self.many:
            return self._parse_many(text)
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

    def _parse_many(self, text: str) -> Value:
        if self.kind is str:  # the comma of 1,200 belongs to the word
            parts = [part.strip() for part in re.split(r",(?!\d)", text)]
            return self.check(tuple(part for part in parts if part))
        try:
            return self.check(tuple(float(part) for part in text.split(",")))
        except ValueError:
            raise SettingError(f"{self.name} must be {self.describe()}, not {text!r}") from None

    def show(self, value: Value) -> str:
        """Write a value so that `parse` reads it back."""
        if value is None:
            return self.none or "none"
        if isinstance(value, tuple):
            return ", ".join(f"{part:.15g}" if isinstance(part, float) else str(part) for part in value)
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:.15g}" if isinstance(value, float) else str(value)

    def _allows(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        if isinstance(value, bool | str | tuple) or value is None:
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
    """How the next word is drawn. The defaults of what is off are those of its inventors."""

    length: int | None = _setting(
        None, "words to add; auto: until the model ends the line", 1, 10_000, none="auto"
    )
    until_end: bool = _setting(False, "with a length: stop earlier where the model ends the line")
    min_length: int = _setting(1, "words before the model may end the line", low=1, high=10_000)
    ban: tuple[str, ...] | None = _setting(None, "words and phrases that are never said", none="off")
    must: tuple[str, ...] | None = _setting(
        None, "words and phrases that every continuation holds, found by search", none="off"
    )
    no_repeat: int | None = _setting(
        None, "no run of so many words comes twice, the seed's included", 1, 100, none="off"
    )
    repeat_penalty: float | None = _setting(
        None, "divides the logits of words that were there; 1.2 is usual", 1, 100, none="off"
    )
    presence_penalty: float | None = _setting(
        None, "taken from the logits of words that were there", -100, 100, none="off"
    )
    frequency_penalty: float | None = _setting(
        None, "taken from the logits of words once for each time they were there", -100, 100, "off"
    )
    dry: float | None = _setting(
        None, "weight of the penalty on going on with a repetition; 0.8 is usual", 0, 100, none="off"
    )
    dry_base: float = _setting(1.75, "by how much that penalty grows with each word", low=1, high=10)
    dry_allowed: int = _setting(2, "words that may be repeated for nothing", low=1, high=100)
    temperature: float = _setting(
        0.8, "how freely words are drawn; at 0 always the likeliest", low=0, high=100
    )
    schedule: tuple[float, ...] | None = _setting(
        None, "temperatures that take turns, word by word, instead of the one", 0, 100, none="off"
    )
    top_k: int | None = _setting(None, "draw from the k likeliest words only", 1, 10**9, none="off")
    top_p: float | None = _setting(
        None, "draw from the likeliest words that hold this probability", 1e-6, 1, none="off"
    )
    min_p: float | None = _setting(
        None,
        "draw from words at least this share as likely as the likeliest; 0.1 is usual",
        0,
        1,
        none="off",
    )
    typical: float | None = _setting(
        None, "draw from the words of the most typical surprise that hold this much", 1e-6, 1, "off"
    )
    eta: float | None = _setting(
        None,
        "draw from words above a floor that sinks where much may come; 0.001 is usual",
        0,
        1,
        none="off",
    )
    mirostat: float | None = _setting(
        None, "bits of surprise a word that Mirostat steers for; 3 to 5 are usual", 0, 100, none="off"
    )
    mirostat_rate: float = _setting(0.1, "how fast it steers", low=0, high=1)
    contrastive: float | None = _setting(
        None,
        "weight of the penalty on words that leave the state as it was; 0.6 is usual",
        0,
        1,
        none="off",
    )
    beam: int | None = _setting(
        None, "lines kept side by side in a search for the likeliest line", 1, 1000, none="off"
    )
    beam_groups: int = _setting(1, "groups of them that avoid one another's words", low=1, high=100)
    diversity: float = _setting(0.5, "how much a group avoids the words of others", low=0, high=100)
    length_penalty: float = _setting(
        0.8, "a line's log-probability is divided by its length to this power", low=0, high=10
    )
    ensemble: Literal["mix", "turns"] = _setting(
        "mix", "several models at once: their mixed distribution, or a word of each in turn"
    )
    samples: int = _setting(1, "continuations of one seed", low=1, high=10_000)
    ranked: bool = _setting(True, "several samples: all different, and the likeliest first")
    rng: int = _setting(0, "start of the random numbers", low=0, high=2**64 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.contrastive is not None and (self.beam or self.must):
            other = "beam" if self.beam else "must"
            raise SettingError(
                f"contrastive and {other} are two different searches; set one of them off"
            )

    @property
    def searches(self) -> bool:
        """Whether lines are found by search, and not drawn word by word."""
        return bool(self.beam or self.must or self.contrastive is not None)

    @property
    def draws(self) -> bool:
        """Whether random numbers decide anything."""
        hot = any(self.schedule) if self.schedule else self.temperature > 0
        return hot and not (self.beam and not self.must) and self.contrastive is None


def settings_of(kind: type[_Settings]) -> dict[str, Setting]:
    """Return the settings of one kind by name, in order of definition."""
    if not kind.table:
        hints = get_type_hints(kind)
        for entry in fields(kind):
            parts = [part for part in get_args(hints[entry.name]) if part is not type(None)]
            words = all(isinstance(part, str) for part in parts)
            choices = tuple(parts) if parts and words else ()
            type_ = str if choices else (parts[0] if parts else hints[entry.name])
            many = get_origin(type_) is tuple
            kind.table[entry.name] = Setting(
                entry.name,
                get_args(type_)[0] if many else type_,
                choices=choices,
                many=many,
                **entry.metadata,
            )
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
