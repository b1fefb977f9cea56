"""The pieces that a bpe model cuts words in, learnt from the words of the training lines.

sentencepiece learns them, in the process that trains; what is kept is a list of strings, which
`core.text.pieces` reads words by. Nothing here knows what is held out.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.settings import TextSettings
from core.text.corpus import Corpus, occurrences
from core.text.labels import is_label
from core.text.pieces import BEGINS, BYTES, Pieces
from core.text.vocabulary import SPECIALS, Vocabulary

COVERAGE = 0.9995
"""The share of all characters that are pieces themselves; those rarest of all are read as bytes."""

LONGEST = 500
"""Characters of a word that pieces are learnt from; what is longer is no word of any language."""

MOST = 500_000
"""Different words that pieces are learnt from, the most frequent."""

_NEVER = frozenset((*SPECIALS, *BYTES))

_SIGNS = f"{BEGINS}▅ \t\r\n\0"
"""Characters that mean something to sentencepiece; in a word they are read as bytes."""


def learnt(
    counts: Mapping[str, int], most: int, least: int, specials: Sequence[str] = SPECIALS
) -> Vocabulary:
    """Return the vocabulary of a bpe model: signs, bytes, and pieces in the order of their joins.

    The same words give the same pieces, in whatever order they come.

    Args:
        counts: the words of the training lines, and how often each comes.
        most: how many pieces there may be; a text that has fewer gives fewer.
        least: how often a join must come in the text, and a character, to be a piece.
        specials: tokens to begin with, padding first.

    Raises:
        InputError: no character comes so often.
    """
    words = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    words = [(word, count) for word, count in words if len(word) <= LONGEST]
    alphabet = _alphabet(words, most - 1, least)
    if not alphabet:
        raise InputError(
            f"no character of the text comes {least} times, so nothing could be learnt; "
            "use --min-count 1 or a longer text"
        )
    found = _trained(_rows(words, alphabet), max(most, 1 + len(alphabet)))
    pieces = _often(words, [piece for piece in found if piece not in _NEVER], least)
    return Vocabulary((*specials, *BYTES, *pieces), by_pieces=True)


@dataclass(frozen=True, slots=True)
class PieceCounts:
    """How many different pieces a text gives, signs and bytes aside, and how many make it up."""

    different: int
    tokens: int


def of_text(corpus: Corpus, text: TextSettings) -> PieceCounts:
    """Learn the pieces of all lines of a text, and count them.

    Raises:
        InputError: see `learnt`.
    """
    counts = Counter[str]()
    for word, count in zip(corpus.words(), occurrences(corpus).tolist(), strict=True):
        if not is_label(word):
            counts[word] += count
    found = learnt(counts, text.pieces, text.min_count)
    tokens = sum(len(found.spell((word,))) * count for word, count in counts.items())
    return PieceCounts(len(found) - len(found.special_ids), tokens)


def _alphabet(words: Iterable[tuple[str, int]], most: int, least: int) -> frozenset[str]:
    """Return the most frequent characters that together make up enough of the text."""
    counts = Counter[str]()
    for word, count in words:
        for character in word:
            counts[character] += count
    for sign in _SIGNS:
        counts.pop(sign, None)
    enough, covered = COVERAGE * counts.total(), 0
    chosen: list[str] = []
    for character, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if covered >= enough or count < least or len(chosen) >= most:
            break
        chosen.append(character)
        covered += count
    return frozenset(chosen)


def _rows(words: Iterable[tuple[str, int]], alphabet: frozenset[str]) -> list[str]:
    """Return words as sentencepiece takes them, cut where a character is none of the alphabet."""
    runs = Counter[str]()
    for word, count in words:
        run = BEGINS
        for character in (*word, ""):
            if character in alphabet:
                run += character
            else:
                runs[run] += count
                run = ""
    del runs[""]
    return [f"{run}\t{count}" for run, count in sorted(runs.items())]


def _trained(rows: Iterable[str], most: int) -> list[str]:
    """Return the pieces that sentencepiece finds, the earliest join first, characters at the end."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(rows),
        model_writer=model,
        input_format="tsv",
        model_type="bpe",
        vocab_size=1 + len(BYTES) + most,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        split_by_unicode_script=False,
        split_by_number=False,
        max_sentence_length=8 * LONGEST,
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [processor.id_to_piece(id_) for id_ in range(1 + len(BYTES), processor.get_piece_size())]


def _often(words: Iterable[tuple[str, int]], found: Sequence[str], least: int) -> list[str]:
    """Leave out the pieces that are not joined so often, as sentencepiece goes on until it has enough.

    What is built on a piece comes no more often than it, so the pieces that stay need none that goes.
    """
    pieces, joined = Pieces({piece: rank for rank, piece in enumerate(found)}), Counter[str]()
    for word, count in words:
        for piece in pieces.joins(word):
            joined[piece] += count
    return [piece for piece in found if len(piece) == 1 or joined[piece] >= least]
