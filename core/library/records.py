"""model.json and vocabulary.json: what they say, checked, as a manifest and a vocabulary; and back."""

import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import SettingError
from core.library.limits import WORDS
from core.library.model import Manifest
from core.setting import settings_of
from core.settings import MOST_NETWORKS, ModelSettings
from core.text.cleaning import CLEANINGS
from core.text.labels import LONGEST, MOST
from core.text.levels import LEVELS
from core.text.pieces import BYTES
from core.text.vocabulary import END, PADDING, SPECIALS, UNKNOWN, Vocabulary

Record = Mapping[str, Any]

FORMAT = "headlong-model/1"
ROLES = {"end_token": END, "unknown_token": UNKNOWN}

_NEWER = re.compile(r"headlong-model/(?!1$)[1-9]\d{0,3}")


class WrongRecord(ValueError):
    """A record that does not say what it must say."""


def is_newer(record: Record) -> bool:
    """Say whether a newer version of Headlong wrote this, in a format that came later than ours."""
    declared = record.get("format")
    return isinstance(declared, str) and _NEWER.fullmatch(declared) is not None


def read_manifest(record: Record) -> Manifest:
    """Return what model.json says.

    Raises:
        WrongRecord: something is missing, of the wrong type or out of bounds.
    """
    if not _is_text(json.dumps(record, ensure_ascii=False)):
        raise WrongRecord("it holds half a character")
    declared = record.get("format")
    if declared != FORMAT:
        raise WrongRecord(f"its format is {declared!r:.60}, and this program reads {FORMAT!r}")
    manifest = Manifest(
        name=_typed(record, "name", str),
        cleaning=_typed(record, "cleaning", str),
        architecture=_architecture(_typed(record, "architecture", dict)),
        vocabulary=_typed(record, "vocabulary", int),
        level=_typed(record, "level", str),
        training=_typed(record, "training", dict),
        corpus=_typed(record, "corpus", dict),
        metrics=_typed(record, "metrics", dict),
        created=_typed(record, "created", str),
        ngram_weight=_share(record, "ngram_weight"),
        networks=_networks(record),
    )
    if not 2 <= manifest.vocabulary <= WORDS:
        raise WrongRecord(f"a vocabulary has from 2 to {WORDS:,} tokens, not {manifest.vocabulary:,}")
    wrong = manifest.cleaning not in CLEANINGS or manifest.level not in LEVELS
    if wrong or (manifest.level, manifest.cleaning) == ("bpe", "characters"):
        raise WrongRecord(f"its text is {manifest.level!r:.60}, {manifest.cleaning!r:.60}")
    return manifest


def _architecture(record: Record) -> ModelSettings:
    known = settings_of(ModelSettings)
    for name in record:
        if name not in known:
            raise WrongRecord(f"there is no setting {name!r:.60}")
    try:
        shape = ModelSettings.from_json(record)
    except SettingError as error:
        raise WrongRecord(str(error)) from error
    if shape.attention and (shape.context != "window" or shape.tied or shape.masked):
        raise WrongRecord("it declares an attention that is tied, masked or without a window")
    if shape.context == "window" and shape.window is None:
        raise WrongRecord("it does not say how many words its window holds")
    return shape


def _is_text(text: str) -> bool:
    """Say whether a string is some text that can be written: JSON can hold half of a character."""
    if text.isascii():
        return text != ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _typed(record: Record, name: str, kind: type) -> Any:
    value = record.get(name)
    if type(value) is not kind:
        raise WrongRecord(f"{name} must be {kind.__name__}, not {value!r:.60}")
    return value


def _share(record: Record, name: str) -> float | None:
    """Return a number from 0 to 1 that may be missing."""
    value = record.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise WrongRecord(f"{name} must be a number from 0 to 1, not {value!r:.60}")
    return float(value)


def _networks(record: Record) -> int:
    """Return how many networks there are, one where nothing is said."""
    value = record.get("networks", 1)
    if type(value) is not int or not 1 <= value <= MOST_NETWORKS:
        raise WrongRecord(f"networks must be a number from 1 to {MOST_NETWORKS}, not {value!r:.60}")
    return value


def read_vocabulary(record: Record, manifest: Manifest) -> Vocabulary:
    """Return what vocabulary.json says, which must be what model.json tells of it.

    Raises:
        WrongRecord: tokens are fewer or more, one stands twice, or they are no vocabulary.
    """
    size = manifest.vocabulary
    tokens, roles = record.get("tokens"), {role: record.get(role, ROLES[role]) for role in ROLES}
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise WrongRecord("it has no list of tokens")
    if not all(isinstance(token, str) and token in SPECIALS for token in roles.values()):
        raise WrongRecord("it gives a role to a token that can have none")
    if len(tokens) != size:
        raise WrongRecord(f"it holds {len(tokens):,} tokens, not {size:,}")
    if not all(map(_is_text, tokens)):
        raise WrongRecord("a token of it is empty, or holds half a character")
    vocabulary = Vocabulary(tuple(tokens), **roles, by_pieces=manifest.level == "bpe")
    if len(vocabulary.ids) != size:
        raise WrongRecord("a token stands in it twice")
    if len(vocabulary.labels) > MOST or max(map(len, vocabulary.labels), default=0) > LONGEST:
        raise WrongRecord(
            f"it holds more than {MOST:,} labels, or one of more than {LONGEST} characters"
        )
    if tokens[0] != PADDING or size == len(vocabulary.special_ids):
        raise WrongRecord(f"it must begin with {PADDING} and hold words")
    if vocabulary.by_pieces:
        _check_pieces(vocabulary, manifest.architecture)
    return vocabulary


def _check_pieces(vocabulary: Vocabulary, shape: ModelSettings) -> None:
    for token in BYTES:
        if token not in vocabulary.ids:
            raise WrongRecord(f"a model of level bpe reads every byte, and it lacks {token}")
    if shape.context == "stream" and None in (vocabulary.start, vocabulary.end, vocabulary.unknown):
        signs = ", ".join(SPECIALS[1:])
        raise WrongRecord(f"a stream of level bpe needs the signs {signs}")


def manifest_record(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as model.json holds it; the other files' hashes are still to come."""
    ngrams = {} if manifest.ngram_weight is None else {"ngram_weight": manifest.ngram_weight}
    networks = {} if manifest.networks == 1 else {"networks": manifest.networks}
    return {
        "format": FORMAT,
        "name": manifest.name,
        "created": manifest.created,
        "level": manifest.level,
        "cleaning": manifest.cleaning,
        "vocabulary": manifest.vocabulary,
        "architecture": manifest.architecture.to_json(),
        **networks,
        **ngrams,
        "training": dict(manifest.training),
        "corpus": dict(manifest.corpus),
        "metrics": dict(manifest.metrics),
    }


def vocabulary_record(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return a vocabulary as vocabulary.json holds it."""
    record: dict[str, Any] = {"tokens": list(vocabulary.tokens)}
    for role, usual in ROLES.items():
        if getattr(vocabulary, role) != usual:
            record[role] = getattr(vocabulary, role)
    return record
