import pytest
from rich.console import Console

from core.training.history import Epoch, to_json
from repl.pictures.chart import squeezed
from repl.pictures.history import HistoryView, chosen
from tests.conftest import random_model


def drawn(view: HistoryView, width: int) -> list[str]:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(view)
    lines = [line.rstrip() for line in capture.get().rstrip("\n").split("\n")]
    assert max(map(len, lines)) <= width
    return lines


def epoch(number: int, perplexity: float | None = 50.0, loss: float = 4.0) -> Epoch:
    bits = None if perplexity is None else 1.5
    return Epoch(number, loss, perplexity, bits, 12_345.6, 2.5, 0.002)


THREE = [epoch(1, 100.0), epoch(2, 10.0), epoch(3, 46.4158883)]


def test_a_chart_and_a_table() -> None:
    """In nats the third lies two thirds of the way from 10 to 100: 10 ** (1 + 2 / 3)."""
    assert drawn(HistoryView("m", THREE, 2), 80) == [
        "m · 3 epochs · 8 s",
        "validation perplexity by epoch",
        "100.0  ███",
        "       ███",
        "       ███     ███",
        "       ███     ███",
        "       ███     ███",
        "10.00  ███ ▁▁▁ ███",
        "       1         3",
        "",
        "epoch   loss  perplexity  bits/char  tokens/s  seconds   rate",
        "    1  4.000       100.0      1.500    12,346      2.5  0.002",
        "   *2  4.000       10.00      1.500    12,346      2.5  0.002",
        "    3  4.000        46.4      1.500    12,346      2.5  0.002",
        "* the weights that were kept",
    ]


def test_at_40_columns_the_table_does_without_some() -> None:
    assert drawn(HistoryView("m", THREE, 2), 40)[-5:] == [
        "epoch   loss  perplexity  bits/char",
        "    1  4.000       100.0      1.500",
        "   *2  4.000       10.00      1.500",
        "    3  4.000        46.4      1.500",
        "* the weights that were kept",
    ]


def test_without_held_out_text_it_is_the_loss() -> None:
    lines = drawn(HistoryView("m", [epoch(1, None, 5.0), epoch(2, None, 4.0)], 2), 80)
    assert lines[:2] == ["m · 2 epochs · 5 s", "loss of the training lines by epoch"]
    assert lines[2].startswith("5.00  ")
    assert lines[-4] == "epoch   loss  tokens/s  seconds   rate"


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("count", [1, 17, 33, 34, 500])
def test_however_many_epochs_they_fit(count: int, width: int) -> None:
    lines = drawn(HistoryView("m", [epoch(n, 1e5 / n) for n in range(1, count + 1)], count), width)
    assert len(lines) == 9 + 1 + min(count, 16) + 2 - (count > 16)
    assert lines[8].endswith(str(count))


def test_a_perplexity_beyond_all_bounds_is_drawn() -> None:
    drawn(HistoryView("m", [epoch(1, 1e304), epoch(2, 1.0)], 0), 40)


def test_it_is_told_where_no_epoch_was_better_than_the_start() -> None:
    told = "none was better than the start, whose weights were kept"
    assert drawn(HistoryView("m", THREE, 0), 80)[-1] == told


def test_a_model_without_a_history_says_so() -> None:
    manifest = random_model().manifest
    assert drawn(HistoryView.of("tiny", manifest), 40) == ["tiny has no training history"]


def test_the_view_of_a_model_reads_what_was_kept() -> None:
    from dataclasses import replace

    training = {"best_epoch": 2, "history": to_json(THREE)}
    view = HistoryView.of("n", replace(random_model().manifest, training=training))
    assert (view.name, view.best) == ("n", 2)
    assert view.epochs[2].validation_perplexity == 46.4159


def test_neighbours_share_a_column() -> None:
    assert squeezed([1, 2, 3, 4, 5, 6], 3) == [1.5, 3.5, 5.5]
    assert squeezed([1, 2], 3) == [1, 2]


def test_the_best_and_the_last_are_always_in_the_table() -> None:
    numbers = [each.epoch for each in chosen([epoch(n) for n in range(1, 101)], best=98)]
    assert len(numbers) == 16
    assert (numbers[0], numbers[-2], numbers[-1]) == (1, 98, 100)


def test_of_several_networks_the_epochs_are_the_last_ones() -> None:
    assert drawn(HistoryView("m", THREE, 2, 3), 80)[0].endswith("· the last of 3 networks")
