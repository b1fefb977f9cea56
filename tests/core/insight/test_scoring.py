"""A line's probabilities, ranks, entropies and perplexity, against a softmax that is written out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.cells import cells
from core.decoding.generator import Generator
from core.decoding.stepper import Output
from core.errors import InputError
from core.insight.line import Line, contexts, line_of, read_line
from core.insight.scoring import (
    IMPOSSIBLE,
    Score,
    ScoredWord,
    judge,
    perplexity,
    score,
    score_of,
)
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.vocabulary import SPECIALS, Vocabulary
from tests.conftest import random_model


def letters() -> Model:
    """A model of characters, with a blank among them."""
    model = random_model()
    vocabulary = Vocabulary((*SPECIALS, *"abcdefghi "))
    manifest = replace(model.manifest, level="character", cleaning="characters")
    return Model(manifest, vocabulary, model.weights)


def slowly(generator: Generator, line: Line) -> list[tuple[float, int, float]]:
    """Read every context from the beginning, and write the softmax out."""
    told = []
    model = generator.model
    shape, layers = model.manifest.architecture, cells(model.weights, model.manifest.architecture)
    for context, id_ in zip(contexts(generator, line.ids), line.ids, strict=False):
        state = layers.zero(1)
        for read in context:
            if read or not shape.masked:
                state = layers.advance(state, np.array([read]))
        logits = Output(model.weights).logits(state.hidden[-1])[0].tolist()
        total = sum(math.exp(logit) for logit in logits)
        shares = [math.exp(logit) / total for logit in logits]
        entropy = -sum(share * math.log(share) for share in shares)
        told.append((shares[id_], sorted(shares, reverse=True).index(shares[id_]) + 1, entropy))
    return told


MODELS = {
    "stream": (random_model, "the war says why a vote china new york"),
    "window": (lambda: random_model("window"), "the war says why a vote china new york"),
    "masked": (lambda: random_model("window", masked=True), "the war says why"),
    "characters": (letters, "abba cafe  big"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_every_word_is_judged_as_a_written_out_softmax_judges_it(kind: str) -> None:
    make, text = MODELS[kind]
    generator = Generator(make())
    line = read_line(generator, text)
    scored = score(generator, line)
    assert [word.text for word in scored.words] == list(line.words)
    for word, (probability, rank, entropy) in zip(scored.words, slowly(generator, line), strict=True):
        assert word.probability == pytest.approx(probability, rel=1e-5)
        assert word.rank == rank
        assert word.entropy == pytest.approx(entropy, rel=1e-5)
    product = math.prod(word.probability for word in scored.words)
    assert scored.perplexity == pytest.approx(product ** (-1 / len(scored.words)))


def test_a_row_is_judged_exactly() -> None:
    row = np.log(np.array([[0.5, 0.25, 0.125, 0.125]], np.float32))
    log_probability, rank, entropy = judge(row, 1)
    assert math.exp(log_probability) == pytest.approx(0.25)
    assert rank == 2
    assert entropy == pytest.approx(1.75 * math.log(2))
    assert judge(row, 2)[1] == judge(row, 3)[1] == 3  # equals share a rank


def test_a_word_that_cannot_come_leaves_numbers() -> None:
    row = np.array([[0.0, -np.inf, -1e30]], np.float32)
    assert judge(row, 1) == (IMPOSSIBLE, 3, 0.0)
    assert judge(row, 2) == (IMPOSSIBLE, 2, 0.0)
    assert math.isfinite(perplexity([IMPOSSIBLE] * 3))


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=20))
def test_a_perplexity_lies_between_those_of_its_likeliest_and_least_likely_word(
    logs: list[float],
) -> None:
    assert math.exp(-max(logs)) * (1 - 1e-9) <= perplexity(logs) <= math.exp(-min(logs)) * (1 + 1e-9)


def test_words_of_equal_probability_have_the_perplexity_of_a_die() -> None:
    assert perplexity([math.log(1 / 6)] * 4) == pytest.approx(6)


def test_a_word_that_is_not_known_is_judged_as_unk_and_counted() -> None:
    generator = Generator(random_model())
    scored = score(generator, read_line(generator, "china zzz says zzz qqq"))
    assert [word.unknown for word in scored.words] == [False, True, False, True, True]
    assert [word.text for word in scored.words] == ["china", "zzz", "says", "zzz", "qqq"]
    assert scored.unknown == ("zzz", "qqq")
    assert scored.skipped == ()
    assert scored.unknown_rate == 0.6
    unk = score(generator, Line(("china", "<unk>"), (generator.vocabulary.ids["china"], 1), 2))
    assert scored.words[1].probability == unk.words[1].probability


def test_without_unk_a_word_that_is_not_known_is_left_out_and_counted() -> None:
    generator = Generator(random_model("window"))
    scored = score(generator, read_line(generator, "china zzz says zzz 日本"))
    plain = score(generator, read_line(generator, "china says"))
    assert scored.words == plain.words
    assert (scored.unknown, scored.skipped) == ((), ("zzz", "日本"))
    assert scored.unknown_rate == 0.6  # three of five
    assert plain.unknown_rate == 0
    assert plain.unread == ()


def test_what_is_left_out_keeps_its_place_and_the_space_around_it() -> None:
    generator = Generator(random_model("window"))
    scored = score(generator, read_line(generator, "zzz - china 日本 zzz says 日本"))
    assert scored.unread == ((0, "Zzz"), (1, " 日本"), (1, " Zzz"), (2, " 日本"))
    assert [word.piece for word in scored.words] == [" China", " Says"]
    assert scored.left_out == 4


def test_pieces_make_the_line_as_it_is_shown() -> None:
    generator = Generator(random_model("window"))
    scored = score(generator, read_line(generator, "china, says  WAR"))
    assert "".join(word.piece for word in scored.words) == "China Says War"


@pytest.mark.parametrize("context", ["stream", "window"])
def test_a_generated_line_is_scored_with_what_its_words_were_drawn_with(context: str) -> None:
    generator = Generator(random_model(context), SamplingSettings(length=6, temperature=2, top_k=4))
    line = generator.generate(generator.read_seed("china says"))[0]
    scored = score_of(generator, line)
    assert scored.given == 2
    assert scored == score(generator, line_of(generator, line))
    for word, told in zip(line.words, scored.words[2:], strict=True):
        assert told.probability == pytest.approx(word.probability, rel=1e-5)
        assert (told.text, told.piece, told.rank) == (word.text, word.piece, word.rank)


def test_a_seed_that_was_not_read_stands_before_the_words() -> None:
    generator = Generator(random_model("window"), SamplingSettings(length=2))
    line = generator.generate(generator.read_seed("zzz"))[0]
    scored = score_of(generator, line)
    assert (scored.given, scored.before) == (0, "Zzz")
    assert scored.before + "".join(word.piece for word in scored.words) == line.text


def test_a_line_without_a_word_is_refused() -> None:
    generator = Generator(random_model())
    for text in ("", "  ", "zzz qqq"):
        with pytest.raises(InputError, match="tiny knows no word of"):
            read_line(generator, text)
    with pytest.raises(InputError, match="no word to score"):
        score(generator, Line((), (), 0))


def scored(*probabilities: float, told_start: bool = True) -> Score:
    words = [ScoredWord(str(p), f" {p}", math.log(p), 1, 0.0) for p in probabilities]
    return Score(tuple(words), len(words), told_start=told_start)


def test_the_most_surprising_word_is_the_least_likely_one_of_those_that_could_be_learned() -> None:
    assert scored(0.5, 0.01, 0.2).most_surprising.text == "0.01"
    assert scored(0.01, 0.5, 0.2).most_surprising.text == "0.01"
    assert scored(0.01, 0.5, 0.2, told_start=False).most_surprising.text == "0.2"
    assert scored(0.01, told_start=False).most_surprising.text == "0.01"
    assert not score(*_beginning("window")).told_start
    assert score(*_beginning("stream")).told_start


def _beginning(context: str) -> tuple[Generator, Line]:
    generator = Generator(random_model(context))
    return generator, read_line(generator, "china")
