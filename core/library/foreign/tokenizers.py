"""Which word is which id: Keras's `Tokenizer`, saved as JSON, as a vocabulary, and ours as its JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError, ModelNotFound
from core.text.cleaning import KERAS_FILTERS
from core.text.vocabulary import PADDING, SPECIALS, UNKNOWN, Vocabulary, unused

LARGEST = 256 << 20

CONVERT = (
    "python -c \"import pickle, pathlib; pathlib.Path('tokenizer.json').write_text("
    "pickle.load(open('{name}', 'rb')).to_json())\""
)


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The words of a Keras `Tokenizer` by id (from 1), and the word that stands for unknown ones."""

    words: Mapping[int, str]
    unknown: str | None

    def vocabulary(self, size: int) -> Vocabulary:
        """Return the vocabulary of a network with `size` rows; rows without a word are never used.

        Raises:
            ModelError: a word has a name that Headlong uses itself.
        """
        tokens = [PADDING]
        for id_ in range(1, size):
            word = self.words.get(id_)
            if word is not None and word == self.unknown:
                word = UNKNOWN
            elif word in SPECIALS:
                raise ModelError(f"the tokenizer has a word {word!r}, a name that Headlong needs")
            tokens.append(unused(id_) if word is None else word)
        return Vocabulary(tuple(tokens))


def read_tokenizer(path: Path) -> Tokenizer:
    """Read `tokenizer.to_json()`, or a plain `word_index`, from a JSON file.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: a pickle, no JSON, or no tokenizer of words as the tutorial makes it.
    """
    if not path.is_file():
        raise ModelNotFound(f"there is no file {path}; check the name")
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path.name} is larger than the {LARGEST:,} bytes a tokenizer can need")
    content = path.read_bytes()
    if content[:1] in (b"\x80", b"(", b"c"):
        raise ModelError(
            f"{path.name} is a pickle, which can run any program when it is opened; "
            f"where you trust it, convert it with: {CONVERT.format(name=path.name)}"
        )
    try:
        record = json.loads(content)
        if isinstance(record, str):  # to_json() written with json.dump once more
            record = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise ModelError(f"{path.name} is no tokenizer: it holds no JSON object")
    if record.get("class_name") == "Tokenizer":
        return _from_config(path.name, record.get("config"))
    return Tokenizer(_words(path.name, record), None)


def word_index(vocabulary: Vocabulary) -> bytes:
    """Return the words of a vocabulary with their ids as JSON, such as `read_tokenizer` reads.

    Padding, id 0, is not among them.
    """
    index = {token: id_ for id_, token in enumerate(vocabulary.tokens) if id_}
    return json.dumps(index).encode()


def _from_config(name: str, config: Any) -> Tokenizer:
    if not isinstance(config, dict):
        raise ModelError(f"{name} is a tokenizer without a configuration")
    expected = {"filters": KERAS_FILTERS, "lower": True, "split": " ", "char_level": False}
    for key, value in expected.items():
        if config.get(key, value) != value:
            raise ModelError(
                f"{name} is a tokenizer with {key}={config[key]!r}; "
                f"Headlong imports those with {key}={value!r}"
            )
    index = config.get("word_index")
    try:
        index = json.loads(index) if isinstance(index, str) else index
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: its word_index is not JSON ({error})") from error
    unknown, limit = config.get("oov_token"), config.get("num_words")
    words = _words(name, index)
    if isinstance(limit, int):  # num_words=1000 reads the ids below 1000
        words = {id_: word for id_, word in words.items() if id_ < limit}
    return Tokenizer(words, unknown if isinstance(unknown, str) else None)


def _words(name: str, index: Any) -> dict[int, str]:
    if not isinstance(index, dict) or not index:
        raise ModelError(f"{name} has no word_index")
    if not all(type(id_) is int and id_ > 0 for id_ in index.values()):
        raise ModelError(f'{name} is no word_index: it must read like {{"the": 1, "of": 2}}')
    words = {id_: word for word, id_ in index.items()}
    if len(words) != len(index):
        raise ModelError(f"{name}: two words of its word_index have one id")
    return words
