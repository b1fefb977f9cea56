"""Which word is which id: Keras's `Tokenizer`, saved as JSON, as a vocabulary, and ours as its JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.library.foreign.json_files import MOST_WORDS, parse_json, read_json
from core.text.cleaning import KERAS_FILTERS
from core.text.vocabulary import PADDING, SPECIALS, UNKNOWN, Vocabulary, unused

CONVERT = (
    "python -c \"import pickle, pathlib; pathlib.Path('tokenizer.json').write_text("
    "pickle.load(open('{name}', 'rb')).to_json())\""
)

CLEANINGS = {
    (KERAS_FILTERS, True): "keras",
    (KERAS_FILTERS, False): "keras_cased",
    ("", True): "keras_unfiltered",
    ("", False): "keras_cased_unfiltered",
}
"""A tokenizer's `filters` and `lower` to the cleaning that does the same."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The words of a Keras `Tokenizer` by id (from 1), and the word that stands for unknown ones."""

    words: Mapping[int, str]
    unknown: str | None
    cleaning: str = "keras"

    def vocabulary(self, size: int) -> Vocabulary:
        """Return the vocabulary of a network with `size` rows; rows without a word are never used.

        Words beyond the rows are unknown words, as they are to a tokenizer with `num_words`: the
        network could not read them, and Keras itself stops with an error at such a word.

        Raises:
            ModelError: a word has a name that Headlong uses itself, or no word is left.
        """
        tokens = [PADDING]
        for id_ in range(1, size):
            word = self.words.get(id_)
            if word is not None and word == self.unknown:
                word = UNKNOWN
            elif word in SPECIALS:
                raise ModelError(f"the tokenizer has a word {word!r}, a name that Headlong needs")
            tokens.append(unused(id_) if word is None else word)
        vocabulary = Vocabulary(tuple(tokens))
        if len(vocabulary.special_ids) == size:
            raise ModelError(f"the tokenizer has no words for the {size:,} rows of the network")
        return vocabulary


def read_tokenizer(path: Path) -> Tokenizer:
    """Read `tokenizer.to_json()`, or a plain `word_index`, from a JSON file.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: a pickle, no JSON, or no tokenizer of words as the tutorial makes it.
    """
    if _first_byte(path) in (b"\x80", b"(", b"c"):
        raise ModelError(
            f"{path.name} is a pickle, which can run any program when it is opened; "
            f"where you trust it, convert it with:\n{CONVERT.format(name=path.name)}"
        )
    record = read_json(path)
    if record.get("class_name") == "Tokenizer":
        return _from_config(path.name, record.get("config"))
    return Tokenizer(_words(path.name, record), None)


def word_index(vocabulary: Vocabulary) -> bytes:
    """Return the words of a vocabulary with their ids as JSON, such as `read_tokenizer` reads.

    Padding, id 0, is not among them.
    """
    index = {token: id_ for id_, token in enumerate(vocabulary.tokens) if id_}
    return json.dumps(index).encode()


def _first_byte(path: Path) -> bytes:
    """Return it, or nothing of what is no file; reading it as JSON will say why."""
    try:
        if not path.is_file():  # a pipe would keep us waiting
            return b""
        with path.open("rb") as file:
            return file.read(1)
    except OSError:
        return b""


def _from_config(name: str, config: Any) -> Tokenizer:
    if not isinstance(config, dict):
        raise ModelError(f"{name} is a tokenizer without a configuration")
    for key, value in {"split": " ", "char_level": False}.items():
        if config.get(key, value) != value:
            raise ModelError(
                f"{name} is a tokenizer with {key}={config[key]!r:.60}; "
                f"Headlong imports those with {key}={value!r}"
            )
    filters, lower = config.get("filters", KERAS_FILTERS), bool(config.get("lower", True))
    if not isinstance(filters, str) or (filters, lower) not in CLEANINGS:
        raise ModelError(
            f"{name} is a tokenizer with filters={filters!r:.60}; "
            "Headlong imports those with Keras's own filters or filters=''"
        )
    index = config.get("word_index")
    if isinstance(index, str):
        index = parse_json(index, f"the word_index of {name}")
    words, limit = _words(name, index), config.get("num_words")
    if type(limit) is int and limit > 0:  # num_words=1000 reads the ids below 1000
        words = {id_: word for id_, word in words.items() if id_ < limit}
    unknown = config.get("oov_token")
    cleaning = CLEANINGS[filters, lower]
    return Tokenizer(words, unknown if isinstance(unknown, str) else None, cleaning)


def _words(name: str, index: Any) -> dict[int, str]:
    """Turn a word_index around. Keras begins at 1; people add the padding as 0."""
    if not isinstance(index, dict) or not index or len(index) > MOST_WORDS:
        raise ModelError(f"{name} has no word_index of 1 to {MOST_WORDS:,} words")
    if index.get(PADDING) == 0:
        del index[PADDING]
    if not all(type(id_) is int and id_ > 0 for id_ in index.values()):
        raise ModelError(f'{name} is no word_index: it must read like {{"the": 1, "of": 2}}')
    words = {id_: word for word, id_ in index.items()}
    if len(words) != len(index):
        raise ModelError(f"{name}: two words of its word_index have one id")
    return words
