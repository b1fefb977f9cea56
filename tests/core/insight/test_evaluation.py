"""The figures of an evaluation: by hand for a tiny model, and what they must be honest about."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.insight.evaluation import HeldOut, evaluate, judged, measure
from core.library.ensemble import Ensemble
from core.library.model import Model
from core.text.corpus import Corpus, Source
from core.text.vocabulary import SPECIALS, Vocabulary
from core.training.spelling import spelling_bits
from tests.conftest import WORDS, random_model

LOGITS = np.log(np.array([1, 2, 1, 4, 6, 2], np.float32))
"""Of padding, <unk>, <s>, </s>, a and bb: sixteenths."""


def constant() -> Model:
    """A model whose every answer is the same: its weights are zero, but for the bias of the output."""
    model = random_model(words=("a", "bb"))
    weights: Mapping[str, np.ndarray] = {
        name: LOGITS if name == "output.bias" else np.zeros_like(array)
        for name, array in model.weights.items()
    }
    return Model(model.manifest, model.vocabulary, weights)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "test.txt"
    path.write_text("A bb\na bb\ncab a\n")
    return path


def test_every_figure_by_hand(file: Path) -> None:
    """The lines `a bb </s>` and `<unk> a </s>`; the first stands there twice."""
    (found,) = evaluate([constant()], Source((file,)))
    assert (found.lines, found.duplicates) == (2, 1)
    assert (found.words, found.unknown, found.tokens) == (4, 1, 6)
    shares = [6 / 16, 2 / 16, 4 / 16, 2 / 16, 6 / 16, 4 / 16]
    assert found.nats == pytest.approx(-sum(map(math.log, shares)))
    assert found.perplexity == pytest.approx(math.prod(shares) ** (-1 / 6))
    assert found.unknown_rate == 0.25
    assert found.characters == len("a bb\ncab a\n")
    assert found.bits_per_character == pytest.approx(-sum(map(math.log2, shares)) / 11)
    # `cab` and its end, by the letters of `a` and `bb`: a once, b twice, an end twice, and one each.
    spelt = -sum(math.log2(count / (5 + 3 + 1)) for count in (0 + 1, 1 + 1, 2 + 1, 2 + 1))
    assert found.spelling == pytest.approx(spelt)
    assert found.bits_per_character_spelt == pytest.approx((found.nats / math.log(2) + spelt) / 11)


def test_the_record_has_what_the_design_promises(file: Path) -> None:
    (found,) = evaluate([constant()], Source((file,)))
    record = found.to_json()
    promised = "model lines tokens unknown unknown_rate nats perplexity characters bits_per_character"
    assert set(promised.split()) < record.keys()
    assert record["perplexity"] == found.perplexity


def test_without_signs_neither_the_first_word_nor_the_end_is_guessed(file: Path) -> None:
    model = random_model("window", words=("a", "bb"))
    (found,) = evaluate([model], Source((file,)))
    assert (found.tokens, found.words, found.unknown) == (1, 4, 1)
    assert found.left_out
    assert found.characters is found.bits_per_character is found.bits_per_character_spelt is None


def test_a_text_of_which_nothing_is_guessed_is_an_error() -> None:
    with pytest.raises(InputError, match="tiny guesses no word of that text"):
        measure(random_model("window"), HeldOut((("war",), ("zzz", "trade")), "tutorial"))


def test_it_tells_when_the_model_was_trained_on_the_very_text(file: Path) -> None:
    text = HeldOut.of(Corpus.load(Source((file,)), "plain"))
    model = constant()
    manifest = replace(model.manifest, corpus={"fingerprint": text.fingerprint})
    learnt = Model(manifest, model.vocabulary, model.weights)
    assert measure(learnt, text).trained_on
    assert not measure(model, text).trained_on
    assert measure(Ensemble((model, learnt), (1.0, 1.0)), text).trained_on


def test_letters_are_counted_as_letters() -> None:
    model = random_model(words=tuple("ab "))
    letters = Model(
        replace(model.manifest, level="character", cleaning="characters"),
        model.vocabulary,
        model.weights,
    )
    found = measure(letters, HeldOut((tuple("ab ba"),), "characters"))
    assert (found.words, found.tokens, found.characters) == (5, 6, 6)


def test_models_may_clean_the_same_file_each_in_its_own_way(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text("The war's vote\n")
    plain = random_model()
    tutorial = Model(replace(plain.manifest, cleaning="tutorial"), plain.vocabulary, plain.weights)
    found = list(evaluate([plain, tutorial], Source((path,))))
    assert [each.cleaning for each in found] == ["plain", "tutorial"]
    assert found[1].characters == len("the wars vote\n")


def test_bits_spelt_out_do_not_gain_from_a_small_vocabulary() -> None:
    """What is cheap as <unk> is dear letter by letter."""
    text = HeldOut((WORDS,), "plain")
    known, few = Vocabulary((*SPECIALS, *WORDS)), Vocabulary((*SPECIALS, "the"))
    sure = judged("few", text, few, np.zeros(11))
    assert (sure.perplexity, sure.unknown, sure.bits_per_character) == (1, 9, 0)
    assert sure.spelling == spelling_bits([(word, 1) for word in WORDS[1:]], [("the", 1)])
    assert judged("all", text, known, np.zeros(11)).spelling == 0
