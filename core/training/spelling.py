"""What it would cost to spell out the words that a model does not know.

To a model every unknown word is `<unk>`, which is easy to guess where it is frequent: the smaller the
vocabulary, the better the perplexity looks. With the letters of those words added, bits per character
can be compared between models of any vocabulary, also with those of characters.
"""

import math
from collections import Counter
from collections.abc import Iterable

Counted = tuple[str, int]
"""A word and how often it comes."""

END = "\n"
"""What ends a word; a line is cleaned of it."""


def spelling_bits(words: Iterable[Counted], known_text: Iterable[Counted]) -> float:
    """Return the bits that it takes to spell `words`, letter by letter and with an end each.

    A letter costs by its share in `known_text`, one being added to every count and one more for a
    letter that was never seen (Laplace's rule).

    Args:
        words: what is spelt.
        known_text: the words that were there to learn from.
    """
    known, spelt = _letters(known_text), _letters(words)
    total = sum(known.values()) + len(known) + 1
    return sum(times * math.log2(total / (known[letter] + 1)) for letter, times in spelt.items())


def _letters(words: Iterable[Counted]) -> Counter[str]:
    letters = Counter[str]()
    for word, times in words:
        for letter in (*word, END):
            letters[letter] += times
    return letters
