"""Commands that show what else could have come, and take it."""

import re

from rich.console import Group, RenderableType

from core.errors import InputError
from core.insight import tree as trees
from core.insight.why import Choice, explain
from repl import views
from repl.registry import NOTHING, Continue, Rest, Result, registry
from repl.session import Session
from repl.turns import Turn


@registry.command("why", example=":why 3")
def why(session: Session, number: int | None = None, *, top: int = 8) -> Result:
    """Show what each generated word beat.

    With a number, that word in full. Before is the model's own probability; after is what was left of
    it when the filters had run, and cut by names the filter that removed a word. At a terminal :why
    alone opens the line: left and right choose a word, up and down a rival, Enter takes it and goes on
    from there.
    """
    turn = session.turns.require()
    choices = _choices(session, turn, top)
    if not choices:
        raise InputError("the current line has no generated word")
    if number is None and session.interactive and not session.plain:
        from repl.chooser import choose

        pieces = [word.piece for word in turn.line.words]
        seed = turn.line.text.removesuffix("".join(pieces))
        taken = choose(seed, pieces, choices, theme=session.theme)
        return _branched(session, turn, *taken) if taken else None
    from repl.pictures.why import line_table, word_table

    if number is None:
        return line_table(choices)
    return word_table(_at(choices, number))


@registry.command("branch", example=":branch 3 senate")
def branch(session: Session, number: int, word: str) -> Continue:
    """Take another word, and go on from there.

    The words before it stay; the random numbers of the words after it stay too, so what changes is due
    to the word. A line that was found by search is searched for anew. Words are counted as :why does:
    those that came last, and not those of a line that it went on from.
    """
    turn = session.turns.require()
    vocabulary = session.generator_of(turn).vocabulary
    if not 1 <= number <= len(turn.line.words):
        raise InputError(f"the current line has {len(turn.line.words)} words, so none is {number}")
    if not vocabulary.knows(word):
        raise InputError(f"{word!r} is no word of the model; :why {number} shows some that are")
    return _branched(session, turn, number, vocabulary.ids[word])


@registry.command("tree", example=":tree 3 4 the senate")
def tree(session: Session, depth_width_seed: Rest = NOTHING) -> RenderableType:
    """Show the tree of likely continuations.

    The likeliest words after the current line's seed, or one of your own, and after those, and so on:
    3 words deep and 2 wide, or as deep and as wide as you say. Each word has its own probability and
    that of the path to it; what is not shown is counted.
    """
    from repl.pictures.tree import picture

    sizes, seed = _numbers_first(depth_width_seed, 2)
    generator = session.require_generator()
    read = generator.read_seed(seed or session.turns.require().line.seed.text)
    drawn = picture(trees.grow(generator, read, (), *sizes))
    notice = views.unknown_words(read, generator)
    return Group(notice, drawn) if notice else drawn


def _numbers_first(text: str, most: int) -> tuple[list[int], str]:
    """Take up to `most` whole numbers from the beginning of a text; return them and the rest."""
    numbers: list[int] = []
    while len(numbers) < most and (found := re.match(r"(-?\d{1,9})(?:\s+|$)", text)):
        numbers.append(int(found[1]))
        text = text[found.end() :]
    return numbers, text


def _choices(session: Session, turn: Turn, top: int) -> list[Choice]:
    ids = [word.id for word in turn.line.words]
    if top < 1:
        raise InputError(f"--top must be at least 1, not {top}")
    generator = session.generator_of(turn)
    return list(explain(generator, turn.line.seed, ids, top))


def _at(choices: list[Choice], number: int) -> Choice:
    if not 1 <= number <= len(choices):
        raise InputError(f"the current line has {len(choices)} generated words, so none is {number}")
    return choices[number - 1]


def _branched(session: Session, turn: Turn, number: int, id_: int) -> Continue:
    session.must_be_loaded(turn)
    kept = tuple(word.id for word in turn.line.words[: number - 1])
    alone = turn.settings.change(samples=1)
    return Continue(turn.line.seed, (*kept, id_), turn.parent, alone, turn.line.sample)
