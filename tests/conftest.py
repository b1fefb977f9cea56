"""What all tests share: a home of their own, real data where it is there, small models."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from core.library import layout
from core.library.model import Manifest, Model
from core.settings import ModelSettings
from core.text.cleaning import cleaning
from core.text.kneser_ney import count
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from core.training.merges import learnt

hypothesis.settings.register_profile("headlong", deadline=None)  # machines may be busy
hypothesis.settings.load_profile("headlong")

SHARED = Path(__file__).parents[2] / "shared" / "data"
WORDS = ("the", "a", "china", "says", "war", "new", "york", "trade", "why", "vote")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's own models and history out of the tests, and the tests out of theirs."""
    directory = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(directory))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(directory / name.lower()))
    for name in ("HEADLONG_MODELS", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)
    return directory


@pytest.fixture
def shared() -> Path:
    """The real data, which is not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the real data is not on this machine")
    return SHARED


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """Return a factory of small models with random weights."""
    return random_model


def random_model(
    context: str = "stream",
    name: str = "tiny",
    seed: int = 0,
    words: Sequence[str] = (),
    **shape: object,
) -> Model:
    settings = ModelSettings().change(
        **{"context": context, "window": 5, "embedding_size": 6, "hidden_size": 8, "tied": False}
        | shape  # type: ignore[arg-type]
    )
    specials = SPECIALS if context == "stream" else (PADDING,)
    vocabulary = Vocabulary((*specials, *(words or WORDS)))
    random = np.random.default_rng(seed)
    weights = {
        array: random.normal(scale=0.7, size=size).astype(np.float32)
        for array, size in layout.shapes(settings, len(vocabulary)).items()
    }
    cleaning = "plain" if context == "stream" else "tutorial"
    manifest = Manifest(name, cleaning, settings, len(vocabulary), created="2026-01-01")
    return Model(manifest, vocabulary, weights)


def with_ngrams(model: Model, lines: Sequence[str], weight: float = 0.3, order: int = 3) -> Model:
    """Return a model with the n-grams of some lines of words."""
    words = model.vocabulary
    assert words.start is not None
    assert words.end is not None
    ids = [[words.start, *words.encode(line.split()), words.end] for line in lines]
    manifest = replace(model.manifest, ngram_weight=weight)
    return replace(model, manifest=manifest, ngrams=count(ids, order, words.start))


def with_networks(model: Model, count: int) -> Model:
    """Return a model of so many networks: itself, and others of its shape with numbers of their own."""
    random = np.random.default_rng(count)
    others = tuple(
        {
            name: random.normal(scale=0.7, size=array.shape).astype(np.float32)
            for name, array in model.weights.items()
        }
        for _ in range(count - 1)
    )
    return replace(model, manifest=replace(model.manifest, networks=count), others=others)


def model_of_pieces(
    lines: Sequence[str],
    context: str = "stream",
    name: str = "pieces",
    cleaned: str = "plain",
    pieces: int = 60,
    seed: int = 0,
    **shape: object,
) -> Model:
    """Return a model with random weights and the pieces that some lines give."""
    counts = Counter(word for line in lines for word in cleaning(cleaned).split(line))
    vocabulary = learnt(counts, pieces, 2, SPECIALS if context == "stream" else (PADDING,))
    words = vocabulary.tokens[len(SPECIALS) if context == "stream" else 1 :]
    model = random_model(context, name, seed, words, **shape)
    manifest = replace(model.manifest, level="bpe", cleaning=cleaned)
    return replace(model, manifest=manifest, vocabulary=vocabulary)
