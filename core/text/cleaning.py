"""Named cleanings: how a raw line becomes words, and how words become a readable line again."""

import re
import string
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.errors import SettingError


@dataclass(frozen=True)
class Cleaning:
    """One way from lines to words and back; where a model goes by pieces of words, to those.

    `split` turns a raw line into words. `piece` says what to add to a text to append a word to it: the
    word with the space, or none, that belongs before it. With `title_case` the finished line is shown
    as the tutorial's `generate_text` gives it, through `str.title`.
    """

    name: str
    split: Callable[[str], list[str]]
    piece: Callable[[str, str], str]
    title_case: bool = False

    def join(self, seed: str, words: Iterable[str]) -> str:
        """Return `seed` continued by `words` as a person should see it."""
        text = seed
        for word in words:
            text += self.piece(text, word)
        return self.show(text)

    def show(self, text: str) -> str:
        """Return a line, or a part of one that begins at a word, as a person should see it."""
        return text.title() if self.title_case else text

    def show_after(self, text: str, piece: str) -> str:
        """Return what is added to a text as a person should see it: no capital within a word."""
        before = text[-1:]
        return self.show(before + piece)[len(self.show(before)) :]


def _spaced(text: str, word: str) -> str:
    return f" {word}" if text and not text[-1].isspace() else word


# --- tutorial -----------------------------------------------------------------------------------

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _split_tutorial(line: str) -> list[str]:
    """Delete ASCII punctuation, lower-case, then drop what is not ASCII, in the tutorial's order."""
    lowered = line.translate(_PUNCTUATION).lower()
    return lowered.encode("utf8").decode("ascii", "ignore").split()


# --- keras --------------------------------------------------------------------------------------

KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
"""What Keras's `Tokenizer` takes for blanks unless it is told otherwise; no apostrophe."""

_KERAS_BLANKS = str.maketrans(dict.fromkeys(KERAS_FILTERS, " "))


def _split_keras(line: str) -> list[str]:
    """Lower-case, turn the filters into spaces, cut at spaces: Keras's `text_to_word_sequence`."""
    return _split_keras_cased(line.lower())


def _split_keras_cased(line: str) -> list[str]:
    """The same with `lower=False`."""
    return _split_spaces(line.translate(_KERAS_BLANKS))


def _split_keras_unfiltered(line: str) -> list[str]:
    """The same with `filters=''`: punctuation, tabs and line ends belong to their words."""
    return _split_spaces(line.lower())


def _split_spaces(line: str) -> list[str]:
    return [word for word in line.split(" ") if word]


# --- textgenrnn, at word level ------------------------------------------------------------------

_SET_APART = re.compile(r"""([!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~\n\t'‘’“”–—])""")
_NO_SPACE_BEFORE = frozenset("!%),.:;?@]_}\n\t'")
_NO_SPACE_AFTER = frozenset("$([_\n\t'")


def _split_textgenrnn(line: str) -> list[str]:
    """Set punctuation apart, lower-case, cut at blanks, as textgenrnn 2.0.0 does with a prefix."""
    return _SET_APART.sub(r" \1 ", line).lower().split()


def _piece_textgenrnn(text: str, word: str) -> str:
    """Put words together as textgenrnn does when it is done; straight quotes come in pairs."""
    quoted = text.count('"') % 2 == 1
    joined = (
        not text
        or text[-1] in _NO_SPACE_AFTER
        or word in _NO_SPACE_BEFORE
        or (quoted and (word == '"' or text[-1] == '"'))
    )
    return word if joined else f" {word}"


# --- what plain and cased share -----------------------------------------------------------------

# Soft hyphens only say where a word may be cut, so they go.
_STRAIGHT = str.maketrans(
    {"\u00ad": None} | {"‘": "'", "’": "'", "ʼ": "'", "‛": "'", "“": '"', "”": '"', "„": '"'}
)


@lru_cache(maxsize=65_536)
def _shape(character: str) -> str:
    """Return a digit's 0, a letter's w, a mark's m, a joiner's j, a blank's space, or the character.

    Marks are vowels in many scripts, and joiners change words; both only ever follow something.
    """
    category = unicodedata.category(character)
    if character in "\u200c\u200d":
        return "j"
    if category == "Nd":
        return "0"
    if category[0] in "LNM":
        return "m" if category[0] == "M" else "w"
    return " " if character.isspace() or category[0] == "C" else character


def _shapes(text: str) -> str:
    """Return one shape a character: what the patterns below match, whatever the script."""
    return "".join(map(_shape, text))


# --- plain --------------------------------------------------------------------------------------

# don't, A&P, U.S, 1,200, 2.5
_PLAIN_WORD = re.compile(r"[w0][w0mj]*(?:['&.](?=[w0])[w0mj]+|(?<=0),(?=0)[w0mj]+)*")


def _split_plain(line: str) -> list[str]:
    """Straighten quotes, normalise (NFKC), lower-case, keep letters of every script."""
    text = unicodedata.normalize("NFKC", line.translate(_STRAIGHT)).lower()
    return [text[slice(*match.span())] for match in _PLAIN_WORD.finditer(_shapes(text))]


# --- cased --------------------------------------------------------------------------------------

_CASED_TOKEN = re.compile(
    # as above, and so-so, and/or, '90s, workers', C#
    r"(?:(?<![w0])'(?=0))?[w0][w0mj]*(?:['&./\-](?=[w0])[w0mj]+|(?<=0),(?=0)[w0mj]+)*(?:'|[#+]+)?"
    r"|\.{3}|--"
    r"|[^ mj](?:m*j[^ w0mj])*m*"  # any other character, with what is joined to it, as emoji are
)
_CLOSING = ("”", "’", ".", ",", ":", ";", "!", "?", ")", "]", "}", "%", "…")
_OPENING = ("“", "‘", "(", "[", "{")
_BEFORE_A_NUMBER = ("$", "£", "€", "#")


def _split_cased(line: str) -> list[str]:
    """Normalise (NFC) and take words and marks as tokens, every quote as opening or closing.

    Quotes come out curly, whichever kind the line has, because the two sides of a curly pair can be
    told apart when the line is put together again; beside wide letters, which have no blanks between
    them, they open and close in turns. Apostrophes inside words come out straight.
    """
    text = unicodedata.normalize("NFC", line.translate(_STRAIGHT))
    shapes = _shapes(text)
    tokens: list[str] = []
    quoted = False  # a single quote is open, so the next one after a word closes it
    opened = 0  # double quotes that are open
    for match in _CASED_TOKEN.finditer(shapes):
        token, start = text[slice(*match.span())], match.start()
        after_blank = start == 0 or shapes[start - 1] in ' (["-'
        if token == '"':
            opens = after_blank and bool(shapes[start + 1 : start + 2].strip())
            if is_wide(text[start - 1 : start]) or is_wide(text[start + 1 : start + 2]):
                opens = opened <= 0
            opened += 1 if opens else -1
            token = "“" if opens else "”"
        elif token == "'":
            quoted = after_blank
            token = "‘" if quoted else "’"
        elif token.endswith("'") and quoted:
            tokens.append(token[:-1])
            quoted, token = False, "’"
        tokens.append(token)
    return tokens


def is_wide(character: str) -> bool:
    """Say whether a character is as wide as two, such as those of Chinese; nothing is not."""
    return character != "" and unicodedata.east_asian_width(character) in "WF"


def _touches(before: str, after: str) -> bool:
    """Say whether a wide mark stands between two words, or a quote beside a wide letter."""
    marks = [character for character in (before, after) if unicodedata.category(character)[0] == "P"]
    return any(map(is_wide, (before, after) if set(marks) & set("“”‘’") else marks))


def _piece_cased(text: str, word: str) -> str:
    """Put no space before closing marks nor after opening ones, and none beside wide marks."""
    if text and _touches(text[-1], word[0]):
        return word
    if text.endswith(_BEFORE_A_NUMBER) and text[-2:-1] in ("", " ", *_OPENING):
        joined = word[0].isdigit()
    else:
        joined = not text or text[-1].isspace() or text.endswith(_OPENING)
    return word if joined or word.startswith(_CLOSING) else f" {word}"


CLEANINGS = {
    cleaning.name: cleaning
    for cleaning in (
        Cleaning("tutorial", _split_tutorial, _spaced, title_case=True),
        Cleaning("keras", _split_keras, _spaced, title_case=True),
        Cleaning("keras_cased", _split_keras_cased, _spaced),
        Cleaning("keras_unfiltered", _split_keras_unfiltered, _spaced, title_case=True),
        Cleaning("keras_cased_unfiltered", _split_spaces, _spaced),
        Cleaning("plain", _split_plain, _spaced),
        Cleaning("cased", _split_cased, _piece_cased),
        Cleaning("characters", list, lambda text, character: character),
        Cleaning("textgenrnn", _split_textgenrnn, _piece_textgenrnn),
    )
}


def cleaning(name: str) -> Cleaning:
    """Return the cleaning called `name`.

    Raises:
        SettingError: there is none.
    """
    if name not in CLEANINGS:
        raise SettingError(f"there is no cleaning {name!r}; there are {', '.join(CLEANINGS)}")
    return CLEANINGS[name]
