"""Every setting: its name, its default, what it may be, and what it means - once."""

from dataclasses import dataclass
from typing import Literal

from core.errors import SettingError
from core.setting import Settings, setting
from core.text.labels import LONGEST, label_of

Context = Literal["stream", "window"]

MOST_NETWORKS = 16
"""Of one model: each costs its training, its memory, and a step for every word."""


@dataclass(frozen=True)
class TextSettings(Settings):
    """How lines become words, and words become a vocabulary."""

    level: Literal["word", "character", "bpe"] = setting(
        "word", "what one token is; bpe: pieces of words, of which any word can be made"
    )
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
    ] = setting("plain", "how lines are cleaned before they are split into words")
    min_count: int = setting(
        2,
        "words seen less often become <unk>; of bpe, pieces seen less often are not made",
        low=1,
        high=1_000_000,
    )
    pieces: int = setting(4000, "pieces that bpe cuts words in, at most", low=2, high=500_000)
    deduplicate: bool = setting(True, "keep one of each repeated line")

    def check_level(self) -> None:
        """See that level and cleaning go together; an imported model's may be others.

        Raises:
            SettingError: they do not.
        """
        if (self.level == "character") != (self.cleaning == "characters"):
            raise SettingError(
                f"level={self.level} does not go with cleaning={self.cleaning}; "
                "characters need both --set level=character and --cleaning characters"
            )


@dataclass(frozen=True)
class ModelSettings(Settings):
    """The shape of a network."""

    cell: Literal["lstm", "gru", "rnn"] = setting("lstm", "the recurrent cell")
    gate: Literal["sigmoid", "hard_sigmoid", "hard_sigmoid_6"] = setting(
        "sigmoid", "the gates: the two hard ones are Keras 2's x/5 + 1/2 and Keras 3's x/6 + 1/2"
    )
    reset_after: bool = setting(
        True, "the GRU resets after its recurrent product, as cuDNN does, and not before"
    )
    layers: int = setting(1, "recurrent layers", low=1, high=8)
    embedding_size: int = setting(256, "numbers that stand for one word", low=1, high=4096)
    hidden_size: int = setting(256, "units of each recurrent layer", low=1, high=4096)
    tied: bool = setting(True, "use the embedding as the output matrix too (Press and Wolf 2017)")
    dropout: float = setting(
        0.5, "share of the last layer's outputs dropped in training", low=0, high=0.95
    )
    input_dropout: float = setting(
        0.3, "share of the embedding's outputs dropped in training", low=0, high=0.95
    )
    layer_dropout: float = setting(
        0.0, "share of a layer's outputs dropped before the next one in training", low=0, high=0.95
    )
    weight_dropout: float = setting(
        0.0, "share of the recurrent weights dropped in training, one draw a batch", low=0, high=0.95
    )
    word_dropout: float = setting(
        0.02, "share of input words replaced by <unk> in training", low=0, high=0.95
    )
    context: Context = setting(
        "stream", "stream carries the state from word to word; window reads the last words anew"
    )
    window: int | None = setting(
        None, "words that a window context reads; auto: the longest line less one", 1, 1024, "auto"
    )
    masked: bool = setting(False, "skip the padding before a window's words")
    attention: bool = setting(
        False, "answer from a weighted average of all layers over a window, as textgenrnn does"
    )


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """How a network is trained."""

    epochs: int = setting(40, "passes over the text, at most", low=1, high=100_000)
    batch_size: int = setting(32, "lines in one step", low=1, high=65_536)
    learning_rate: float = setting(0.002, "Adam's step size", low=1e-7, high=10_000)
    annealing: Literal["plateau", "linear"] = setting(
        "plateau", "how it falls: halved when validation gets worse, or evenly to 0 over all epochs"
    )
    patience: int | None = setting(
        4, "epochs without a better validation before training stops", 1, 100_000, none="off"
    )
    validation_share: float = setting(
        0.1, "share of the lines held out to measure progress", low=0, high=0.9
    )
    clip_norm: float | None = setting(
        1.0, "largest norm of all gradients together", 1e-6, 1e6, none="off"
    )
    sampled_softmax: int | None = setting(
        None,
        "words that a target is told from in training, 0 for all; auto: 8192 of very many",
        0,
        1_000_000,
        none="auto",
    )
    ngram: bool = setting(
        True,
        "save the n-grams of the text with a stream model, to mix in; most of it can be read there",
    )
    noising: float = setting(
        0.0, "how often input words become others, as Kneser-Ney would smooth them", low=0, high=1
    )
    label_smoothing: float = setting(
        0.0, "share of each target that goes to all words, by how often they come", low=0, high=0.9
    )
    activation: float = setting(
        0.0, "weight in the loss of the outputs' squares; 2 is usual", low=0, high=1000
    )
    slowness: float = setting(
        0.0, "weight in the loss of the squares of a stream's changes; 1 is usual", low=0, high=1000
    )
    label_dropout: float = setting(
        0.2, "share of the lines with a label that are read without it in training", low=0, high=0.95
    )
    weight_decay: float = setting(
        0.0, "share of each weight that a step takes off, times the learning rate", low=0, high=100
    )
    averaging: int | None = setting(
        None, "steps that weights are averaged over before they are measured", 2, 10**6, none="off"
    )
    adversarial: Literal["off", "advsoft", "fgm"] = setting(
        "off", "learn from the worst case nearby: of the target's vector, or of the embeddings"
    )
    adversarial_size: float = setting(
        0.02, "how near that is: as a share of the vectors' size", low=0, high=100
    )
    networks: int = setting(
        1, "networks of one model, each of its own seed, averaged at every word", 1, MOST_NETWORKS
    )
    seed: int = setting(0, "start of the trainer's random numbers", low=0, high=2**32 - 1)


@dataclass(frozen=True)
class SamplingSettings(Settings):
    """How the next word is drawn. The defaults of what is off are those of its inventors."""

    length: int | None = setting(
        None, "words to add; auto: until the model ends the line", 1, 10_000, none="auto"
    )
    until_end: bool = setting(False, "with a length: stop earlier where the model ends the line")
    min_length: int = setting(1, "words before the model may end the line", low=1, high=10_000)
    ban: tuple[str, ...] | None = setting(None, "words and phrases that are never said", none="off")
    must: tuple[str, ...] | None = setting(
        None, "words and phrases that every continuation holds, found by search", none="off"
    )
    no_repeat: int | None = setting(
        None, "no run of so many words comes twice, the seed's included", 1, 100, none="off"
    )
    repeat_penalty: float | None = setting(
        None, "divides the logits of words that were there; 1.2 is usual", 1, 100, none="off"
    )
    presence_penalty: float | None = setting(
        None, "taken from the logits of words that were there", -100, 100, none="off"
    )
    frequency_penalty: float | None = setting(
        None, "taken from the logits of words once for each time they were there", -100, 100, "off"
    )
    dry: float | None = setting(
        None, "weight of the penalty on going on with a repetition; 0.8 is usual", 0, 100, none="off"
    )
    dry_base: float = setting(1.75, "by how much that penalty grows with each word", low=1, high=10)
    dry_allowed: int = setting(2, "words that may be repeated for nothing", low=1, high=100)
    temperature: float = setting(
        0.8, "how freely words are drawn; at 0 always the likeliest", low=0, high=100
    )
    schedule: tuple[float, ...] | None = setting(
        None, "temperatures that take turns, word by word, instead of the one", 0, 100, none="off"
    )
    top_k: int | None = setting(None, "draw from the k likeliest words only", 1, 10**9, none="off")
    top_p: float | None = setting(
        None, "draw from the likeliest words that hold this probability", 1e-6, 1, none="off"
    )
    min_p: float | None = setting(
        None,
        "draw from words at least this share as likely as the likeliest; 0.1 is usual",
        0,
        1,
        none="off",
    )
    typical: float | None = setting(
        None, "draw from the words of the most typical surprise that hold this much", 1e-6, 1, "off"
    )
    eta: float | None = setting(
        None,
        "draw from words above a floor that sinks where much may come; 0.001 is usual",
        0,
        1,
        none="off",
    )
    mirostat: float | None = setting(
        None, "bits of surprise a word that Mirostat steers for; 3 to 5 are usual", 0, 100, none="off"
    )
    mirostat_rate: float = setting(0.1, "how fast it steers", low=0, high=1)
    contrastive: float | None = setting(
        None,
        "weight of the penalty on words that leave the state as it was; 0.6 is usual",
        0,
        1,
        none="off",
    )
    beam: int | None = setting(
        None, "lines kept side by side in a search for the likeliest line", 1, 1000, none="off"
    )
    beam_groups: int = setting(1, "groups of them that avoid one another's words", low=1, high=100)
    diversity: float = setting(0.5, "how much a group avoids the words of others", low=0, high=100)
    length_penalty: float = setting(
        0.8, "a line's log-probability is divided by its length to this power", low=0, high=10
    )
    ensemble: Literal["mix", "turns"] = setting(
        "mix", "several models at once: their mixed distribution, or a word of each in turn"
    )
    label: str | None = setting(
        None, "the label that every line begins with, where the model knows labels", none="off"
    )
    ngram_weight: float | None = setting(
        None,
        "how much a model's n-grams count beside its network; 0 is not at all, auto as it was saved",
        0,
        1,
        none="auto",
    )
    samples: int = setting(1, "continuations of one seed", low=1, high=10_000)
    ranked: bool = setting(True, "several samples: all different, and the likeliest first")
    rng: int = setting(0, "start of the random numbers", low=0, high=2**64 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.label is not None:
            object.__setattr__(self, "label", label_of(self.label))
            if not 0 < len(self.label) <= LONGEST:
                raise SettingError(
                    f"label must be the name of one, of {LONGEST} characters at most, or off, "
                    f"not {self.label[:30]!r}"
                )
        if self.contrastive is not None and (self.beam or self.must):
            other = "beam" if self.beam else "must"
            raise SettingError(
                f"contrastive and {other} are two different searches; set one of them off"
            )
        if self.contrastive is not None and self.samples > 1:
            raise SettingError(
                f"contrastive finds one line and not {self.samples:,} samples; "
                "set samples to 1, or contrastive to off"
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
