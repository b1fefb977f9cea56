from dataclasses import replace

import numpy as np

from core.decoding import filters
from core.decoding.generator import Generator
from core.insight.following import following
from tests.conftest import random_model


def generator(context: str = "stream") -> Generator:
    return Generator(random_model(context, "m"))


def probabilities(model: Generator, text: str) -> dict[str, float]:
    state = model.read(model.read_seed(text))
    shares = filters.probabilities(model.stepper.logits(state))[0]
    return dict(zip(model.vocabulary.tokens, map(float, shares), strict=True))


def test_every_word_is_offered_where_none_is_begun_the_likeliest_first() -> None:
    model = generator()
    offered = following(model, "", "", count=1000)
    shares = probabilities(model, "")
    words = [t for i, t in enumerate(model.vocabulary.tokens) if i not in model.vocabulary.special_ids]
    assert [word.word for word in offered] == sorted(words, key=lambda word: -shares[word])
    assert all(np.isclose(word.probability, shares[word.word]) for word in offered)


def test_what_is_begun_comes_first_and_what_is_spelt_nearly_so_behind_it() -> None:
    model = generator()
    offered = [word.word for word in following(model, "", "w")]
    assert set(offered[:2]) == {"war", "why"}
    assert "china" in [word.word for word in following(model, "", "chnia")]


def test_a_word_unlike_any_other_has_nothing_to_offer() -> None:
    assert following(generator(), "", "qqqqqqqqqq") == []


def test_several_words_at_once_are_not_one_that_is_begun() -> None:
    model = generator()
    assert following(model, "", "two words") == []


def test_no_more_are_offered_than_wanted() -> None:
    assert len(following(generator(), "", "", count=3)) == 3


def test_models_of_characters_have_no_words_to_offer() -> None:
    model = random_model("stream", "letters", words=tuple("abc "))
    letters = replace(model, manifest=replace(model.manifest, level="character", cleaning="characters"))
    assert following(Generator(letters), "", "a") == []


def test_a_title_case_model_offers_words_as_it_shows_them_and_reads_them_in_any_case() -> None:
    assert [word.word for word in following(generator("window"), "China ", "SAY")][:1] == ["Says"]
