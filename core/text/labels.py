"""Context labels: a line's category as a token of its own before its words (Woolf 2018, textgenrnn).

A label's token holds a blank, which no word of a line does, so nothing that is typed is taken for one.
Labels are read and never said: see core.training.batches and core.decoding.generator.
"""

from collections.abc import Iterable, Iterator, Sequence

from core.errors import InputError, SettingError

MOST = 1000
"""Different labels at most; a column of more is no category."""

LONGEST = 100
"""Characters of a label at most."""

SHOWN = 12
"""Labels that are named in a sentence at most."""

ALIKE = 0.5
"""How alike two labels are at least for one to be offered for the other, from 0 to 1."""

_BEFORE, _BEHIND = "<label ", ">"


def label_token(name: str) -> str:
    """Return the token of a label."""
    return f"{_BEFORE}{name}{_BEHIND}"


def is_label(token: str) -> bool:
    """Say whether a token is a label's."""
    return token.startswith(_BEFORE) and token.endswith(_BEHIND)


def label_name(token: str) -> str:
    """Return the label of a token of which `is_label` holds."""
    return token[len(_BEFORE) : -len(_BEHIND)]


def label_of(cell: str) -> str:
    """Return the label that a cell of a table says, its blanks and line ends made single blanks."""
    return " ".join(cell.split())


def words_of(line: Sequence[str]) -> Sequence[str]:
    """Return the words of a line that may begin with its label."""
    return line[1:] if line and is_label(line[0]) else line


def matching(wanted: str, labels: Iterable[str]) -> list[str]:
    """Return the labels that `wanted` may mean: the very one, else those that differ in case alone."""
    there, name = list(labels), label_of(wanted)
    if name in there:
        return [name]
    return [other for other in there if other.casefold() == name.casefold()]


def find(wanted: str, labels: Sequence[str], model: str) -> str:
    """Return the label of a model that is meant, in whatever case it was typed where that tells it.

    Raises:
        SettingError: the model has no labels, or none like that; the message offers the nearest.
    """
    if not labels:
        raise SettingError(
            f"{model} knows no labels; load a model that was trained with --label, or set label to off"
        )
    found = matching(wanted, labels)
    wanted = wanted[:LONGEST]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingError(f"{wanted!r} may be {' or '.join(found)}; type it just as one of them")
    near = _nearest(wanted, labels)
    hint = f"did you mean {near}?" if near else f"there are {listed(labels, SHOWN)}"
    raise SettingError(f"{model} has no label {wanted!r}; {hint}")


def listed(labels: Sequence[str], most: int) -> str:
    """Name the first of some labels, and say how many there are beside."""
    more = f" and {len(labels) - most:,} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _nearest(wanted: str, labels: Sequence[str]) -> str | None:
    """Return the label that begins so, else the one that is spelt most like it, if any is."""
    from rapidfuzz import process  # only what is typed needs it
    from rapidfuzz.distance import OSA

    folded = label_of(wanted).casefold()
    begun = [name for name in labels if folded and name.casefold().startswith(folded)]
    if begun:
        return begun[0]
    there = [name.casefold() for name in labels]
    best = process.extractOne(folded, there, scorer=OSA.normalized_similarity, score_cutoff=ALIKE)
    return None if best is None else labels[best[2]]


class Labels:
    """The labels of a column as its lines are read, counted."""

    def __init__(self, column: str) -> None:
        self._column = column
        self.names: set[str] = set()

    def before(self, cells: Iterable[str]) -> Iterator[tuple[str, ...]]:
        """Yield what stands before the words of each line: its label's token, or nothing.

        Raises:
            InputError: there are too many different labels, or one is too long.
        """
        for cell in cells:
            name = label_of(cell)
            if name and name not in self.names:
                self._add(name)
            yield (label_token(name),) if name else ()

    def _add(self, name: str) -> None:
        if len(name) > LONGEST:
            raise InputError(
                f"the label column {self._column!r} holds a text of {len(name):,} characters, "
                f"{name[:30]!r}..., and a label has {LONGEST} at most; name a column of categories"
            )
        self.names.add(name)
        if len(self.names) > MOST:
            raise InputError(
                f"the label column {self._column!r} holds more than {MOST:,} different labels, so it "
                "is no category; name another one with --label"
            )
