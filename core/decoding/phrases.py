"""Phrases that are banned or required, as ids: the way a model would say them, or all ways.

Of whole words or letters there is one way. Of pieces there are many, and where words have no blanks
between them, as in Chinese, a phrase may stand within what is read as one word.
"""

from collections.abc import Sequence
from itertools import chain, islice, product

import numpy as np

from core.decoding.cells import Ids
from core.library.ensemble import LanguageModel
from core.text.cleaning import is_wide
from core.text.pieces import BEGINS, Pieces, is_byte, words_of

WAYS = 64
"""Ways to put a phrase together of pieces, at most: what is left out is seldom said."""


def own_way(model: LanguageModel, text: str) -> Ids:
    """Return a phrase's ids; none where the model does not know all of its words."""
    words, pieces = model.cleaning.split(text), model.vocabulary.pieces
    if pieces is not None and (part := _part(words)):
        words = list(pieces.inside(part))
    known = all(map(model.vocabulary.knows, words))
    return np.array(model.vocabulary.encode(words) if known else [], np.intp)


def all_ways(model: LanguageModel, text: str) -> list[Ids]:
    """Return the ids of all ways to say a phrase, as far as there are not too many."""
    pieces = model.vocabulary.pieces
    if pieces is None:
        return [ids for ids in (own_way(model, text),) if ids.size]
    return [
        np.array(model.vocabulary.encode(way), np.intp)
        for way in _ways(model.cleaning.split(text), pieces)
    ]


def _ways(tokens: Sequence[str], pieces: Pieces) -> list[tuple[str, ...]]:
    if not tokens:
        return []
    words = ("".join(word).removeprefix(BEGINS) for word in words_of(tokens))
    if any(map(is_byte, tokens)):
        return [tuple(tokens)]
    each = [pieces.ways(word, WAYS) for word in words]
    found = [tuple(chain(*way)) for way in islice(product(*each), WAYS)]
    if part := _part(tokens):
        found += pieces.ways(part, WAYS, begun=False)
        found += [(piece,) for piece in pieces.holding(part)]
    return found


def _part(tokens: Sequence[str]) -> str:
    """Return a phrase that may stand within a word: one word of wide letters, with a piece for each."""
    text = "".join(tokens).removeprefix(BEGINS)
    whole = is_wide(text[:1]) and BEGINS not in text and not any(map(is_byte, tokens))
    return text if whole else ""
