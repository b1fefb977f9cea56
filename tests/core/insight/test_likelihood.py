"""Log-probabilities of many lines at once, against reading each line alone, and against Keras."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.ensemble import network
from core.decoding.generator import Generator
from core.insight.likelihood import log_probabilities, picked, rows_at_once, sequence
from core.insight.line import read_line
from core.insight.scoring import IMPOSSIBLE, score
from core.library.ensemble import Ensemble, LanguageModel
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from tests.conftest import WORDS, random_model

LINES = [("the", "war"), ("china",), ("why", "zzz", "vote", "the", "new", "york", "trade"), ("a", "a")]
MODELS = {
    "stream": lambda: random_model(),
    "two layers, tied, projected": lambda: random_model(layers=2, tied=True),
    "gru": lambda: random_model(cell="gru"),
    "window": lambda: random_model("window", window=3),
    "masked window": lambda: random_model("window", masked=True),
    "attention": lambda: random_model("window", attention=True),
    "ensemble": lambda: Ensemble((random_model(), random_model("window", seed=1)), (2.0, 1.0)),
}


def slowly(model: LanguageModel, words: Sequence[str]) -> list[float]:
    """Read the line alone, a word at a time, with the softmax written out."""
    stepper, ids = network(model), sequence(model.vocabulary, words)
    state, told = stepper.start(1), []
    for id_, target in pairwise(ids):
        state = stepper.advance(state, np.array([id_]))
        logits = stepper.logits(state)[0].astype(float)
        told.append(logits[target] - math.log(sum(math.exp(logit) for logit in logits)))
    return told


def test_all_but_the_first_sign_is_asked_for() -> None:
    assert sequence(Vocabulary((*SPECIALS, "the")), ["the", "zzz"]).tolist() == [2, 4, 1, 3]


def test_a_vocabulary_without_signs_leaves_unknown_words_out() -> None:
    assert sequence(Vocabulary((PADDING, "the", "war")), ["the", "zzz", "war"]).tolist() == [1, 2]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", [1, 3, 256])
def test_lines_side_by_side_are_judged_as_each_alone(name: str, rows: int) -> None:
    model = MODELS[name]()
    sequences = [sequence(model.vocabulary, line) for line in LINES]
    expected = [value for line in LINES for value in slowly(model, line)]
    found = log_probabilities(network(model), sequences, rows)
    assert found == pytest.approx(expected, rel=1e-4)


@given(st.lists(st.lists(st.sampled_from((*WORDS, "zzz")), min_size=1, max_size=6), max_size=8))
def test_the_order_of_the_lines_changes_no_line(lines: list[list[str]]) -> None:
    model = random_model()
    sequences = [sequence(model.vocabulary, line) for line in lines]
    forth = log_probabilities(network(model), sequences, 3)
    back = log_probabilities(network(model), sequences[::-1], 3)
    assert np.sort(forth) == pytest.approx(np.sort(back), rel=1e-4)


def test_it_agrees_with_the_score_of_a_line() -> None:
    model = random_model()
    generator = Generator(model)
    scored = score(generator, read_line(generator, "the war says why"))
    found = log_probabilities(
        network(model), [sequence(model.vocabulary, ["the", "war", "says", "why"])]
    )
    assert found[:-1] == pytest.approx([word.log_probability for word in scored.words], rel=1e-4)


def test_a_target_is_picked_exactly() -> None:
    logits = np.log(np.array([[1, 2, 5], [8, 1, 1]], np.float32))
    assert np.exp(picked(logits, np.array([2, 1]))) == pytest.approx([5 / 8, 1 / 10])


def test_what_cannot_be_has_the_least_number_that_is_told() -> None:
    logits = np.array([[0, -np.inf]], np.float32)
    assert picked(logits, np.array([1])).tolist() == [IMPOSSIBLE]


def test_nothing_gives_nothing() -> None:
    model = random_model("window")
    assert log_probabilities(network(model), []).size == 0
    assert log_probabilities(network(model), [sequence(model.vocabulary, ["war"])]).size == 0


def test_a_large_model_reads_fewer_lines_at_once() -> None:
    assert rows_at_once(random_model()) == 256
    assert rows_at_once(random_model("window", window=1024, hidden_size=64)) == 16


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_keras_gives_the_same_perplexity(keras: Any, cell: str) -> None:
    """A Keras model with the same weights reads whole lines, padded on the right."""
    short = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}[cell]
    model = random_model(cell=short)
    sequences = [sequence(model.vocabulary, line) for line in LINES]
    weights, words = model.weights, len(model.vocabulary)
    theirs = keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(words, 6),
            getattr(keras.layers, cell)(8, return_sequences=True),
            keras.layers.Dense(words, activation="softmax"),
        ]
    )
    names = ("kernel", "recurrent_kernel", "bias")
    theirs.set_weights(
        [
            weights["embedding"],
            *(weights[f"{short}_0.{name}"] for name in names),
            weights["output.kernel"],
            weights["output.bias"],
        ]
    )
    padded = keras.utils.pad_sequences(sequences, padding="post")
    shares = np.array(theirs(padded[:, :-1]))
    each = np.take_along_axis(shares, padded[:, 1:, None], 2)[:, :, 0][padded[:, 1:] > 0]
    perplexity = math.exp(-np.log(each.astype(float)).mean())
    ours = log_probabilities(network(model), sequences)
    assert len(ours) == len(each)
    assert math.exp(-ours.mean()) == pytest.approx(perplexity, rel=1e-4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_gives_the_same_perplexity_of_a_window(keras: Any) -> None:
    """The tutorial's network: beginnings of lines, padded on the left, and the next word."""
    model = random_model("window", window=4)
    sequences = [sequence(model.vocabulary, line) for line in LINES]
    theirs = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Embedding(len(model.vocabulary), 6),
            keras.layers.LSTM(8),
            keras.layers.Dense(len(model.vocabulary), activation="softmax"),
        ]
    )
    theirs.set_weights([model.weights[name] for name in model.weights])
    prefixes = [ids[:end] for ids in sequences for end in range(1, len(ids))]
    targets = [ids[end] for ids in sequences for end in range(1, len(ids))]
    shares = np.array(theirs(keras.utils.pad_sequences(prefixes, 4)))
    each = np.log(shares[np.arange(len(targets)), targets].astype(float))
    ours = log_probabilities(network(model), sequences)
    assert math.exp(-ours.mean()) == pytest.approx(math.exp(-each.mean()), rel=1e-4)
