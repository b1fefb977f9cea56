"""How a beam is divided, and which lines of its groups are given."""

import numpy as np
import pytest

from core.decoding.groups import WIDTH, Group, Line, arranged, best
from core.decoding.ranking import Drawn, Likeliest, Totals
from core.settings import SamplingSettings

NOTHING = (np.empty(0, np.intp), np.empty(0, np.intp))


def widths(**values: object) -> list[int]:
    return [group.width for group in arranged(SamplingSettings(**values))]  # type: ignore[arg-type]


def totals(*scores: float) -> Totals:
    return Totals(*(np.array(scores) for _ in range(3)))


def group(wanted: int = 2, power: float = 1) -> Group:
    return Group(9, wanted, Likeliest(SamplingSettings(length_penalty=power)), power)


def test_a_beam_is_divided_among_its_groups() -> None:
    assert widths(beam=7) == [7]
    assert widths(beam=7, beam_groups=3) == [3, 2, 2]
    assert widths(beam=2, beam_groups=3) == [1, 1]
    assert widths(beam=2, samples=4, beam_groups=2) == [2, 2]


def test_without_a_width_and_where_nothing_is_drawn_there_is_one_group() -> None:
    assert widths(must=("war",), temperature=0) == [WIDTH]
    assert widths(must=("war",), temperature=0, samples=9) == [9]


def test_each_line_that_is_drawn_has_a_group() -> None:
    assert widths(must=("war",), samples=7) == [7, *[WIDTH] * 6]
    assert widths(must=("war",), samples=3, beam=4) == [4, 4, 4]


def test_each_of_them_has_random_numbers_of_its_own() -> None:
    groups = arranged(SamplingSettings(must=("war",), samples=3))
    keys = [one.ranking.extend(totals(0), np.zeros((1, 4)), 0, NOTHING).keys for one in groups]
    assert len({array.tobytes() for array in keys}) == 3


def test_the_best_lines_are_kept_by_their_log_probability_for_their_length() -> None:
    one = group()
    one.finish(np.array([[4, 5], [6, 7]]), totals(-6, -8), 2)
    one.finish(np.array([[4, 5, 6]]), totals(-9.3), 3)
    assert one.lines == [
        Line(-3, -3, (4, 5)),
        Line(pytest.approx(-3.1), pytest.approx(-3.1), (4, 5, 6)),
    ]


def test_lines_that_are_drawn_are_kept_by_their_keys() -> None:
    one = Group(9, 1, Drawn(SamplingSettings(), 0), 1)
    sums = Totals(np.array([-6.0, -8.0]), np.array([-1.0, -1.0]), np.array([-0.5, -0.2]))
    one.finish(np.array([[4], [5]]), sums, 2)
    assert one.lines == [Line(-0.2, -4, (5,))]


@pytest.mark.parametrize(("running", "settled"), [(-9.9, False), (-10.0, True), (-10.1, True)])
def test_a_group_is_settled_when_the_longest_line_cannot_win(running: float, settled: bool) -> None:
    one = group()
    one.finish(np.array([[4], [5]]), totals(-1, -2), 1)
    assert one.settled(totals(-30, running), longest=5) is settled  # -10 / 5 is -2


def test_a_group_with_too_few_lines_is_not_settled_while_any_goes_on() -> None:
    one = group()
    one.finish(np.array([[4]]), totals(-1), 1)
    assert not one.settled(totals(-1000), longest=5)


def test_the_best_of_each_group_come_before_the_second_of_any_and_none_twice() -> None:
    one, other = group(3), group(3)
    one.finish(np.array([[4], [5], [6]]), totals(-1, -2, -3), 1)
    other.finish(np.array([[4], [7], [8]]), totals(-1, -5, -6), 1)
    assert best([one, other], 1) == [[4]]
    assert best([one, other], 2) == [[4], [7]]
    assert best([one, other], 3) == [[4], [5], [7]]
    assert best([one, other], 9) == [[4], [5], [6], [7], [8]]
