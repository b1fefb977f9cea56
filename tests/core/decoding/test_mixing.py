"""Mixing n-grams in: everything that asks for a distribution hears (1 - w) p_network + w p_ngrams."""

from dataclasses import replace

import numpy as np
import pytest

from core.decoding.filters import probabilities
from core.decoding.generator import Generator
from core.decoding.mixing import MixedStepper
from core.insight.line import line_of
from core.insight.scoring import score_of
from core.insight.why import explain
from core.library.ensemble import Ensemble
from core.library.model import Model
from core.settings import SamplingSettings
from tests.conftest import random_model, with_ngrams

LINES = [
    "the war says a vote",
    "the war says new york",
    "why the vote",
    "a trade war",
    "why china says",
]
SEED = "the war"


def model(weight: float = 0.3, seed: int = 0, cell: str = "lstm") -> Model:
    return with_ngrams(random_model(seed=seed, cell=cell), LINES, weight)


def next_word(generator: Generator, text: str = SEED) -> np.ndarray:
    state = generator.read(generator.read_seed(text))
    return probabilities(generator.stepper.logits(state).astype(np.float64))[0]


def expected(model: Model, text: str, weight: float) -> np.ndarray:
    ngrams, start = model.kneser_ney, model.vocabulary.start
    assert ngrams is not None
    assert start is not None
    network = next_word(Generator(replace(model, ngrams=None)), text)
    context = [start, *model.vocabulary.encode(text.split())]
    return (1 - weight) * network + weight * ngrams.probabilities(context)


@pytest.mark.parametrize("text", ["", "the", "the war", "why the war says", "york york"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_next_word_is_the_weighted_mean(text: str, cell: str) -> None:
    mixed = model(0.3, cell=cell)
    assert next_word(Generator(mixed), text) == pytest.approx(expected(mixed, text, 0.3), abs=1e-6)


def test_the_setting_takes_the_place_of_the_models_own_weight() -> None:
    mixed = model(0.3)
    generator = Generator(mixed)
    generator.configure(ngram_weight=0.75)
    assert next_word(generator) == pytest.approx(expected(mixed, SEED, 0.75), abs=1e-6)
    generator.settings = SamplingSettings()
    assert next_word(generator) == pytest.approx(expected(mixed, SEED, 0.3), abs=1e-6)


def test_weight_0_is_the_network_to_the_bit() -> None:
    mixed = model()
    alone = replace(mixed, ngrams=None)
    off = Generator(mixed, SamplingSettings(ngram_weight=0))
    state = off.read(off.read_seed(SEED))
    logits = off.stepper.logits(state)
    assert np.array_equal(logits, Generator(alone).stepper.logits(state))


def test_weight_1_is_the_n_grams_alone() -> None:
    mixed = model()
    row = next_word(Generator(mixed, SamplingSettings(ngram_weight=1)))
    assert row == pytest.approx(expected(mixed, SEED, 1), abs=1e-6)


def test_a_model_without_n_grams_knows_no_weight() -> None:
    plain, settings = random_model(), SamplingSettings(ngram_weight=0.9)
    assert np.array_equal(next_word(Generator(plain, settings)), next_word(Generator(plain)))


def test_rows_of_a_batch_have_contexts_of_their_own() -> None:
    generator = Generator(model())
    stepper, vocabulary = generator.stepper, generator.vocabulary
    state = stepper.take(generator.read(generator.read_seed("the")), np.zeros(3, np.intp))
    words = ["war", "vote", "china"]
    state = stepper.advance(state, np.array(vocabulary.encode(words)))
    state = stepper.take(state, np.array([2, 0, 1]))
    rows = probabilities(stepper.logits(state).astype(np.float64))
    for row, word in zip(rows, ["china", "war", "vote"], strict=True):
        assert row == pytest.approx(next_word(generator, f"the {word}"), abs=1e-6)


def test_each_member_of_an_ensemble_mixes_its_own() -> None:
    first, second = model(0.2, seed=1), random_model(seed=2)
    both = Ensemble((first, second), (1.0, 1.0))
    mean = (expected(first, SEED, 0.2) + next_word(Generator(second))) / 2
    assert next_word(Generator(both)) == pytest.approx(mean, abs=1e-6)
    off = Generator(both, SamplingSettings(ngram_weight=0))
    mean = (expected(first, SEED, 0) + next_word(Generator(second))) / 2
    assert next_word(off) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.9, "samples": 3},
        {"temperature": 0},
        {"beam": 4},
        {"beam": 4, "beam_groups": 2},
        {"contrastive": 0.6},
        {"must": ("vote",)},
    ],
)
def test_every_decoder_says_the_same_numbers(settings: dict[str, object]) -> None:
    generator = Generator(model(), SamplingSettings(length=4, **settings))  # type: ignore[arg-type]
    seed = generator.read_seed(SEED)
    line = generator.generate(seed)[0]
    said = [word.probability for word in line.words]
    judged = [word.probability for word in score_of(generator, line).words]
    explained = [choice.chosen.before for choice in explain(generator, seed, _ids(generator, line))]
    text = SEED
    for number, word in enumerate(line.words):
        true = expected(generator.model, text, 0.3)[word.id]  # type: ignore[arg-type]
        assert said[number] == pytest.approx(true, abs=1e-5)
        assert judged[len(judged) - len(said) + number] == pytest.approx(true, abs=1e-5)
        assert explained[number] == pytest.approx(true, abs=1e-5)
        text += f" {word.text}"


def test_why_tells_how_much_came_from_the_n_grams() -> None:
    mixed = model(0.3)
    generator = Generator(mixed, SamplingSettings(length=2))
    seed = generator.read_seed(SEED)
    line = generator.generate(seed)[0]
    choice, *_ = explain(generator, seed, _ids(generator, line))
    part = 0.3 * expected(mixed, SEED, 1)[choice.chosen.id]
    assert choice.ngrams == pytest.approx(part / choice.chosen.before, abs=1e-5)
    generator.configure(ngram_weight=0)
    choice, *_ = explain(generator, seed, _ids(generator, line))
    assert choice.ngrams is None


def _ids(generator: Generator, line: object) -> list[int]:
    found = line_of(generator, line)  # type: ignore[arg-type]
    return list(found.ids[found.given :])


def test_the_network_is_shared_and_the_weight_is_not() -> None:
    generator = Generator(model())
    other = generator.under(SamplingSettings(ngram_weight=0.5))
    assert other.network is generator.network
    assert isinstance(other.stepper, MixedStepper)
    assert isinstance(generator.stepper, MixedStepper)
    assert (generator.stepper.weight, other.stepper.weight) == (0.3, 0.5)
