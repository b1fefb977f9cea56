"""Four known probabilities in, the exact distribution out; and the laws that hold for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.decoding import filters
from core.decoding.sampler import Rules, Sampler
from core.settings import SamplingSettings

FOUR = np.log(np.array([[0.1, 0.4, 0.2, 0.3]]))
LOGITS = arrays.arrays(np.float32, (2, 7), elements=st.floats(-30, 30, width=32))


def chain(logits: np.ndarray, settings: SamplingSettings, banned: list[int]) -> np.ndarray:
    """Run the whole chain on the first word of a line, and put what is left back in its place."""
    rules = Rules(np.array(banned, np.intp), None, 10)
    sampler = Sampler(settings, rules, (), range(len(logits)))
    ids, left = sampler.candidates(logits)
    placed = np.full(logits.shape, -np.inf)
    placed[:, ids] = left
    return placed


def after(logits: np.ndarray) -> list[float]:
    return filters.probabilities(logits)[0].round(12).tolist()


def test_bans_remove_and_the_rest_keeps_its_ratios() -> None:
    assert after(filters.ban(FOUR, np.array([1]))) == pytest.approx([1 / 6, 0, 2 / 6, 3 / 6])


def test_temperature_is_a_power_of_the_probabilities() -> None:
    squares = np.array([1, 16, 4, 9])
    assert after(filters.temperature(FOUR, 0.5)) == pytest.approx(squares / 30)
    assert after(filters.temperature(FOUR, 0)) == [0, 1, 0, 0]


HUGE = np.array([[3.4e38, 3.3e38, -3.4e38, 3.4e38]], np.float32)


def test_numbers_at_the_end_of_their_range_are_tempered_as_any_others() -> None:
    assert after(filters.temperature(HUGE, 0.01)) == [0.5, 0, 0, 0.5]
    assert after(filters.temperature(-HUGE, 0.01)) == [0, 0, 1, 0]
    assert filters.surprise(filters.temperature(HUGE, 0.5), np.array([0])).tolist() == [1]
    assert filters.draw(HUGE, np.array([0.7])).tolist() == [3]


@pytest.mark.parametrize(
    "values",
    [{"top_p": 0.9}, {"min_p": 0.1}, {"typical": 0.9}, {"eta": 0.1}, {"mirostat": 3.0}, {"top_k": 3}],
)
def test_no_filter_fails_at_numbers_at_the_end_of_their_range(values: dict[str, float]) -> None:
    for heat in (0.01, 1.0, 2.0):
        settings = SamplingSettings(temperature=heat, **values)  # type: ignore[arg-type]
        likely = set(np.flatnonzero(chain(HUGE, settings, [])[0] > -np.inf).tolist())
        assert {0} <= likely <= {0, 1, 3}
        assert after(chain(-HUGE, settings, [])) == [0, 0, 1, 0]


def test_a_penalty_that_leaves_the_range_bans_nothing_and_revives_nothing() -> None:
    logits = np.array([[-3e38, -np.inf, -3e38]], np.float32)
    lowest = np.finfo(np.float32).min
    lowered = filters.repetition_penalty(logits, np.array([[0, 1, 2]]), 100)
    assert lowered.tolist() == [[lowest, -np.inf, lowest]]


def test_top_k_keeps_the_k_likeliest() -> None:
    assert after(filters.top_k(FOUR, 2)) == pytest.approx([0, 4 / 7, 0, 3 / 7])
    assert after(filters.top_k(FOUR, 9)) == pytest.approx([0.1, 0.4, 0.2, 0.3])


def test_top_k_takes_the_lower_ids_of_equals() -> None:
    assert after(filters.top_k(np.zeros((1, 4)), 2)) == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.01, [0, 1, 0, 0]),
        (0.39, [0, 1, 0, 0]),
        (0.41, [0, 4 / 7, 0, 3 / 7]),
        (0.71, [0, 4 / 9, 2 / 9, 3 / 9]),
        (1.0, [0.1, 0.4, 0.2, 0.3]),
    ],
)
def test_top_p_keeps_the_fewest_that_hold_p(p: float, expected: list[float]) -> None:
    assert after(filters.top_p(FOUR, p)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, [0.1, 0.4, 0.2, 0.3]), (0.49, [0, 4 / 9, 2 / 9, 3 / 9]), (0.51, [0, 4 / 7, 0, 3 / 7])],
)
def test_min_p_keeps_what_is_a_share_as_likely_as_the_likeliest(
    share: float, expected: list[float]
) -> None:
    assert after(filters.min_p(FOUR, share)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("mass", "expected"),
    # The entropy is 1.280 nats; the surprises are 2.303, 0.916, 1.609 and 1.204.
    [(0.2, [0, 0, 0, 1]), (0.4, [0, 0, 0.4, 0.6]), (0.6, [0, 4 / 9, 2 / 9, 3 / 9])],
)
def test_typical_keeps_the_words_whose_surprise_is_nearest_the_entropy(
    mass: float, expected: list[float]
) -> None:
    assert after(filters.typical(FOUR, mass)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("epsilon", "expected"),
    # exp(-H) is 0.2781: the floors are 0.01, sqrt(0.3) * 0.2781 = 0.152 and sqrt(0.9) * 0.2781 = 0.264.
    [(0.01, [0.1, 0.4, 0.2, 0.3]), (0.3, [0, 4 / 9, 2 / 9, 3 / 9]), (0.9, [0, 4 / 7, 0, 3 / 7])],
)
def test_eta_has_a_floor_that_sinks_with_the_entropy(epsilon: float, expected: list[float]) -> None:
    assert after(filters.eta(FOUR, epsilon)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("bits", "expected"), [(0.5, [0, 1, 0, 0]), (2, [0, 4 / 7, 0, 3 / 7]), (9, [0.1, 0.4, 0.2, 0.3])]
)
def test_mirostat_removes_what_is_more_surprising_than_its_limit(
    bits: float, expected: list[float]
) -> None:
    assert after(filters.mirostat(FOUR, np.array([bits]))) == pytest.approx(expected)


def test_mirostat_steers_towards_its_target() -> None:
    assert filters.steered(np.array([6.0, 6.0]), np.array([2.0, 7.0]), 5, 0.1) == pytest.approx(
        [6.3, 5.8]
    )


def test_surprise_is_told_in_bits_and_a_removed_words_has_an_end() -> None:
    assert filters.surprise(np.log(np.array([[0.5, 0.25, 0.25]] * 3)), np.array([0, 1, 2])) == (
        pytest.approx([1, 2, 2])
    )
    assert filters.surprise(np.array([[0.0, -np.inf]]), np.array([1])).tolist() == [1000]


def test_repetition_penalty_divides_positive_logits_and_multiplies_negative_ones_once() -> None:
    logits, history = np.array([[2.0, -1.0, 0.5, 1.0]]), np.array([[0, 1, 0]])
    assert filters.repetition_penalty(logits, history, 2).tolist() == [[1, -2, 0.5, 1]]


def test_presence_counts_once_and_frequency_each_time() -> None:
    logits, history = np.zeros((2, 4)), np.array([[0, 1, 0], [3, 3, 3]])
    lowered = filters.presence_and_frequency_penalty(logits, history, 0.5, 0.25)
    assert lowered.tolist() == [[-1, -0.75, 0, 0], [0, 0, 0, -1.25]]


def test_no_repeat_removes_what_would_complete_a_run_that_was_there() -> None:
    history = np.array([[1, 2, 0, 1], [3, 3, 2, 1]])
    logits = np.repeat(FOUR, 2, axis=0)
    assert (filters.no_repeat(logits, history, 2) == -np.inf).tolist() == [
        [False, False, True, False],
        [False, False, False, False],
    ]
    assert (filters.no_repeat(logits, history, 1) == -np.inf).tolist() == [
        [True, True, True, False],
        [False, True, True, True],
    ]


def test_no_repeat_leaves_a_row_alone_that_it_would_empty() -> None:
    assert np.array_equal(filters.no_repeat(FOUR, np.array([[3, 2, 1, 0]]), 1), FOUR)


def test_a_banned_phrase_is_cut_off_before_its_last_word() -> None:
    history = np.array([[0, 1], [1, 0]])
    left = filters.ban_phrase(np.repeat(FOUR, 2, axis=0), history, np.array([1, 2]))
    assert np.flatnonzero(left[0] == -np.inf).tolist() == [2]
    assert np.array_equal(left[1], FOUR[0])


@pytest.mark.parametrize(
    ("history", "lost"),
    [
        ([3, 0, 1, 2], [0, 0, 0, 0]),
        ([1, 2, 3, 0, 2], [0, 0, 0, 0]),  # one word alone may come again
        ([1, 2, 3, 0, 1, 2], [0, 0, 0, 0.8]),
        ([0, 1, 2, 3, 0, 1, 2], [0, 0, 0, 0.8 * 1.75]),
        ([1, 2, 0, 0, 1, 2, 3, 0, 1, 2], [0.8, 0, 0, 0.8 * 1.75]),
        ([2, 2, 2, 2], [0, 0, 0.8 * 1.75, 0]),
        ([], [0, 0, 0, 0]),
        ([1], [0, 0, 0, 0]),
    ],
)
def test_dry_penalises_the_word_that_goes_on_with_a_repetition(
    history: list[int], lost: list[float]
) -> None:
    left = filters.dry(np.zeros((1, 4)), np.array([history], np.intp), 0.8, 1.75, 2)
    assert left[0] == pytest.approx(-np.array(lost))


def test_dry_stays_a_number_however_long_the_repetition() -> None:
    left = filters.dry(np.zeros((1, 4), np.float32), np.full((1, 3000), 2), 100, 10, 1)
    assert left.tolist() == [[0, 0, -filters.LARGEST_PENALTY, 0]]


def dry_by_the_formula(
    history: list[int], words: int, base: float, allowed: int, longest: int
) -> list[float]:
    lost = [0.0] * words
    for place in range(1, len(history)):
        run = 0
        while run < min(place, allowed + longest) and history[place - 1 - run] == history[-1 - run]:
            run += 1
        if run >= allowed:
            penalty = min(0.8 * base ** (run - allowed), filters.LARGEST_PENALTY)
            lost[history[place]] = max(lost[history[place]], penalty)
    return lost


@given(
    histories=st.integers(0, 30).flatmap(
        lambda size: st.lists(
            st.lists(st.integers(0, 2), min_size=size, max_size=size), min_size=1, max_size=3
        )
    ),
    repeats=st.integers(1, 4),
    base=st.sampled_from([1.0, 1.1, 1.75]),
    allowed=st.integers(1, 6),
    longest=st.sampled_from([0, 3, 50]),
)
def test_dry_is_what_the_formula_says(
    histories: list[list[int]], repeats: int, base: float, allowed: int, longest: int
) -> None:
    said = np.array(histories, np.intp).reshape(len(histories), -1)
    said = np.tile(said, (1, repeats))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filters, "LONGEST_RUN", longest)
        left = filters.dry(np.zeros((len(said), 3)), said, 0.8, base, allowed)
    expected = [dry_by_the_formula(row, 3, base, allowed, longest) for row in said.tolist()]
    assert -left == pytest.approx(np.array(expected))


def test_dry_looks_back_no_further_than_the_longest_run_that_counts() -> None:
    """Of 500 equal words 499 could be a run; 2 are allowed and 50 more count."""
    left = filters.dry(np.zeros((1, 3)), np.full((1, 500), 1), 0.8, 1.02, 2)
    assert left[0] == pytest.approx([0, -0.8 * 1.02**50, 0])


def test_a_schedule_of_temperatures_goes_round() -> None:
    settings = SamplingSettings(schedule=(1.0, 0.5, 0.0))
    sampler = Sampler(settings, Rules(np.array([], np.intp), None, 10), (), [0])
    squares = [1 / 30, 16 / 30, 4 / 30, 9 / 30]
    for expected in ([0.1, 0.4, 0.2, 0.3], squares, [0, 1, 0, 0], [0.1, 0.4, 0.2, 0.3]):
        ids, left = sampler.candidates(FOUR)
        placed = np.zeros(4)
        placed[ids] = filters.probabilities(left)[0]
        assert placed == pytest.approx(expected)
        sampler.accept(np.array([1]), FOUR)


def test_mirostat_is_not_steered_by_words_that_were_not_drawn() -> None:
    settings = SamplingSettings(mirostat=3.0, schedule=(1.0, 0.0))
    sampler = Sampler(settings, Rules(np.array([], np.intp), None, 10), (), [0])
    sampler.accept(np.array([1]), FOUR)
    after_a_draw = sampler._limits.copy()
    sampler.accept(np.array([0]), FOUR)
    assert sampler._limits.tolist() == after_a_draw.tolist()
    assert after_a_draw == pytest.approx(6 - 0.1 * (np.log2(1 / 0.4) - 3))


def test_the_order_is_bans_temperature_top_k_top_p() -> None:
    settings = SamplingSettings(temperature=0.5, top_k=2, top_p=0.7)
    # Without id 1, squared: 1, 4, 9; the two likeliest hold 9/13 and 4/13; 9/13 alone is below 0.7.
    assert after(chain(FOUR, settings, [1])) == pytest.approx([0, 0, 4 / 13, 9 / 13])


def test_a_draw_inverts_the_cumulative_distribution() -> None:
    uniforms = np.array([0.0, 0.0999, 0.1001, 0.4999, 0.5001, 0.7001, 0.9999999999999999])
    logits = np.repeat(FOUR, len(uniforms), axis=0)
    assert filters.draw(logits, uniforms).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_a_removed_word_is_never_drawn_not_even_at_the_edges() -> None:
    logits = np.array([[-np.inf, 0.0, -np.inf]] * 2)
    assert filters.draw(logits, np.array([0.0, np.nextafter(1, 0)])).tolist() == [1, 1]


def test_no_filter_changes_what_it_is_given() -> None:
    before = FOUR.copy()
    chain(FOUR, SamplingSettings(temperature=0.5, top_k=2, top_p=0.5), [0])
    assert np.array_equal(FOUR, before)


SETTINGS = st.builds(
    SamplingSettings,
    temperature=st.floats(0, 5),
    schedule=st.none() | st.tuples(st.floats(0, 5), st.floats(0, 5)),
    top_k=st.none() | st.integers(1, 9),
    top_p=st.none() | st.floats(0.01, 1),
    min_p=st.none() | st.floats(0, 1),
    typical=st.none() | st.floats(0.01, 1),
    eta=st.none() | st.floats(0, 1),
    mirostat=st.none() | st.floats(0, 10),
    no_repeat=st.none() | st.integers(1, 3),
    repeat_penalty=st.none() | st.floats(1, 100),
    presence_penalty=st.none() | st.floats(-100, 100),
    frequency_penalty=st.none() | st.floats(-100, 100),
    dry=st.none() | st.floats(0, 100),
    ban=st.none(),
    must=st.none(),
)


@given(LOGITS, SETTINGS, st.lists(st.integers(1, 6), max_size=9))
def test_every_chain_leaves_a_word_and_never_a_banned_one(
    logits: np.ndarray, settings: SamplingSettings, said: list[int]
) -> None:
    rules = Rules(np.array([0, 3]), None, 10, banned=(np.array([5]), np.array([2, 4])))
    sampler = Sampler(settings, rules, said, range(2))
    for _ in range(3):
        ids, left = sampler.candidates(logits)
        assert (left[:, np.isin(ids, [0, 3, 5])] == -np.inf).all()
        assert np.allclose(filters.probabilities(left).sum(axis=1), 1)
        chosen = sampler.choose(logits)
        assert (np.take_along_axis(left, ids.searchsorted(chosen)[:, None], axis=1) > -np.inf).all()
        sampler.accept(chosen, logits)


@given(LOGITS, st.floats(0.01, 0.999))  # beyond, it is rounding that decides
def test_what_is_sorted_in_bins_is_cut_as_if_all_were_in_order(logits: np.ndarray, mass: float) -> None:
    keys, shares = -logits.round(), filters.probabilities(logits)
    order = np.argsort(keys, axis=1, kind="stable")
    ranked = np.take_along_axis(shares, order, axis=1)
    expected = np.take_along_axis(
        np.cumsum(ranked, axis=1) - ranked < mass, np.argsort(order, axis=1), axis=1
    )
    with pytest.MonkeyPatch.context() as patch:
        for bins in (1, 3, filters.BINS):
            patch.setattr(filters, "BINS", bins)
            kept = filters._fewest(logits, keys, shares, mass) > -np.inf
            assert kept.tolist() == expected.tolist()


@given(LOGITS, st.integers(1, 9))
def test_top_k_keeps_what_a_stable_sort_keeps(logits: np.ndarray, k: int) -> None:
    logits = logits.round()
    kept = filters.top_k(logits, k) > -np.inf
    expected = np.zeros_like(kept)
    np.put_along_axis(expected, np.argsort(-logits, axis=1, kind="stable")[:, :k], True, axis=1)
    assert kept.tolist() == expected.tolist()


@given(LOGITS, st.floats(0.01, 0.99))
def test_typical_holds_its_mass(logits: np.ndarray, mass: float) -> None:
    full = filters.probabilities(logits)
    kept = filters.typical(logits, mass) > -np.inf
    assert ((full * kept).sum(axis=1) >= mass - 1e-9).all()


@given(LOGITS, st.floats(0.01, 0.99))
def test_top_p_holds_its_mass(logits: np.ndarray, p: float) -> None:
    full = filters.probabilities(logits)
    kept = filters.top_p(logits, p) > -np.inf
    assert ((full * kept).sum(axis=1) >= p - 1e-9).all()


@given(LOGITS, st.floats(0.1, 2), st.floats(1.01, 3))
def test_entropy_grows_with_temperature(logits: np.ndarray, value: float, factor: float) -> None:
    def entropy(temperature: float) -> np.ndarray:
        probability = filters.probabilities(filters.temperature(logits, temperature))
        return -(probability * np.log(np.maximum(probability, 1e-300))).sum(axis=1)

    assert (entropy(value * factor) >= entropy(value) - 1e-6).all()


@given(LOGITS)
def test_temperature_zero_is_argmax(logits: np.ndarray) -> None:
    left = filters.probabilities(filters.temperature(logits, 0))
    assert left.argmax(axis=1).tolist() == logits.argmax(axis=1).tolist()
    assert (left.max(axis=1) == 1).all()
