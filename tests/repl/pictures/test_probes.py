import io
from dataclasses import replace

from core.insight.evolution import Spoken, chosen
from core.training.history import from_json, to_json
from repl.pictures.epochs import Evolution
from repl.pictures.history import HistoryView
from repl.pictures.probes import Lines, Said, pieces, runs, some
from tests.repl.conftest import console
from tests.repl.pictures.test_history import THREE


def drawn(picture: object, width: int = 80) -> list[str]:
    screen = console(width)
    screen.print(picture)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def test_neighbours_that_say_the_same_are_one_row() -> None:
    said = [Said(1, 1, "a"), Said(2, 2, "a", True, "9"), Said(3, 3, "b"), Said(4, 4, "a")]
    assert runs(said) == [Said(1, 2, "a", True, "9"), Said(3, 3, "b"), Said(4, 4, "a")]
    assert [each.epochs for each in runs(said)] == ["*1-2", "3", "4"]


def test_of_very_many_rows_some_are_shown() -> None:
    said = [Said(n, n, str(n)) for n in range(100)]
    assert [each.first for each in some(said, 4)] == [0, 33, 66, 99]
    assert some(said[:4], 4) == said[:4]


def test_words_that_the_row_above_lacks_there_are_marked() -> None:
    assert pieces(" war on a", " war a") == [(" war", False), (" on", True), (" a", False)]
    assert pieces(" war", None) == [(" war", False)]


def test_rows_are_drawn_below_each_other() -> None:
    rows = [Said(1, 9, "the war"), Said(10, 10, "the war \x1b[31m on", True)]
    assert drawn(Lines("the", rows)) == ["1-9  the war", "*10  the war [�[31m on]"]


def test_the_history_shows_the_same_seed_after_each_epoch() -> None:
    lines = ["the", "the war", "the war"]
    epochs = [replace(e, probes={"the": line}) for e, line in zip(THREE, lines, strict=True)]
    view = HistoryView("m", from_json(to_json(epochs)), 2)
    assert drawn(view)[-3:] == ["the after each epoch", "   1  the", "*2-3  the [war]"]
    assert drawn(view, 40)[-3:] == drawn(view)[-3:]


def test_epochs_stand_below_each_other_with_their_perplexities() -> None:
    spoken = [Spoken(1, "the the", 100.0), Spoken(2, "the war", 10.0), Spoken(3, "the war", 46.4)]
    picture = Evolution("mine", "the", spoken, 1, ["greedy"])
    assert drawn(picture) == [
        "epoch             perplexity",
        "   *1  the the         100.0",
        "  2-3  the [war]        46.4",
        "[like this] is not as in the row above",
        "* mine itself, the best on held-out lines",
        "mine · greedy",
    ]
    assert drawn(picture, 40)[:2] == [" *1  the the", "2-3  the [war]"]


def test_epochs_that_all_say_the_same_are_told_so() -> None:
    told = drawn(Evolution("mine", "the", [Spoken(1, "the", None), Spoken(2, "the", None)], None))
    assert told == ["1-2  the", "every epoch says the same", "mine"]


def test_of_very_many_epochs_some_are_asked_the_best_among_them() -> None:
    asked = chosen(list(range(1, 101)), 51)
    assert (len(asked), asked[0], asked[-1]) == (16, 1, 100)
    assert 51 in asked
    assert chosen([1, 5], 5) == [1, 5]
