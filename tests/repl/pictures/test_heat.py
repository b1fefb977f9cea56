"""How likely words were, drawn with colours and without."""

import io
import math

import pytest
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console, RenderableType

from core.errors import SettingError
from core.insight.scoring import Measure, Score, ScoredWord
from repl.pictures.heat import (
    ROWS,
    STYLES,
    Heated,
    Legend,
    WordTable,
    band,
    line,
    measure,
    picture,
    summary,
)
from repl.theme import THEME


def word(text: str, probability: float = 0.5, rank: int = 1, unknown: bool = False) -> ScoredWord:
    return ScoredWord(text.strip(), text, math.log(probability), rank, 1.5, unknown)


LINE = (
    word("The", 0.4, 10),
    word(" senate", 0.04, 11),
    word(" votes", 0.004, 101),
    word(" sideways", 0.0004, 1001),
)


def drawn(
    shown: RenderableType, width: int = 80, colours: bool = False, encoding: str = "utf-8"
) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="")
    system = "256" if colours else None
    console = Console(
        file=file, width=width, color_system=system, force_terminal=colours, theme=THEME, no_color=False
    )
    console.print(shown)
    file.flush()
    file.seek(0)
    return file.read()


@pytest.mark.parametrize("by", ["rank", "probability"])
def test_bands_are_powers_of_ten(by: Measure) -> None:
    assert [band(each, by) for each in LINE] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("rank", "expected"), [(1, 0), (10, 0), (11, 1), (100, 1), (1000, 2), (1001, 3)]
)
def test_a_band_ends_at_its_rank(rank: int, expected: int) -> None:
    assert band(word("x", rank=rank), "rank") == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.1, 0), (0.099, 1), (0.01, 1), (0.001, 2), (0.0009, 3)]
)
def test_a_band_ends_at_its_probability(share: float, expected: int) -> None:
    assert band(word("x", share), "probability") == expected


def test_without_colours_signs_stand_after_the_words() -> None:
    assert drawn(Heated(LINE, "rank")) == "The senate² votes³ sideways⁺\n"
    assert drawn(Legend("rank")) == "rank above 10 ², 100 ³, 1,000 ⁺\n"
    assert drawn(Legend("probability")) == "below 10% ², 1% ³, 0.1% ⁺\n"


def test_where_letters_are_ascii_the_signs_are_too() -> None:
    assert drawn(Heated(LINE, "rank"), encoding="ascii") == "The senate^2 votes^3 sideways^+\n"


def test_with_colours_the_words_are_as_they_are_and_each_band_has_its_style() -> None:
    shown = drawn(Heated(LINE, "rank", given=4), colours=True)
    assert "\x1b[32mThe" in shown
    assert "\x1b[38;5;16;48;5;221msenate" in shown
    assert "\x1b[38;5;231;48;5;160mvotes" in shown
    assert "\x1b[38;5;231;48;5;90msideways" in shown
    assert not any(sign in shown for sign in "²³⁺")
    legend = drawn(Legend("rank"), colours=True)
    assert all(
        name in legend for name in ("top 10", "\x1b[38;5;16;48;5;221mtop 100", "top 1,000", "beyond")
    )
    assert len({str(THEME.styles[style]) for style in STYLES}) == len(STYLES)


@pytest.mark.parametrize("name", STYLES[1:])
def test_coloured_words_can_be_read_on_any_ground(name: str) -> None:
    """The contrast of WCAG 2, at least 4.5 between letters and their own ground."""

    def luminance(color: Color | None) -> float:
        assert color is not None
        parts = [part / 255 for part in color.get_truecolor()]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    style = THEME.styles[name]
    darker, lighter = sorted([luminance(style.color), luminance(style.bgcolor)])
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_console_that_wants_no_colour_gets_signs() -> None:
    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="truecolor", no_color=True, theme=THEME).print(
        Heated(LINE, "rank")
    )
    assert "²" in file.getvalue()


def test_the_models_own_words_are_bright_and_the_spaces_are_not_coloured() -> None:
    shown = drawn(Heated(LINE, "rank", given=2), colours=True)
    assert "\x1b[38;5;16;48;5;221msenate\x1b[0m \x1b[1;38;5;231;48;5;160mvotes" in shown


def test_a_word_that_is_not_known_has_its_own_sign_and_is_named() -> None:
    score = Score(
        (word("zzz", 0.9, 1, unknown=True), word(" war", 0.1)), 2, skipped=("qqq",), left_out=2
    )
    assert drawn(line(score, "rank")) == "zzz? war\n"
    facts, unknown = drawn(summary(score)).splitlines()
    assert facts == "perplexity 3.33 of the whole line · most surprising war 10%, rank 1"
    assert unknown == "unknown (?), 75%: zzz counted as an unknown word; qqq not counted"


def test_words_that_cannot_be_read_stand_in_their_places() -> None:
    unread = ((0, "Qqq"), (1, " qqq"), (4, " zzz"), (4, " qqq"))
    score = Score(LINE, 4, skipped=("qqq", "zzz"), left_out=4, unread=unread)
    assert drawn(line(score, "rank")) == "Qqq?The qqq? senate² votes³ sideways⁺ zzz? qqq?\n"
    rows = [row.split() for row in drawn(picture(score, "rank", table=True)).splitlines()]
    first = rows.index(["word", "probability", "rank", "entropy"]) + 1
    assert rows[first] == ["Qqq?", "–", "–", "–"]
    assert [row[0] for row in rows[first + 1 : first + 4]] == ["The", "qqq?", "senate²"]


@pytest.mark.parametrize(
    ("given", "before", "told"),
    [
        (0, "", "of the whole line"),
        (4, "", "of the whole line"),
        (1, "", "with the seed"),
        (0, "Zzz ", "without the seed"),
    ],
)
def test_a_perplexity_says_which_words_it_counts(given: int, before: str, told: str) -> None:
    assert f" {told} · most surprising" in drawn(summary(Score(LINE, given, before)))


def test_what_was_not_read_stands_before_the_line() -> None:
    assert drawn(line(Score(LINE, 0, "Zzz "), "rank")).startswith("Zzz The senate²")


@pytest.mark.parametrize("width", [80, 40])
def test_a_score_fits(width: int) -> None:
    shown = drawn(picture(Score(LINE, 4), "rank", table=True), width)
    assert all(cell_len(row) <= width for row in shown.splitlines())
    rows = [row.split() for row in shown.splitlines()]
    assert ["word", "probability", "rank", "entropy"] in rows
    assert ["sideways⁺", "0.04%", "1,001", "1.50"] in rows


def test_where_there_is_no_room_there_is_no_table() -> None:
    assert drawn(WordTable(LINE, "rank"), 25) == ""


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = drawn(WordTable([word("a")] * (ROWS + 5), "rank")).splitlines()
    assert len(rows) == ROWS + 2
    assert rows[-1] == "… 5 more words"


def test_wide_characters_keep_the_columns() -> None:
    rows = drawn(WordTable([word("中国貿易"), word(" war")], "rank"), 40).splitlines()
    assert len({cell_len(row.rstrip()) for row in rows}) == 1


def test_a_blank_is_shown_as_one() -> None:
    score = Score((word("a"), word(" "), word("b")), 3)
    assert "␣" in drawn(picture(score, "rank", table=True))


def test_what_a_word_holds_cannot_take_over_the_terminal() -> None:
    evil = Score((word("\x1b[2J"), word(" \u202egnp", unknown=True)), 2, "\x9b31m", ("\x07",), 1)
    for colours in (True, False):
        shown = drawn(picture(evil, "rank", table=True), colours=colours)
        assert not any(bad in shown for bad in ("\x1b[2J", "\u202e", "\x9b", "\x07"))


def test_colours_tell_one_of_two_things() -> None:
    assert (measure("rank"), measure("probability")) == ("rank", "probability")
    with pytest.raises(SettingError, match="colours tell rank or probability, not 'entropy'"):
        measure("entropy")
