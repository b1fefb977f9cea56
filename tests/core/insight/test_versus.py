"""Two models on one seed: paired randomness, and each one's judgement of the other's words."""

import math
from dataclasses import replace

import pytest

from core.decoding.generator import Generator, Word
from core.errors import SettingError
from core.insight.line import read_line
from core.insight.scoring import judge, score
from core.insight.versus import Side, differing, foreign, versus
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.vocabulary import SPECIALS, Vocabulary
from tests.conftest import WORDS, model_of_pieces, random_model

FEW = ("the", "a", "china", "says", "war", "peace", "treaty", "hope", "of", "all")


def knowing(words: tuple[str, ...], seed: int = 3) -> Model:
    return replace(random_model(name="other", seed=seed), vocabulary=Vocabulary((*SPECIALS, *words)))


def sides(first: Model, second: Model, seed: str = "china", **settings: object) -> tuple[Side, Side]:
    chosen = SamplingSettings(**{"length": 8} | settings)  # type: ignore[arg-type]
    return versus(Generator(first, chosen), Generator(second, chosen), seed)[0]


def words(*texts: str) -> list[Word]:
    return [Word(text, f" {text}", 0.5, 1) for text in texts]


def test_a_model_against_itself_says_the_same_and_judges_the_same() -> None:
    one, two = sides(random_model(), random_model())
    assert one == two
    assert not any(each.differs for each in one.words)
    assert one.not_shared == ()
    assert one.other_perplexity == pytest.approx(one.perplexity)
    for each in one.words:
        assert each.other_share == pytest.approx(each.word.probability, rel=1e-5)


def test_each_line_is_what_the_model_says_alone() -> None:
    models = random_model(), knowing(FEW)
    for side, model in zip(sides(*models, rng=5), models, strict=True):
        generator = Generator(model, SamplingSettings(length=8, rng=5))
        assert side.line == generator.generate(generator.read_seed("china"))[0]
        assert (side.model, side.sha256) == (model.name, model.sha256)


def test_a_word_that_both_know_is_judged_as_the_other_scores_the_whole_line() -> None:
    first, second = random_model(), knowing(FEW)
    one, _ = sides(first, second)
    reader = Generator(second)
    scored = score(reader, read_line(reader, one.line.text)).words[1:]
    for each, told in zip(one.words, scored, strict=True):
        if each.word.text in FEW:
            assert each.other == pytest.approx(told.log_probability)
        else:
            assert each.other is None
    assert 0 < len(one.shared) < 8
    assert set(one.not_shared) == {each.word.text for each in one.words} - set(FEW)


def test_perplexities_of_both_are_of_the_same_words() -> None:
    one, _ = sides(random_model(), knowing(FEW))
    shared = [each for each in one.words if each.word.text in FEW]
    own = math.prod(each.word.probability for each in shared) ** (-1 / len(shared))
    other = math.prod(each.other_share or 0 for each in shared) ** (-1 / len(shared))
    assert one.shared_perplexity == pytest.approx(own)
    assert one.other_perplexity == pytest.approx(other)
    every = math.prod(each.word.probability for each in one.words) ** (-1 / 8)
    assert one.perplexity == pytest.approx(every)


def test_where_the_other_knows_no_word_there_is_nothing_to_compare() -> None:
    one, two = sides(random_model(), knowing(tuple("klmnopqrst")))
    assert (one.shared, one.shared_perplexity, one.other_perplexity) == ((), None, None)
    assert (one.known, two.known) == (("china",), ())
    assert two.line.seed.unknown == ("china",)


def test_which_seed_words_each_knows() -> None:
    one, two = sides(random_model(), knowing(FEW), seed="china vote treaty china zzz")
    assert (one.known, one.line.seed.unknown) == (("china", "vote"), ("treaty", "zzz"))
    assert (two.known, two.line.seed.unknown) == (("china", "treaty"), ("vote", "zzz"))


def test_words_are_read_as_the_other_model_reads_them() -> None:
    """A tutorial's model deletes the apostrophe that a plain one keeps."""
    tutorial = Generator(random_model("window"))
    seed = tutorial.read_seed("the")
    told = foreign(tutorial, seed, words("wa'r", "Says", "new york", "!"), "word")
    scored = score(tutorial, read_line(tutorial, "the war says new york"))
    assert told[:2] == [pytest.approx(word.log_probability) for word in scored.words[1:3]]
    assert told[2:] == [None, None]


def test_a_model_of_another_level_judges_nothing() -> None:
    assert foreign(Generator(random_model()), _seed(), words("war", "a"), "character") == [None, None]


def _seed() -> object:
    return Generator(random_model()).read_seed("the")


def test_samples_are_paired_by_their_random_numbers() -> None:
    settings = SamplingSettings(length=6, samples=3, rng=2)
    pairs = versus(Generator(random_model(), settings), Generator(knowing(WORDS), settings), "war")
    assert len(pairs) == 3
    for number, pair in enumerate(pairs):
        for side in pair:
            assert side.line.sample == number


@pytest.mark.parametrize(
    ("one", "two", "differs"),
    [
        ("a b c", "a x c", [False, True, False]),
        ("a b c", "a b", [False, False, True]),
        ("a", "a b c", [False]),
        ("The Senate", "the senate", [False, False]),
        ("", "a", []),
    ],
)
def test_words_differ_where_another_one_or_none_stands(one: str, two: str, differs: list[bool]) -> None:
    assert differing(words(*one.split()), words(*two.split())) == differs


def test_settings_that_do_not_suit_one_of_them_are_refused() -> None:
    with pytest.raises(SettingError, match="other does not know 'vote'"):
        sides(random_model(), knowing(FEW), must=("vote",))


def test_models_of_the_same_pieces_judge_each_other_and_of_others_none() -> None:
    lines = ("the senate says war", "the senate says trade", "war and trade")
    first, second = model_of_pieces(lines, name="a"), model_of_pieces(lines, name="b", seed=1)
    one, two = sides(first, second, "the 😀 sen")
    assert one.known == ("the", "sen")
    reader = Generator(second)
    scored = score(reader, read_line(reader, "the sen"))
    start = reader.read(reader.read_seed("the sen"))
    assert one.words[0].other == pytest.approx(
        judge(reader.stepper.logits(start), one.words[0].word.id)[0]
    )
    assert len(scored.words) == len(one.line.seed.ids)
    assert one.shared == one.words
    assert two.other_perplexity is not None
    others, _ = sides(first, model_of_pieces(lines, name="c", pieces=20), "the sen")
    assert others.shared == ()
    assert others.other_perplexity is None
