"""The tree of likely continuations, against probabilities worked out path by path."""

from itertools import product

import pytest

from core.decoding import filters
from core.decoding.generator import Generator
from core.errors import SettingError
from core.insight.tree import Node, grow
from core.library.ensemble import Ensemble
from core.settings import SamplingSettings
from tests.conftest import random_model


def next_word(generator: Generator, ids: list[int]) -> dict[str, float]:
    """Return the distribution after a seed and `ids`, reading everything anew."""
    seed = generator.read_seed("china")
    *_, step = generator.steps(seed, [*ids, 4])
    shares = filters.probabilities(step.logits)[0].tolist()
    return dict(zip(generator.vocabulary.tokens, shares, strict=True))


def paths(node: Node, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Node]:
    found = {}
    for child in node.children:
        words = (*before, "</s>" if child.ends else child.text)
        found |= {words: child} | paths(child, words)
    return found


@pytest.mark.parametrize("context", ["stream", "window"])
def test_every_word_has_its_own_probability_and_its_paths(context: str) -> None:
    generator = Generator(random_model(context))
    generator.configure(length=1)
    root = grow(generator, generator.read_seed("china"), depth=3, width=3)
    found = paths(root)
    assert len([words for words in found if len(words) == 1]) == 3
    for words, node in found.items():
        ids = [generator.vocabulary.ids[word] for word in words[:-1]]
        shares = next_word(generator, ids)
        assert node.probability == pytest.approx(shares[words[-1]], rel=1e-4)
        above = found[words[:-1]].path if len(words) > 1 else 1
        assert node.path == pytest.approx(above * node.probability)


def test_children_are_the_likeliest_words_that_may_be_said() -> None:
    generator = Generator(random_model())
    generator.configure(length=1)
    root = grow(generator, generator.read_seed("china"), depth=1, width=4)
    shares = next_word(generator, [])
    said = sorted((p, w) for w, p in shares.items() if w not in ("<pad>", "<unk>", "<s>"))
    expected = [word for _, word in reversed(said)][:4]
    assert ["</s>" if child.ends else child.text for child in root.children] == expected
    assert root.rest == pytest.approx(1 - sum(child.probability for child in root.children))


def test_a_tree_as_wide_as_the_vocabulary_holds_every_path() -> None:
    generator = Generator(random_model("window"))
    words = generator.vocabulary.tokens[1:]
    root = grow(generator, generator.read_seed(""), depth=2, width=99)
    found = paths(root)
    assert set(found) == {(a,) for a in words} | set(product(words, words))
    shown = sum(node.path for path, node in found.items() if len(path) == 1)
    assert shown + root.rest == pytest.approx(1)


def test_nothing_follows_the_end_of_a_line() -> None:
    generator = Generator(random_model())
    root = grow(generator, generator.read_seed("china"), depth=3, width=11)
    ends = [node for node in paths(root).values() if node.ends]
    assert ends
    assert all(node.children == () and node.rest == 1 for node in ends)


def test_a_tree_may_begin_after_given_words() -> None:
    generator = Generator(random_model())
    ids = generator.read_seed("says a").ids
    after = grow(generator, generator.read_seed("china"), ids, 2, 2)
    typed = grow(generator, generator.read_seed("china says a"), (), 2, 2)
    assert [c.text for c in after.children] == [c.text for c in typed.children]
    assert after.rest == pytest.approx(typed.rest)


@pytest.mark.parametrize(("depth", "width"), [(0, 3), (3, 0), (-1, 2), (9, 9), (10**9, 2), (10**9, 1)])
def test_a_tree_has_a_size(depth: int, width: int) -> None:
    generator = Generator(random_model())
    with pytest.raises(SettingError, match="tree"):
        grow(generator, generator.read_seed(""), (), depth, width)


def test_who_has_the_turn_has_only_its_own_words_in_the_tree() -> None:
    models = (random_model("window", words=("snow", "wolf")), random_model())
    turns = Generator(Ensemble(models, (1.0, 1.0)), SamplingSettings(ensemble="turns"))
    root = grow(turns, turns.read_seed("china"), depth=2, width=4)
    assert {child.text for child in root.children} == {"snow", "wolf"}
    assert all(len(child.children) == 4 for child in root.children)
