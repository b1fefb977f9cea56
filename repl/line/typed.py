"""What was typed, taken apart with the places of its parts, as `loop` and `registry` would read it.

Nothing here is run, looked up or judged. All places are offsets into the text that was given.
"""

import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from repl.arguments import ENDS_OPTIONS, WORD, unquoted
from repl.script import is_command, seed_in


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
    for line in text.split("\n"):  # and nowhere else, as what runs them does
        at += len(line)
        if line.strip():
            seed = seed_in(line)
            yield Line(seed, at - len(seed), is_command(line))
        at += 1


def name_of(line: Line) -> Word:
    """Return the name of a command line's command, which may be empty, without its colon."""
    start = re.match(r":\s*", line.text).end()  # type: ignore[union-attr]  # it begins with a colon
    name = line.text[start:].rstrip().partition(" ")[0]
    return Word(name, line.start + start, line.start + start + len(name))


def arguments_of(line: Line, name: Word, before: int | None = None) -> list[Word]:
    """Return the words after a command's name, with the `--` that ends the options.

    Args:
        line: a command line.
        name: its name, as `name_of` gives it.
        before: for a command that takes the rest of the line as it is: the words before that.

    Raises:
        ValueError: the line ends in a backslash.
    """
    start = name.end - line.start
    rest = line.text[start:].rstrip()
    if before is not None:
        words = list(_before_rest(rest, before))
    else:
        try:
            words = _unquoted(rest)
        except ValueError as error:
            if "quotation" not in str(error):
                raise
            words = [Word(match[0], *match.span()) for match in re.finditer(r"\S+", rest)]
    begin = line.start + start
    return [Word(word.text, begin + word.start, begin + word.end) for word in words]


def _before_rest(text: str, before: int) -> Iterator[Word]:
    at, count, options = _blank(text, 0), 0, True
    while at < len(text) and count <= before:
        if options and text[at:].split(maxsplit=1)[0] == ENDS_OPTIONS:
            options = False
            end = at + len(ENDS_OPTIONS)
            yield Word(ENDS_OPTIONS, at, end)
        else:
            found = WORD.match(text[at:]) if count < before else None
            end = at + found.end() if found else len(text)
            count += 1
            yield Word(unquoted(text[at:end]) if count <= before else text[at:end], at, end)
        at = _blank(text, end)


def _blank(text: str, start: int) -> int:
    """Return where the blanks end that begin at `start`."""
    return len(text) - len(text[start:].lstrip())


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
        words.append(Word(word, start, end - (text[end - 1] in lexer.whitespace)))
    return words
