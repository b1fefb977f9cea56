"""What is added to the loss, against slow formulas; what is dropped and replaced, in a network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import SettingError
from core.recipe import preset
from core.text.corpus import Source
from core.training.dataset import Dataset

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*retracing.*"),
]

SURE: dict[str, Any] = dict.fromkeys(
    ("dropout", "input_dropout", "word_dropout", "activation", "slowness", "noising"), 0.0
)


def make_data(
    folder: Path, text: str = "the war in china\nthe us says no\nno war\n" * 4, **values: Any
):
    (folder / "lines.txt").write_text(text)
    small = {"embedding_size": 6, "hidden_size": 6, "batch_size": 8, "min_count": 1, **SURE}
    recipe = preset("small").change(deduplicate=False, **(small | values))
    return Dataset.prepare(Source((folder / "lines.txt",)), recipe)


def make_network(data: Dataset) -> Any:
    from core.training.network import Network

    return Network(data.recipe.model, len(data.vocabulary), data.unigram, seed=1)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@pytest.fixture
def output() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "hidden": random.normal(size=(5, 4)).astype(np.float32),
        "kernel": random.normal(size=(7, 4)).astype(np.float32),
        "bias": random.normal(size=7).astype(np.float32),
        "targets": np.array([0, 3, 6, 3, 1]),
    }


def test_the_worst_case_is_the_loss_with_the_targets_vector_moved(
    output: dict[str, np.ndarray],
) -> None:
    from core.training.softmax import worst_case

    hidden, kernel, bias, targets = output.values()
    expected, losses = [], []
    for h, target in zip(hidden, targets, strict=True):
        moved = kernel.copy()
        if h @ kernel[target] > 0:
            moved[target] -= 0.3 * np.linalg.norm(kernel[target]) * h / np.linalg.norm(h)
        losses.append(-log_softmax(kernel @ h + bias)[target])
        expected.append(-log_softmax(moved @ h + bias)[target])
    found = worst_case(np.float32(losses), hidden, kernel, targets, 0.3).numpy()
    assert found == pytest.approx(expected, rel=1e-5)
    assert (found >= np.float32(losses) - 1e-6).all()
    assert (found > np.float32(losses) + 0.01).any()


def test_label_smoothing_is_the_loss_of_mixed_targets(output: dict[str, np.ndarray]) -> None:
    from core.training.softmax import smoothing

    hidden, kernel, bias, targets = output.values()
    shares = np.float32([0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    logs = log_softmax(hidden @ kernel.T + bias)
    usual = -logs[np.arange(5), targets]
    mixed = 0.9 * usual - 0.1 * logs @ shares
    added = smoothing(hidden, kernel, bias, targets, shares).numpy()
    assert usual + 0.1 * added == pytest.approx(mixed, rel=1e-5)


def test_changes_are_counted_between_real_words() -> None:
    from core.training.objective import changes

    outputs = np.float32([[[1, 1], [2, 3], [9, 9]], [[0, 0], [0, 4], [1, 4]]])
    targets = np.array([[5, 5, 0], [5, 5, 5]])
    assert float(changes(outputs, targets)) == (1 + 4) / 2 + 16 / 2 + 1 / 2
    assert float(changes(outputs[:, 0], targets[:, 0])) == 0


@pytest.mark.parametrize("name", ["activation", "slowness"])
def test_what_is_added_is_in_the_objective_and_not_in_the_loss(name: str, tmp_path: Path) -> None:
    from core.training.objective import Objective, changes

    data = make_data(tmp_path, **{name: 500.0})
    network = make_network(data)
    inputs, targets = next(iter(data.training.epoch(None)))
    tokens = np.float32(np.count_nonzero(targets))
    loss, objective = Objective(network, data.recipe.training, 0)(inputs, targets, tokens)
    outputs = network.hidden(inputs, training=False).numpy()
    squares = {
        "activation": (outputs**2).mean(-1)[targets > 0].sum(),
        "slowness": float(changes(outputs, targets)),
    }
    assert float(objective - loss) == pytest.approx(500 * squares[name] / tokens, rel=1e-3)


def test_the_fast_gradient_method_looks_at_a_worse_place(tmp_path: Path) -> None:
    from core.training.objective import Objective

    inputs, targets = next(iter(make_data(tmp_path).training.epoch(None)))
    tokens = np.float32(np.count_nonzero(targets))
    found = []
    for size in (0.0, 0.5, 2.0):
        data = make_data(tmp_path, adversarial="fgm", adversarial_size=size)
        loss, objective = Objective(make_network(data), data.recipe.training, 0)(
            inputs, targets, tokens
        )
        found.append(float(objective - loss))
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert 0 < found[1] < found[2]


def test_dropped_recurrent_weights_are_felt_from_the_second_word_on(tmp_path: Path) -> None:
    data = make_data(tmp_path, weight_dropout=0.5)
    network = make_network(data)
    inputs = next(iter(data.training.epoch(None)))[0][:, :4]
    whole = network.hidden(inputs, training=False).numpy()
    first = network.hidden(inputs, training=True).numpy()
    assert (first == network.hidden(inputs, training=True).numpy()).all(), "one draw a step"
    network.randomness.steps.assign_add(1)
    second = network.hidden(inputs, training=True).numpy()
    for one, other in [(first, second), (first, whole)]:
        assert np.allclose(one[:, 0], other[:, 0])
        assert not np.allclose(one[:, 1], other[:, 1])
    assert (network.hidden(inputs, training=False).numpy() == whole).all()


def test_what_one_layer_drops_is_not_what_another_one_does(tmp_path: Path) -> None:
    data = make_data(tmp_path, layers=3, layer_dropout=0.5)
    network = make_network(data)
    masks = []
    usual = network.randomness.uniform
    network.randomness.uniform = lambda *given, **named: (
        masks.append(usual(*given, **named)) or masks[-1]
    )
    network.hidden(next(iter(data.training.epoch(None)))[0], training=True)
    assert len(masks) == 2
    assert not np.allclose(*masks)


def test_noise_is_what_kneser_ney_would_back_off_to(tmp_path: Path) -> None:
    from core.training.noising import bigram_noise

    data = make_data(tmp_path, "a b\na c\na b\nb b\nb c\n", noising=0.2, validation_share=0.0)
    vocabulary = data.vocabulary
    rates, sums = bigram_noise(data.training, len(vocabulary), 0.2)
    a, b, c = (vocabulary.encode([word])[0] for word in "abc")
    # a b, a c, a b; b b, b c, b </s> thrice; c </s> twice.
    assert rates[[a, b, c]] == pytest.approx([0.2 * 2 / 3, 0.2 * 3 / 5, 0.2 * 1 / 2])
    shares = np.diff(sums, prepend=0)
    # Pairs of different words: <s> a, <s> b; a b, a c; b b, b c, b </s>; c </s>.
    expected = {a: 1 / 8, b: 3 / 8, c: 2 / 8, vocabulary.end: 2 / 8}
    assert {n: share for n, share in enumerate(shares) if share} == pytest.approx(expected)


def test_noise_of_a_window_counts_the_same_pairs(tmp_path: Path) -> None:
    from core.training.noising import bigram_noise

    text = "a b\na c\na b\nb b\nb c\n"
    data = make_data(tmp_path, text, validation_share=0.0, context="window", tied=False)
    rates, sums = bigram_noise(data.training, len(data.vocabulary), 0.2)
    a, b, c = (data.vocabulary.encode([word])[0] for word in "abc")
    # a b, a c, a b; b b, b c; and no ends.
    assert rates[[a, b, c]] == pytest.approx([0.2 * 2 / 3, 0.2, 0])
    # Of the four different pairs, two end with b and two with c.
    assert np.diff(sums, prepend=0)[[a, b, c]] == pytest.approx([0, 1 / 2, 1 / 2])


def test_noise_leaves_padding_and_the_start_of_lines(tmp_path: Path) -> None:
    from core.training.noising import Noising
    from core.training.randomness import Randomness

    tf = pytest.importorskip("tensorflow")

    data = make_data(tmp_path, noising=1.0, word_dropout=0.3)
    noising = Noising(data, Randomness(0))
    inputs, _ = next(iter(data.training.epoch(None)))
    replaced = noising(tf.constant(inputs)).numpy()
    fixed = (inputs == 0) | (inputs == data.vocabulary.start)
    assert (replaced[fixed] == inputs[fixed]).all()
    assert (replaced[~fixed] != inputs[~fixed]).any()
    assert (replaced[~fixed] > 0).all()
    assert (replaced == data.vocabulary.unknown).any()


def test_an_average_follows_slowly_and_stands_in_for_a_while() -> None:
    from core.training.averaging import Average

    tf = pytest.importorskip("tensorflow")

    variable = tf.Variable([1.0])
    average = Average([variable], steps=4)
    expected = 1.0
    for step in range(1, 60):
        variable.assign([float(step)])
        average.update(tf.constant(step, tf.int64))
        expected += (step - expected) / min(1 + step / 10, 4)
        assert float(average.values[0][0]) == pytest.approx(expected, rel=1e-5)
    with average.instead():
        assert float(variable[0]) == pytest.approx(expected, rel=1e-5)
    assert float(variable[0]) == 59


def test_weights_decay_by_the_learning_rate(tmp_path: Path) -> None:
    from core.training.step import Step

    data = make_data(tmp_path, weight_decay=10.0, learning_rate=0.01)
    plain = make_data(tmp_path, learning_rate=0.01)
    batch = next(iter(data.training.epoch(None)))
    ours, theirs = (Step(make_network(each), each) for each in (data, plain))
    for step in (ours, theirs):
        step.train(*batch)
    for name, weights in theirs._network.weights().items():
        assert ours._network.weights()[name] == pytest.approx(0.9 * weights, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    "changes",
    [
        {"sampled_softmax": 5, "adversarial": "advsoft"},
        {"sampled_softmax": 5, "label_smoothing": 0.1},
    ],
)
def test_what_does_not_go_together_is_told(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"to 0$"):
        make_data(tmp_path, **changes)
