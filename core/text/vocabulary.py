"""Tokens to ids and back.

A token's id is its place in the list, so the vocabulary is one list of strings and nothing else.
Tokens are words, characters, or the pieces of words with the 256 bytes: see core.text.levels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.text.labels import is_label, label_name, matching
from core.text.pieces import Pieces, begins, is_byte

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
    """Say whether a token is a word, and not a special, an unused one or a label."""
    return token not in SPECIALS and not _UNUSED.fullmatch(token) and not is_label(token)


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
        """Return the tokens of whole words: themselves, or their pieces; a label stays one."""
        pieces = self.pieces
        if pieces is None:
            return list(words)
        spelt = ((word,) if is_label(word) else pieces.spell(word) for word in words)
        return [token for word in spelt for token in word]

    @cached_property
    def labels(self) -> dict[str, int]:
        """The labels that a line may begin with, in order, with their ids."""
        numbered = enumerate(self.tokens)
        return {label_name(token): id_ for id_, token in numbered if is_label(token)}

    def with_labels(self, labels: Iterable[str]) -> "Vocabulary":
        """Return the same tokens with labels behind them, so that every id stays what it is."""
        return replace(self, tokens=(*self.tokens, *labels))

    @cached_property
    def label_ids(self) -> frozenset[int]:
        """The ids of all labels."""
        return frozenset(self.labels.values())

    def label(self, name: str | None) -> int | None:
        """Return the id of a label, whatever its case where that tells it; None where there is none."""
        found = matching(name, self.labels) if name and self.labels else []
        return self.labels[found[0]] if len(found) == 1 else None

    def knows(self, word: str) -> bool:
        """Say whether `word` is a word of this vocabulary; the specials and labels are not."""
        return word in self.ids and is_word(word)

    def encode(self, words: Iterable[str]) -> list[int]:
        """Return the ids of `words`; unknown ones become `<unk>`, or nothing where there is none.

        Leaving them out is what Keras's `Tokenizer` does, and what the tutorial's models expect. A
        line's label comes as its token, and becomes nothing where it is unknown.
        """
        return [id_ for id_ in map(self.read, words) if id_ is not None]

    def read(self, token: str) -> int | None:
        """Return the id that a word of a line, or its label, is read as; None for nothing at all."""
        if is_label(token):
            return self.ids.get(token)
        return self.ids[token] if self.knows(token) else self.unknown

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of `ids`."""
        return [self.tokens[id_] for id_ in ids]
