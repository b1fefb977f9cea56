"""Structured corruption: good files in, files that somebody who knows the format has spoilt out."""

import json
import struct
from typing import Any

from hypothesis import strategies as st

from tests.core.library.hostile import ESCAPE, MANIFEST, VOCABULARY, WEIGHTS, Files, sealed

NUMBERS = st.sampled_from(
    [0, -1, 1, 2, 7, 8, 1024, 4096, 10**6, 10**9, 2**31, 2**63, 10**40, 0.5, 1e308]
)
TEXTS = st.sampled_from(
    [
        "",
        "lstm",
        "window",
        "word",
        "<s>",
        "<pad>",
        "the",
        "F16",
        "a" * 3000,
        ESCAPE,
        "\ud800",
        "\u202e[/b]",
    ]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.text() | st.integers() | st.floats()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


class Content(bytes):
    """Bytes that do not fill the screen when a test fails."""

    def __repr__(self) -> str:
        return f"Content of {len(self):,} bytes"


class Spoilt(dict[str, bytes]):
    """Files whose weights do not fill the screen when a test fails; `print` shows the rest."""

    def __repr__(self) -> str:
        return (
            f"Spoilt({ ({name: content[:600] for name, content in self.items() if name != WEIGHTS}) })"
        )


@st.composite
def spoilt(draw: st.DrawFn, good: Files) -> Spoilt:
    """Change one to three things in the files of a model; most have the right hashes afterwards."""
    files = dict(good)
    changed = {}
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([MANIFEST, VOCABULARY, WEIGHTS, "card.md"]))
        if name == MANIFEST:
            changed = draw(spoilt_json(changed or json.loads(files[MANIFEST])))
        elif name == VOCABULARY:
            files[name] = draw(spoilt_content(files[name]))
        else:
            files[name] = draw(spoilt_weights(files[name]) | spoilt_bytes(files[name]))
    if changed and not isinstance(changed.get("architecture", {}), dict):
        changed.pop("architecture")
    if draw(st.integers(0, 9)) == 0:
        files[MANIFEST] = draw(spoilt_bytes(files[MANIFEST]))
        return Spoilt(files)
    return Spoilt(sealed(files, **{k: v for k, v in changed.items() if k != "sha256"}))


def parsed(content: bytes) -> Any:
    """Return JSON, or None where an earlier change has left none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


@st.composite
def spoilt_json(draw: st.DrawFn, record: Any) -> Any:
    """Replace, remove or add one value somewhere in a JSON value."""
    if not isinstance(record, dict | list) or not record or draw(st.integers(0, 3)) == 0:
        return record if isinstance(record, dict) and record else draw(JSON)
    copy = record.copy()
    key = draw(st.sampled_from(list(copy) if isinstance(copy, dict) else range(len(copy))))
    how = draw(st.sampled_from(["deeper", "deeper", "replace", "remove", "add"]))
    if how == "deeper":
        copy[key] = draw(spoilt_json(copy[key]))
    elif how == "replace":
        copy[key] = draw(JSON)
    elif how == "remove":
        del copy[key]
    elif isinstance(copy, dict):
        copy[draw(TEXTS)] = draw(JSON)
    else:
        copy.insert(key, draw(JSON))
    return copy


@st.composite
def spoilt_content(draw: st.DrawFn, content: bytes) -> bytes:
    """Spoil a JSON file as JSON, or byte by byte."""
    record = parsed(content)
    if record is None or draw(st.integers(0, 3)) == 0:
        return draw(spoilt_bytes(content))
    return json.dumps(draw(spoilt_json(record))).encode()


@st.composite
def spoilt_weights(draw: st.DrawFn, content: bytes) -> bytes:
    """Spoil the header of a safetensors file as JSON; the numbers stay."""
    size = int.from_bytes(content[:8], "little")
    text = draw(spoilt_content(content[8 : 8 + size]))
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


@st.composite
def spoilt_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Flip, cut, repeat or insert some bytes."""
    if not content:
        return draw(st.binary(max_size=20))
    place = draw(st.integers(0, len(content) - 1))
    how = draw(st.sampled_from(["flip", "cut", "repeat", "insert"]))
    if how == "flip":
        flipped = bytes([content[place] ^ draw(st.integers(1, 255))])
        return content[:place] + flipped + content[place + 1 :]
    if how == "cut":
        return content[:place]
    if how == "repeat":
        return content[:place] + content[place // 2 :]
    return content[:place] + draw(st.binary(min_size=1, max_size=20)) + content[place:]
