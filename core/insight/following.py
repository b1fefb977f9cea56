"""The words that may come next, while one of them is being typed."""

from dataclasses import dataclass

from core.decoding import filters
from core.decoding.generator import Generator
from core.text.pieces import BEGINS, is_byte

NEAR = 0.6
"""Similarity from which a word counts as a misspelt one."""


@dataclass(frozen=True, slots=True)
class Following:
    """A word that may stand next, as a person should see it, and its probability there."""

    word: str
    probability: float


def following(generator: Generator, before: str, begun: str, count: int = 20) -> list[Following]:
    """Return words that begin with `begun`, the likeliest after `before` first.

    Where there are fewer than `count`, words that are spelt nearly so come behind them. Models of
    pieces offer those that begin words; models of characters have no words to offer.

    Args:
        generator: the model; probabilities are its own, before any filter.
        before: the text left of the word that is being typed.
        begun: the part of the word that is there; empty for any word.
        count: words at most.
    """
    vocabulary = generator.vocabulary
    sign = BEGINS if vocabulary.by_pieces else ""
    word = _one_word(generator, begun)
    if generator.model.level == "character" or word is None:
        return []
    begun = sign + word
    state = generator.read(generator.read_seed(before))
    shares = filters.probabilities(generator.stepper.logits(state))[0]
    tokens = vocabulary.tokens
    special = {*vocabulary.special_ids, vocabulary.ids.get(sign)}
    wanted = [id_ for id_, token in enumerate(tokens) if token.startswith(begun) and id_ not in special]
    ids = _likeliest(shares, wanted, count)
    if word and len(ids) < count:
        found = (id_ for id_ in _near(tokens, begun) if tokens[id_].startswith(sign))
        near = [id_ for id_ in found if id_ not in special and id_ not in ids]
        ids += _likeliest(shares, near, count - len(ids))
    show = generator.model.cleaning.show
    return [Following(show(tokens[id_].removeprefix(sign)), float(shares[id_])) for id_ in ids]


def _one_word(generator: Generator, begun: str) -> str | None:
    """Return the word that is begun, as it was learnt; None where it is not one."""
    read = generator.model.cleaning.split(begun)
    if generator.vocabulary.by_pieces and not any(map(is_byte, read)):
        read = "".join(read).split(BEGINS)[1:]
    if begun and len(read) != 1:
        return None
    return read[0] if read else ""


def _likeliest(shares: filters.Logits, ids: list[int], count: int) -> list[int]:
    return sorted(ids, key=lambda id_: (-float(shares[id_]), id_))[:count] if ids else []


def _near(tokens: tuple[str, ...], word: str) -> list[int]:
    """Return the ids of words that one might mean by `word`."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extract(
        word, tokens, scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=None
    )
    return [id_ for _, _, id_ in found]
