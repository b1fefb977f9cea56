"""The word that an unknown one was probably meant to be."""

import math
from collections.abc import Sequence
from functools import lru_cache

from core.text.vocabulary import Vocabulary, is_word

ALIKE = 0.65
"""How similar a word must at least be; 0 is nothing in common, 1 is the same."""

LONGEST = 64
"""Characters of a word at most: a longer one is no slip of the fingers."""

_RIVALS = 20
_FREQUENCY = 0.02
_CASE = 0.1


def nearest(word: str, vocabulary: Vocabulary) -> str | None:
    """Return the word of `vocabulary` that is most like `word`; None where none is like it.

    Likeness is 1 less the optimal string alignment distance (insertions, deletions, substitutions and
    swaps of neighbours) over the longer length, whatever the case, and at least `ALIKE`. Of words about
    equally alike the one in the same case and the more frequent one count more. A single character is
    like no other, so a model of characters has no near words.

    The first question about a vocabulary takes longer; the nearest to an empty word is none, and to ask
    for it prepares the others.
    """
    return _words(_Same(vocabulary)).nearest(word)


class _Same:
    """A vocabulary as a key, told from others by being itself: to compare all words takes too long."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def __hash__(self) -> int:
        return id(self.vocabulary)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.vocabulary is other.vocabulary


class _Words:
    """The words of a vocabulary, made ready to be searched, and what was found of late."""

    def __init__(self, tokens: Sequence[str]) -> None:
        # Specials keep their places, so that a place is an id; nothing is like an empty string.
        self._words = [token if is_word(token) else "" for token in tokens]
        self._folded = [word.casefold() for word in self._words]
        self.nearest = lru_cache(maxsize=512)(self._nearest)

    def _nearest(self, word: str) -> str | None:
        from rapidfuzz import process  # only what is typed needs it
        from rapidfuzz.distance import OSA

        if not 1 < len(word) <= LONGEST:
            return None
        folded = word.casefold()
        found = process.extract(
            folded,
            self._folded,
            scorer=OSA.normalized_similarity,
            score_cutoff=ALIKE,
            limit=_RIVALS,
        )

        def worth(rival: tuple[str, float, int]) -> float:
            _, alike, id_ = rival
            same_case = OSA.normalized_similarity(word, self._words[id_])
            # Words are in order of frequency, which falls about as 1 / rank (Zipf 1935).
            return alike + _CASE * same_case - _FREQUENCY * math.log(1 + id_)

        best = max(found, key=worth, default=None)
        return None if best is None else self._words[best[2]]


@lru_cache(maxsize=2)
def _words(key: _Same) -> _Words:
    return _Words(key.vocabulary.tokens)
