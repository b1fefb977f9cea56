"""What was typed, taken apart with the places of its parts, as `loop` and `registry` would read it.

Nothing here is run, looked up or judged. All places are offsets into the text that was given.
"""

import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """One word of a command line: its text without quotes, and where it stands with them."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One typed line that is not blank: a command, or a seed without the colon that escapes one."""

    text: str
    start: int
    is_command: bool


def typed_lines(text: str) -> Iterator[Line]:
    """Yield the lines of `text`, which are several where they were pasted."""
    at = 0
    for whole in text.splitlines(keepends=True):
        line = whole.splitlines()[0].lstrip()
        if line:
            start = at + whole.index(line[0])
            escaped = line.startswith("::")
            is_command = line.startswith(":") and not escaped
            yield Line(line[escaped:], start + escaped, is_command)
        at += len(whole)


def name_of(line: Line) -> Word:
    """Return the name of a command line's command, which may be empty, without its colon."""
    start = re.match(r":\s*", line.text).end()  # type: ignore[union-attr]  # it begins with a colon
    name = line.text[start:].rstrip().partition(" ")[0]
    return Word(name, line.start + start, line.start + start + len(name))


def arguments_of(line: Line, name: Word, verbatim: int | None = None) -> list[Word]:
    """Return the words after a command's name.

    Args:
        line: a command line.
        name: its name, as `name_of` gives it.
        verbatim: where quotes mean nothing, the number of words; the last one has all that is left.

    Raises:
        ValueError: the line ends in a backslash.
    """
    start = name.end - line.start
    rest = line.text[start:].rstrip()
    begin = line.start + start
    if verbatim is not None:
        words = _cut(rest, verbatim)
    else:
        try:
            words = _unquoted(rest)
        except ValueError as error:
            if "quotation" not in str(error):
                raise
            words = _cut(rest)
    return [Word(word.text, begin + word.start, begin + word.end) for word in words]


def _cut(text: str, most: int = 0) -> list[Word]:
    """Cut at blanks as `str.split` does, into `most` words if that is not 0."""
    words: list[Word] = []
    for match in re.finditer(r"\S+", text):
        if len(words) + 1 == most:
            return [*words, Word(text[match.start() :], match.start(), len(text))]
        words.append(Word(match[0], *match.span()))
    return words


def _unquoted(text: str) -> list[Word]:
    """Cut as `shlex.split` does, whose lexer reads one character at a time."""
    stream = io.StringIO(text, newline="")
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[Word] = []
    end = 0
    while (word := lexer.get_token()) is not None:
        start = end + len(text[end:]) - len(text[end:].lstrip(lexer.whitespace))
        end = stream.tell()  # behind the blank that ended the word, if one did
        words.append(Word(word, start, start + len(text[start:end].rstrip(lexer.whitespace))))
    return words
