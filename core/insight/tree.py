"""The tree of likely continuations: what may come next, what after that, and how much is not shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.decoding import filters
from core.decoding.generator import Generator, Seed
from core.errors import SettingError

NODES = 5000
"""Words in a tree at most."""

DEEPEST = 100
"""Words that follow one another at most; nobody reads a tree that is deeper."""


@dataclass(frozen=True, slots=True)
class Node:
    """A word with what may follow it.

    `probability` is the word's own after all before it, `path` that of all words from the root to it.
    `rest` is the share of the next word's distribution that is not among the children; 1 at a leaf.
    `ends` says that this is no word but the end of the line.
    """

    text: str
    piece: str
    probability: float
    path: float
    children: tuple["Node", ...] = ()
    rest: float = 1.0
    ends: bool = False


@dataclass
class _Open:
    """A node under construction, and its place in the level that is being read."""

    id: int
    text: str
    piece: str
    probability: float
    path: float
    children: "list[_Open]"
    rest: float = 1.0
    ends: bool = False

    def close(self, tokens: Sequence[str]) -> Node:
        children = tuple(child.close(tokens) for child in self.children)
        word = "" if self.ends or self.id < 0 else tokens[self.id]
        return Node(word, self.piece, self.probability, self.path, children, self.rest, self.ends)


def grow(
    generator: Generator, seed: Seed, forced: Sequence[int] = (), depth: int = 3, width: int = 2
) -> Node:
    """Return the tree of the `width` likeliest words after each word, `depth` words deep.

    Probabilities are the model's own, before any filter. The root stands for the seed. Padding, `<unk>`
    and `<s>` are never shown; what they would take counts as not shown. A level is one batch.

    Raises:
        SettingError: depth or width is below 1, or the tree would have more than `NODES` words.
    """
    width = min(width, len(generator.vocabulary))
    _check(depth, width)
    state = generator.read(seed)
    for id_ in forced:
        state = generator.stepper.advance(state, np.array([id_]))
    text = generator.finish(seed, ()).text if not forced else ""
    root = _Open(-1, seed.text, text, 1.0, 1.0, [])
    level = [root]
    for _ in range(depth):
        logits = generator.stepper.logits(state)
        for node, row in zip(level, logits, strict=True):
            _branch(generator, node, row, width)
        parents = [row for row, node in enumerate(level) for child in node.children if not child.ends]
        level = [child for node in level for child in node.children if not child.ends]
        if not level:
            break
        state = generator.stepper.take(state, np.array(parents, np.intp))
        state = generator.stepper.advance(state, np.array([node.id for node in level], np.intp))
    return root.close(generator.vocabulary.tokens)


def _check(depth: int, width: int) -> None:
    if depth < 1 or width < 1:
        raise SettingError(f"a tree is at least 1 deep and 1 wide, not {depth} and {width}")
    words = depth if width == 1 else (width ** min(depth + 1, 20) - width) // (width - 1)
    if depth > DEEPEST:
        raise SettingError(f"a tree is at most {DEEPEST} words deep, not {depth}")
    if words > NODES:
        raise SettingError(
            f"a tree {depth} deep and {width} wide has more than {NODES:,} words; "
            "make it shallower or narrower"
        )


def _branch(generator: Generator, node: _Open, logits: filters.Logits, width: int) -> None:
    vocabulary, cleaning = generator.vocabulary, generator.model.cleaning
    shares = filters.probabilities(logits[None])[0]
    hidden = [id_ for id_ in vocabulary.special_ids if id_ != vocabulary.end]
    ranked = shares.copy()
    ranked[hidden] = -1
    width = min(width, len(shares) - len(hidden))
    ids = np.argpartition(-ranked, width - 1)[:width]
    ids = ids[ranked[ids] > 0]  # models that take turns cannot say all words
    for id_ in ids[np.lexsort((ids, -ranked[ids]))].tolist():
        share = float(shares[id_])
        ends = id_ == vocabulary.end
        piece = "" if ends else cleaning.piece(node.text, vocabulary.tokens[id_])
        shown = cleaning.show_after(node.text, piece)
        child = _Open(id_, node.text + piece, shown, share, node.path * share, [], 1.0, ends)
        node.children.append(child)
    node.rest = max(0.0, 1 - sum(child.probability for child in node.children))
