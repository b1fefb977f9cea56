"""A model of several networks against the mean of what each says alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.decoding.filters import probabilities
from core.decoding.generator import Generator
from core.decoding.mixing import MixedStepper
from core.errors import ModelError
from core.insight import gates, memory, neurons
from core.insight.line import read_line
from core.insight.scoring import score
from core.library.ensemble import Ensemble
from core.library.model import Model
from core.settings import SamplingSettings
from tests.conftest import random_model, with_networks, with_ngrams

LINES = ["the war says a vote", "the war says new york", "why the vote"]
SEED = "the new says"
KINDS = [
    random_model(),
    random_model(cell="gru", layers=2, tied=True),
    random_model("window"),
    random_model("window", masked=True),
    random_model("window", attention=True),
]


def singles(model: Model) -> list[Model]:
    """Return each network of a model as a model without n-grams."""
    return [replace(model, weights=own, others=(), ngrams=None) for own in model.all_weights]


def after(model: Model | Ensemble, text: str = SEED) -> np.ndarray:
    generator = Generator(model)
    state = generator.read(generator.read_seed(text))
    return probabilities(generator.stepper.logits(state).astype(np.float64))[0]


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("text", ["", "the", SEED, "why the war says new york a vote"])
def test_the_next_word_is_the_mean_of_all_networks(model: Model, text: str) -> None:
    three = with_networks(model, 3)
    expected = np.mean([after(one, text) for one in singles(three)], axis=0)
    assert after(three, text) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("model", KINDS)
def test_networks_that_are_the_same_say_what_one_says(model: Model) -> None:
    settings = SamplingSettings(length=12, samples=3, ranked=False)
    twice = replace(model, others=(model.weights,))
    one, two = Generator(model, settings), Generator(twice, settings)
    seed = one.read_seed(SEED)
    assert [line.text for line in two.generate(seed)] == [line.text for line in one.generate(seed)]


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize(
    "settings",
    [
        SamplingSettings(length=9, samples=4, ranked=False, temperature=1.2),
        SamplingSettings(length=6, beam=3),
        SamplingSettings(length=6, contrastive=0.6, top_k=4),
    ],
)
def test_lines_are_those_of_the_same_networks_as_models(
    model: Model, settings: SamplingSettings
) -> None:
    two = with_networks(model, 2)
    several = Ensemble(tuple(singles(two)), (1.0, 1.0))
    expected, found = (
        [line.text for line in Generator(each, settings).generate(Generator(each).read_seed(SEED))]
        for each in (several, two)
    )
    assert found == expected


def test_n_grams_are_mixed_with_the_average() -> None:
    mixed = with_ngrams(with_networks(random_model(), 3), LINES, 0.3)
    network = np.mean([after(one) for one in singles(mixed)], axis=0)
    generator = Generator(mixed)
    assert isinstance(generator.stepper, MixedStepper)
    state = generator.read(generator.read_seed(SEED))
    ngrams = generator.stepper.ngrams(state)[0]
    assert after(mixed) == pytest.approx(0.7 * network + ngrams, abs=1e-6)


def test_it_may_be_a_part_of_several_models() -> None:
    """One of them skips a word that it does not know, and all of its networks stand still."""
    two = with_networks(random_model(), 2)
    words = ("the", "wolf")
    other = random_model("window", "north", 1, words)
    both = Ensemble((other, two), (1.0, 3.0))
    ids = both.vocabulary.ids
    found = after(both, "the wolf the")
    apart = 0.25 * after(other, "the wolf the")[other.vocabulary.ids["wolf"]]
    assert found[ids["wolf"]] == pytest.approx(apart, abs=1e-6)
    war = 0.75 * after(two, "the wolf the")[two.vocabulary.ids["war"]]
    assert found[ids["war"]] == pytest.approx(war, abs=1e-6)


def test_a_network_that_skips_keeps_the_states_of_all() -> None:
    two = with_networks(random_model("window"), 2)  # it has no unknown word
    other = random_model("window", "north", 1, ("the", "wolf"))
    both = Ensemble((two, other), (1.0, 1.0))
    war = both.vocabulary.ids["war"]
    known = two.vocabulary.ids["war"]
    expected = [0.5 * after(two, text)[known] for text in ("the says", "the a says")]
    generator = Generator(both)
    state = generator.stepper.start(2)
    for words in ("the", "the"), ("wolf", "a"), ("says", "says"):
        read = [both.vocabulary.ids[word] for word in words]
        state = generator.stepper.advance(state, np.array(read))
    shares = probabilities(generator.stepper.logits(state).astype(np.float64))
    assert shares[:, war] == pytest.approx(expected, abs=1e-6)


def test_a_score_is_that_of_the_average() -> None:
    two = with_networks(random_model(), 2)
    generator = Generator(two)
    line = read_line(generator, SEED)
    first = np.mean([after(one, "")[line.ids[0]] for one in singles(two)])
    assert score(generator, line).words[0].log_probability == pytest.approx(np.log(first), abs=1e-5)


def test_what_looks_into_one_network_says_so() -> None:
    generator = Generator(with_networks(random_model(), 3))
    line = read_line(generator, SEED)
    with pytest.raises(ModelError, match="tiny is the average of 3 networks, and this looks"):
        gates.read_gates(generator, line)
    with pytest.raises(ModelError, match="tiny is the average of 3 networks"):
        neurons.read_unit(generator, line, 1)
    assert len(memory.remember(generator, line).bits) == 3
