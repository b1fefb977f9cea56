"""Tokens to ids and back.

A token's id is its place in the list, so the vocabulary is one list of strings and nothing else.
Tokens are words, characters, or the pieces of words with the 256 bytes: see core.text.levels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.text.pieces import Pieces, begins, is_byte, spelt

PADDING = "<pad>"
UNKNOWN = "<unk>"
START = "<s>"
END = "</s>"
SPECIALS = (PADDING, UNKNOWN, START, END)
"""Tokens that are no words. Every vocabulary has padding as id 0, because Keras pads with 0."""

_UNUSED = re.compile(r"<unused \d+>")


def unused(id_: int) -> str:
    """Return the token of an id that no word has: imported networks may have rows to spare."""
    return f"<unused {id_}>"


def is_word(token: str) -> bool:
    """Say whether a token is a word, and not a special or an unused one."""
    return token not in SPECIALS and not _UNUSED.fullmatch(token)


@dataclass(frozen=True)
class Vocabulary:
    """An ordered list of tokens; the specials, where there are any, come first.

    Imported models may end a text with another token than `</s>`, and read another for what they do
    not know than `<unk>`. With `by_pieces` its words are the pieces of words, in the order in which
    they are joined, and all bytes: nothing is unknown then.
    """

    tokens: tuple[str, ...]
    end_token: str = END
    unknown_token: str = UNKNOWN
    by_pieces: bool = False
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {token: id_ for id_, token in enumerate(self.tokens)})

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def build(
        cls,
        lines: Iterable[Sequence[str]],
        min_count: int = 1,
        specials: Sequence[str] = SPECIALS,
    ) -> "Vocabulary":
        """Collect the words of `lines` in the order of Keras's `Tokenizer`: frequency, then first seen.

        Args:
            lines: each a sequence of words.
            min_count: words seen less often are left out.
            specials: tokens to begin with, padding first.
        """
        counts = Counter(word for line in lines for word in line)
        for special in specials:
            counts.pop(special, None)
        # Python's sort is stable and Counter keeps the order of first sight, so ties stay in it.
        ranked = sorted(counts.items(), key=lambda item: -item[1])
        return cls((*specials, *(word for word, count in ranked if count >= min_count)))

    @property
    def unknown(self) -> int | None:
        """The id that unknown words are read as, where the model has one."""
        return self.ids.get(self.unknown_token)

    @property
    def start(self) -> int | None:
        """The id of `<s>`, where the model has one."""
        return self.ids.get(START)

    @property
    def end(self) -> int | None:
        """The id that ends a text, where the model has one."""
        return self.ids.get(self.end_token)

    @cached_property
    def special_ids(self) -> list[int]:
        """The ids of all tokens that are never said: those that are no words, and half characters."""
        return [
            id_
            for id_, token in enumerate(self.tokens)
            if not is_word(token) or (self.by_pieces and is_byte(token))
        ]

    @cached_property
    def beginning(self) -> NDArray[np.intp]:
        """The ids of the pieces that begin a word."""
        return np.array([id_ for id_, token in enumerate(self.tokens) if begins(token)], np.intp)

    @cached_property
    def pieces(self) -> Pieces | None:
        """What cuts words in its tokens, where these are pieces."""
        if not self.by_pieces:
            return None
        special = frozenset(self.special_ids)
        return Pieces({token: id_ for token, id_ in self.ids.items() if id_ not in special})

    def reads(self, word: str) -> bool:
        """Say whether a whole word can be read as it is, be it in pieces."""
        return self.by_pieces or self.knows(word)

    def spell(self, words: Iterable[str]) -> list[str]:
        """Return the tokens of whole words: themselves, or their pieces."""
        return list(words) if self.pieces is None else spelt(words, self.pieces)

    def knows(self, word: str) -> bool:
        """Say whether `word` is a word of this vocabulary; the specials are not."""
        return word in self.ids and is_word(word)

    def encode(self, words: Iterable[str]) -> list[int]:
        """Return the ids of `words`; unknown ones become `<unk>`, or nothing where there is none.

        Leaving them out is what Keras's `Tokenizer` does, and what the tutorial's models expect.
        """
        ids = (self.ids[word] if self.knows(word) else self.unknown for word in words)
        return [id_ for id_ in ids if id_ is not None]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of `ids`."""
        return [self.tokens[id_] for id_ in ids]
