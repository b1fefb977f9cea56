"""Commands that show what else could have come, and take it."""

import re
from typing import Annotated

from rich.console import Group, RenderableType
from rich.text import Text

from core.errors import InputError
from core.insight import tree as trees
from core.insight.why import Choice, explain
from core.text.pieces import BEGINS
from core.text.vocabulary import Vocabulary
from repl import views
from repl.arguments import NOTHING, Option, Rest
from repl.registry import Continue, Result, registry
from repl.session import Session
from repl.turns import Turn

GROUP = "looking"

Top = Annotated[int, Option("how many words to show that it beat")]


@registry.command("why", example=":why 3", needs="line")
def why(session: Session, number: int | None = None, *, top: Top = 8) -> Result:
    """Show what each generated word beat.

    With a number, that word in full. New words are numbered from 1 at the first after the seed, and of
    a line that went on from another (:more), at the first after that one; :branch counts the same way.
    At a terminal :why alone opens the line: left and right choose a word, up and down a rival, Enter
    takes it and goes on from there.

    Before is the model's own probability; after is what was left of it when the filters had run, and
    cut by names the filter that removed a word. The last line counts the words that each filter left;
    bans are what may never be said, such as <unk>. Where models take turns, it is told whose turn a
    word was.
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
        told = "the numbers are those of :why NUMBER and :branch NUMBER WORD"
        return Group(line_table(choices), Text(told, "muted"))
    _check_number(turn, number)
    other = Text(f":branch {number} WORD takes another word here", "muted")
    return Group(word_table(choices[number - 1]), other)


@registry.command("branch", example=":branch 3 senate", needs="line")
def branch(session: Session, number: int, word: str) -> Continue:
    """Take another word, and go on from there.

    The words before it stay; the random numbers of the words after it stay too, so what changes is due
    to the word. With beam or must the rest is searched for anew, so all of it may change. The number is
    the one that :why shows: new words are numbered from 1 at the first after the seed, and of a line
    that went on from another (:more), at the first after that one. A model of pieces (bpe) takes a
    piece as :why shows it, and _the for one that begins a word.
    """
    turn = session.turns.require()
    vocabulary = session.generator_of(turn).vocabulary
    _check_number(turn, number)
    id_ = _said(vocabulary, word)
    if id_ is None:
        raise InputError(f"{word!r} is no word of the model; :why {number} shows some that are")
    return _branched(session, turn, number, id_)


def _said(vocabulary: Vocabulary, word: str) -> int | None:
    """Return the id of a word that the model can say; a piece of one may be meant."""
    if not vocabulary.by_pieces:
        return vocabulary.ids[word] if vocabulary.knows(word) else None
    meant = BEGINS + word[1:] if word.startswith("_") else word
    found = (vocabulary.ids.get(piece) for piece in (meant, word, BEGINS + word))
    return next((id_ for id_ in found if id_ is not None and id_ not in vocabulary.special_ids), None)


@registry.command("tree", example=":tree 3 4 the senate", needs="model")
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


def _check_number(turn: Turn, number: int) -> None:
    count = len(turn.line.words)
    if not 1 <= number <= count:
        words = "new word" if count == 1 else "new words"
        raise InputError(f"the current line has {count} {words}, so there is no word {number}")


def _branched(session: Session, turn: Turn, number: int, id_: int) -> Continue:
    session.must_be_loaded(turn)
    kept = tuple(word.id for word in turn.line.words[: number - 1])
    alone = turn.settings.change(samples=1)
    if alone.beam or alone.must:  # whose random numbers are of all lines they try, not of one's words
        told = "a search found this line, and searches anew for what follows: all of it may differ"
        session.tell(Text(told, "notice"))
    return Continue(turn.line.seed, (*kept, id_), turn.parent, alone, turn.line.sample)
