"""How a beam is divided, and which lines of its groups are given."""

import numpy as np
import pytest

from core.decoding import groups
from core.decoding.groups import WIDTH, Group, Line, arranged, best, widest
from core.decoding.ranking import Drawn, Likeliest, Totals
from core.settings import SamplingSettings

NOTHING = (np.empty(0, np.intp), np.empty(0, np.intp))


def widths(**values: object) -> list[int]:
    parts = arranged(SamplingSettings(**values))  # type: ignore[arg-type]
    return [group.width for together in parts for group in together]


def totals(*scores: float) -> Totals:
    return Totals(*(np.array(scores) for _ in range(3)))


def keys_of(one: Group) -> np.ndarray:
    return one.ranking.extend(totals(0), np.zeros((1, 4)), 0, NOTHING).keys


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
    assert widths(must=("war",), samples=7) == [WIDTH] * 7
    assert widths(must=("war",), samples=3, beam=4) == [4, 4, 4]


@pytest.mark.parametrize(("beam", "together"), [(4, [3, 3, 1]), (12, [1] * 7), (13, [1] * 7)])
def test_so_many_groups_are_drawn_side_by_side_as_memory_holds(
    beam: int, together: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "TOGETHER", 12)
    parts = list(arranged(SamplingSettings(must=("war",), samples=7, beam=beam)))
    assert [len(part) for part in parts] == together
    keys = [keys_of(group) for part in parts for group in part]
    assert len({array.tobytes() for array in keys}) == 7


def test_one_group_more_could_give_all_lines_by_itself() -> None:
    assert widest(SamplingSettings(must=("war",), samples=70)).width == 70
    assert widest(SamplingSettings(must=("war",), samples=2)).width == WIDTH


def test_each_of_them_has_random_numbers_of_its_own() -> None:
    values = SamplingSettings(must=("war",), samples=3)
    (together,) = arranged(values)
    keys = [keys_of(one) for one in (*together, widest(values))]
    assert len({array.tobytes() for array in keys}) == 4


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
