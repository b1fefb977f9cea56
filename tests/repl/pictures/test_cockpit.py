import io
from dataclasses import replace

import pytest

from core.training.events import EpochDone, Progress, Started
from repl.pictures.cockpit import Cockpit
from tests.repl.conftest import console

STARTED = Started("mine", 90, 10, 40, 0.25, 1234, 7, 50)
HALF_WAY = Progress(4, 20, 50, 4.5, 1234.5, 75.0)


def epoch(number: int, perplexity: float | None, line: str = "", best: bool = True) -> EpochDone:
    probes = {"the": line} if line else {}
    return EpochDone(number, 6.0 - number, perplexity, None, 1000.0, 1.0, 0.002, best, None, probes)


THREE = [
    epoch(1, 100.0, "the the the"),
    epoch(2, 10.0, "the war the"),
    epoch(3, 46.4158883, "the war", best=False),
]


def drawn(cockpit: Cockpit, width: int = 80) -> list[str]:
    screen = console(width)
    screen.print(cockpit)
    assert isinstance(screen.file, io.StringIO)
    lines = [line.rstrip() for line in screen.file.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert len(lines) <= cockpit.height
    return lines


def test_all_of_a_training_fits_a_terminal() -> None:
    bar = "━" * 80
    lines = drawn(Cockpit("mine", "words", STARTED, HALF_WAY, THREE, 125.0))
    assert lines[0] == "mine · epoch 4 of 7 at most · 2:05, up to 1:15 left"
    assert len(lines[1]) <= len(bar)
    assert lines[2:] == [
        "loss 4.500 · validation perplexity 46.4 · best 10.00, epoch 2 · 1,234 words/s",
        "",
        "loss                                     validation perplexity by epoch",
        "5.00  ███                                100.0  ███",
        "      ███                                       ███",
        "      ███ ▁▁▁                                   ███     ███",
        "      ███ ███                                   ███     ███",
        "      ███ ███                                   ███     ███",
        "3.00  ███ ███ ▁▁▁                        10.00  ███ ▁▁▁ ███",
        "      1         3                               1         3",
        "",
        "1  the the the",
        "2  the [war] the",
        "3  the war",
    ]


def test_at_40_columns_there_is_one_chart() -> None:
    lines = drawn(Cockpit("mine", "words", STARTED, HALF_WAY, THREE, 125.0), 40)
    assert lines[:2] == ["mine · epoch 4 of 7 at most", "2:05, up to 1:15 left"]
    assert lines[3:5] == [
        "loss 4.500 · validation perplexity 46.4",
        "best 10.00, epoch 2 · 1,234 words/s",
    ]
    assert "validation perplexity by epoch" in lines
    assert lines[-1] == "3  the war"


@pytest.mark.parametrize("height", [23, 16, 12, 9, 6])
@pytest.mark.parametrize("width", [80, 40])
def test_where_there_is_little_room_the_charts_go_first(height: int, width: int) -> None:
    lines = drawn(Cockpit("mine", "words", STARTED, HALF_WAY, THREE, 1.0, height=height), width)
    assert "3  the war" in lines[-1]


def test_a_line_that_is_too_long_is_cut() -> None:
    said = [epoch(1, 9.0, "the " + "war " * 40)]
    assert drawn(Cockpit("mine", "words", STARTED, HALF_WAY, said), 40)[-1].endswith("…")


def test_without_held_out_text_the_loss_is_charted_alone() -> None:
    lines = drawn(Cockpit("mine", "words", STARTED, HALF_WAY, [epoch(1, None), epoch(2, None)]))
    assert "loss by epoch" in lines
    assert not any("perplexity" in line for line in lines)


def test_before_the_first_step_it_says_what_takes_so_long() -> None:
    assert drawn(Cockpit("mine", "words"))[0] == "mine · reads the text, starts TensorFlow · 0:00"


def test_at_the_end_nothing_is_left_to_come() -> None:
    lines = drawn(Cockpit("mine", "words", STARTED, HALF_WAY, THREE, 125.0, ended=True))
    assert lines[0] == "mine · 3 epochs · 2:05"
    assert lines[1].startswith("loss 3.000 · validation perplexity 46.4")


def test_very_many_epochs_fit() -> None:
    many = [epoch(n, 1000.0 / n, f"the war {n}") for n in range(1, 300)]
    assert drawn(Cockpit("mine", "words", STARTED, HALF_WAY, many))[-1] == "299  the war [299]"


def test_of_several_networks_it_says_which() -> None:
    second = replace(STARTED, network=2, networks=3)
    lines = drawn(Cockpit("mine", "words", second, HALF_WAY, THREE, 125.0))
    assert lines[0] == "mine · network 2 of 3 · epoch 4 of 7 at most · 2:05, up to 1:15 left"
