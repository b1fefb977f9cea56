import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.history import MOST_EPOCHS, Epoch, from_json, to_json

ONE = Epoch(1, 5.25, 100.0, 1.5, 9000.0, 2.5, 0.002)


def test_figures_are_kept_by_column_in_six_digits() -> None:
    two = Epoch(2, 4.123456789, None, None, 9000.0, 2.5, 0.001)
    assert to_json([ONE, two]) == {
        "epoch": [1, 2],
        "loss": [5.25, 4.12346],
        "validation_perplexity": [100.0, None],
        "bits_per_character": [1.5, None],
        "tokens_per_second": [9000.0, 9000.0],
        "seconds": [2.5, 2.5],
        "learning_rate": [0.002, 0.001],
    }
    assert from_json(json.loads(json.dumps(to_json([ONE])))) == (ONE,)
    assert from_json(to_json([])) == ()


def test_of_very_many_epochs_some_are_kept_and_always_the_best() -> None:
    epochs = [Epoch(n, 1.0, None, None, 1.0, 1.0, 1.0) for n in range(1, 100_001)]
    kept = [epoch.epoch for epoch in from_json(to_json(epochs, best=77_777))]
    assert len(kept) == MOST_EPOCHS + 1
    assert 77_777 in kept
    assert (kept[0], kept[-1]) == (1, 100_000)


@pytest.mark.parametrize(
    "change",
    [
        {"loss": [float("nan")]},
        {"loss": ["5"]},
        {"loss": [None]},
        {"loss": [True]},
        {"loss": [10**400]},
        {"epoch": [0]},
        {"epoch": [1.5]},
        {"seconds": [1.0, 2.0]},
        {"seconds": 3},
        {"seconds": [-1.0]},
        {"validation_perplexity": [float("inf")]},
    ],
)
def test_what_a_stranger_calls_a_history_is_none(change: dict[str, object]) -> None:
    assert from_json(to_json([ONE]) | change) == ()


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*to_json([ONE])]), inner),
    )
)
def test_no_record_is_a_fault(record: object) -> None:
    from_json(record)


SPOKEN = [Epoch(n, 5.0, 9.0, 1.5, 100.0, 1.0, 0.002, {"the": f"the {n}"}) for n in (1, 2, 3)]


def test_lines_are_columns_by_their_seeds() -> None:
    other = [*SPOKEN[:2], replace(SPOKEN[2], probes={"a": "a b"})]
    record = to_json(other)
    assert record["probes"] == {"the": ["the 1", "the 2", None], "a": [None, None, "a b"]}
    assert from_json(json.loads(json.dumps(record))) == tuple(other)


def test_a_history_without_lines_is_as_it_was() -> None:
    assert "probes" not in to_json([replace(each, probes={}) for each in SPOKEN])


@pytest.mark.parametrize(
    "probes",
    [
        7,
        ["the"],
        {"the": "the 1"},
        {"the": ["the 1"]},
        {"the": [1, 2, 3]},
        {"x" * 1001: ["a", "b", "c"]},
    ],
)
def test_what_is_no_table_of_lines_gives_none(probes: object) -> None:
    read = from_json(to_json(SPOKEN) | {"probes": probes})
    assert [each.probes for each in read] == [{}, {}, {}]


def test_the_lines_of_very_many_epochs_fit_a_manifest() -> None:
    seeds = {f"{number}" * 80: "語" * 80 for number in range(4)}
    epochs = [replace(SPOKEN[0], epoch=n, probes=seeds) for n in range(1, 10_000)]
    assert len(json.dumps(to_json(epochs), ensure_ascii=False, indent=1).encode()) < 1 << 20
