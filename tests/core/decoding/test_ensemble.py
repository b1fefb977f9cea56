"""Several models as one network, against sums made by hand from each model alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding import filters
from core.decoding.ensemble import EnsembleStepper, after_seed
from core.decoding.generator import Generator
from core.decoding.stepper import State, stepper
from core.errors import SettingError
from core.library.ensemble import Ensemble
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.vocabulary import PADDING, START, Vocabulary
from tests.conftest import WORDS, random_model

NORTH = ("snow", "the", "says", "wolf", "a")
TURNS = SamplingSettings(ensemble="turns")

Shares = dict[str, float]


def north(context: str = "stream", name: str = "north", seed: int = 1, **shape: object) -> Model:
    """Return a model that shares three words with the usual one and has two of its own."""
    return random_model(context, name, seed, NORTH, **shape)


def without_unknown(model: Model) -> Model:
    """Return a stream that has only padding and words, as Keras's stateful models may."""
    tokens = (PADDING, *(f"spare{n}" for n in range(3)), *model.vocabulary.tokens[4:])
    return replace(model, vocabulary=Vocabulary(tokens))


def letters(name: str, seed: int, characters: str = "ab ") -> Model:
    model = random_model("window", name, seed, tuple(characters))
    return replace(model, manifest=replace(model.manifest, level="character", cleaning="characters"))


def together(*models: Model, weights: Sequence[float] = ()) -> Ensemble:
    return Ensemble(models, tuple(weights) or (1.0,) * len(models))


def alone(model: Model, words: Sequence[str]) -> Shares:
    """Return what follows `words`, read by one model from the beginning of a line, by token."""
    vocabulary, network = model.vocabulary, stepper(model)
    read = [START, *words]
    ids = [vocabulary.ids.get(word, None if word == START else vocabulary.unknown) for word in read]
    state = network.start(1)
    for id_ in ids:
        if id_ is not None:
            state = network.advance(state, np.array([id_]))
    shares = filters.probabilities(network.logits(state))[0].tolist()
    return dict(zip(vocabulary.tokens, shares, strict=True))


def by_hand(ensemble: Ensemble, words: Sequence[str]) -> Shares:
    parts = [alone(member, words) for member in ensemble.members]
    total = sum(ensemble.weights)
    return {
        token: sum(
            weight / total * part.get(token, 0.0)
            for weight, part in zip(ensemble.weights, parts, strict=True)
        )
        for token in ensemble.vocabulary.tokens
    }


def shares_of(ensemble: Ensemble, network: EnsembleStepper, state: State, row: int = 0) -> Shares:
    shares = filters.probabilities(network.logits(state))[row].tolist()
    return dict(zip(ensemble.vocabulary.tokens, shares, strict=True))


def read(ensemble: Ensemble, words: Sequence[str]) -> Shares:
    generator = Generator(ensemble)
    state = generator.read(generator.read_seed(""))
    unknown = ensemble.vocabulary.unknown
    for word in words:
        id_ = ensemble.vocabulary.ids.get(word, unknown)
        if id_ is not None:
            state = generator.stepper.advance(state, np.array([id_]))
    assert isinstance(generator.stepper, EnsembleStepper)
    return shares_of(ensemble, generator.stepper, state)


STREAM, WINDOW = random_model(), random_model("window")
BARE = without_unknown(north())
ATTENTIVE = north("window", attention=True)
PAIRS = [
    (STREAM, north()),
    (STREAM, north("window")),
    (north("window"), STREAM),
    (STREAM, BARE),
    (WINDOW, ATTENTIVE),
    (WINDOW, north("window", layers=2, masked=True)),
    (STREAM, north(cell="gru"), WINDOW, STREAM),
]


# --- mixed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [STREAM, WINDOW, BARE, ATTENTIVE])
def test_a_model_with_itself_says_what_it_says_alone(model: Model) -> None:
    settings = SamplingSettings(length=12, samples=3, ranked=False)
    one, two = Generator(model, settings), Generator(together(model, model), settings)
    seed = one.read_seed("the new says")
    expected = filters.probabilities(one.stepper.logits(one.read(seed)))
    assert filters.probabilities(two.stepper.logits(two.read(seed))) == pytest.approx(
        expected, abs=1e-6
    )
    assert [line.text for line in two.generate(seed)] == [line.text for line in one.generate(seed)]


@pytest.mark.parametrize("models", PAIRS)
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["the"],
        ["snow", "wolf"],
        ["china", "the", "wolf", "war", "snow", "says", "why", "a"],
        ["nobody", "says", "knows", "the"],
    ],
)
def test_the_mixture_is_the_weighted_sum(models: tuple[Model, ...], words: list[str]) -> None:
    ensemble = together(*models, weights=[0.7, 0.2, 0.4, 2.0][: len(models)])
    shares = read(ensemble, words)
    assert shares == pytest.approx(by_hand(ensemble, words), abs=1e-6)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)


def test_what_a_member_does_not_know_has_only_the_others_share() -> None:
    shares = read(together(STREAM, north(), weights=[3, 1]), ["the"])
    assert shares["wolf"] == pytest.approx(0.25 * alone(north(), ["the"])["wolf"], abs=1e-6)
    assert shares["china"] == pytest.approx(0.75 * alone(STREAM, ["the"])["china"], abs=1e-6)


def test_a_member_that_cannot_end_a_line_gives_the_end_nothing() -> None:
    shares = read(together(STREAM, north("window"), weights=[1, 3]), ["the"])
    assert shares["</s>"] == pytest.approx(0.25 * alone(STREAM, ["the"])["</s>"], abs=1e-6)


def test_the_start_is_skipped_by_who_has_none() -> None:
    ensemble = together(STREAM, BARE)
    network = EnsembleStepper(ensemble)
    begun = network.advance(network.start(1), np.array([ensemble.vocabulary.start]))
    assert begun.members[0].read == 1
    assert begun.members[1].read == 0


def test_what_ends_textgenrnns_texts_ends_the_ensembles() -> None:
    """Its <s> begins a text and ends it, and it reads padding for what it does not know."""
    tokens = (PADDING, START, *NORTH[:4])
    theirs = replace(ATTENTIVE, vocabulary=Vocabulary(tokens, end_token=START, unknown_token=PADDING))
    ensemble = together(WINDOW, theirs)
    shares, expected = read(ensemble, ["the", "china"]), alone(theirs, ["the", "china"])
    assert ensemble.vocabulary.tokens[:4] == ("<pad>", "<unk>", "<s>", "</s>")
    assert shares["</s>"] == pytest.approx(expected["<s>"] / 2, abs=1e-6)
    assert shares["<s>"] == shares["<unk>"] == 0


@given(
    st.lists(st.integers(0, len(together(*PAIRS[-1]).vocabulary) - 1), max_size=8),
    st.lists(st.floats(1e-6, 1e6), min_size=4, max_size=4),
)
def test_a_mixture_sums_to_one(ids: list[int], weights: list[float]) -> None:
    network = EnsembleStepper(together(*PAIRS[-1], weights=weights))
    state = network.start(1)
    for id_ in ids:
        state = network.advance(state, np.array([id_]))
    logits = network.logits(state)
    assert logits.dtype == np.float32
    assert np.exp(logits, dtype=np.float64).sum() == pytest.approx(1, abs=1e-5)


def test_however_sure_all_members_are_of_one_word_bans_leave_others() -> None:
    sure = np.zeros(len(STREAM.vocabulary), np.float32)
    sure[STREAM.vocabulary.ids["war"]] = 1e5
    model = replace(STREAM, weights={**STREAM.weights, "output.bias": sure})
    generator = Generator(together(model, model), SamplingSettings(length=3, ban=("war",)))
    line = generator.generate(generator.read_seed("china"))[0]
    assert len(line.words) == 3
    assert {word.probability for word in line.words} == {0.0}


# --- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "member",
    [
        BARE,
        north("window"),
        north("window", layers=2, masked=True),
        north("window", cell="gru"),
        ATTENTIVE,
    ],
)
@given(st.data())
def test_a_row_that_skips_a_word_is_as_if_the_word_had_not_been(
    member: Model, data: st.DataObject
) -> None:
    """More words than a window holds, in rows that skip at different times."""
    ensemble = together(member, STREAM)
    network = EnsembleStepper(ensemble)
    words = st.sampled_from([*NORTH, *WORDS])
    rows = data.draw(st.lists(st.lists(words, min_size=9, max_size=9), min_size=3, max_size=3))
    ids = np.array([[ensemble.vocabulary.ids[word] for word in row] for row in rows])
    state = network.start(3)
    for column in ids.T:
        state = network.advance(state, column)
    known = [[word for word in row if word in member.vocabulary.ids] for row in rows]
    logits = stepper(member).logits(state.members[0])
    shares = filters.probabilities(logits)
    for row, words_read in enumerate(known):
        expected = list(alone(member, words_read).values())
        assert shares[row] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("settings", [SamplingSettings(), TURNS])
def test_rows_can_be_taken_in_any_order_and_often(settings: SamplingSettings) -> None:
    ensemble = together(north("window"), STREAM)
    network = EnsembleStepper(ensemble)
    ids = np.array([ensemble.vocabulary.ids[word] for word in ("wolf", "china", "the")])
    state = network.advance(after_seed(network.start(3), settings), ids)
    order = np.array([2, 0, 0, 1])
    taken = network.take(state, order)
    assert taken.rows == 4
    assert network.logits(taken) == pytest.approx(network.logits(state)[order])
    assert network.hidden(taken) == pytest.approx(network.hidden(state)[order])
    further = network.advance(taken, ids[order])
    assert network.logits(further) == pytest.approx(
        network.logits(network.advance(state, ids))[order], abs=1e-6
    )


@pytest.mark.parametrize("ensemble", ["mix", "turns"])
def test_samples_side_by_side_are_those_drawn_one_by_one(
    ensemble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SamplingSettings(length=9, samples=6, ranked=False, temperature=1.5, ensemble=ensemble)
    generator = Generator(together(WINDOW, north(), BARE), settings)
    seed = generator.read_seed("snow in china")
    side_by_side = [line.text for line in generator.generate(seed)]
    assert len(set(side_by_side)) > 1
    monkeypatch.setattr("core.decoding.generator.BATCH", 1)
    assert [line.text for line in generator.generate(seed)] == side_by_side


def test_a_state_can_be_gone_on_from_twice() -> None:
    ensemble = together(north("window"), WINDOW)
    network = EnsembleStepper(ensemble)
    wolf, china = (np.array([ensemble.vocabulary.ids[word]]) for word in ("wolf", "china"))
    state = network.advance(network.start(1), wolf)
    first = network.logits(network.advance(state, china))
    network.logits(network.advance(state, wolf))
    assert np.array_equal(network.logits(network.advance(state, china)), first)


def test_the_cosine_of_features_is_the_weighted_mean_of_the_members() -> None:
    ensemble = together(STREAM, WINDOW, weights=[3, 1])
    network = EnsembleStepper(ensemble)
    ids = np.array([ensemble.vocabulary.ids[word] for word in ("china", "war")])
    state = network.advance(network.start(2), ids)

    def cosine(rows: np.ndarray) -> float:
        one, other = rows.astype(np.float64)
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    parts = [
        cosine(stepper(member).hidden(own))
        for member, own in zip(ensemble.members, state.members, strict=True)
    ]
    assert cosine(network.hidden(state)) == pytest.approx(0.75 * parts[0] + 0.25 * parts[1], abs=1e-6)


# --- in turns -----------------------------------------------------------------------------------


def test_in_turns_each_word_is_one_models_own() -> None:
    ensemble = together(STREAM, north(), WINDOW)
    generator = Generator(ensemble, TURNS.change(length=7))
    seed = generator.read_seed("snow china")
    said = ["snow", "china"]
    for number, step in enumerate(generator.steps(seed)):
        speaker = ensemble.members[number % 3]
        own = alone(speaker, said)
        shares = filters.probabilities(step.logits)[0].tolist()
        for token, share in zip(ensemble.vocabulary.tokens, shares, strict=True):
            assert share == pytest.approx(own.get(token, 0.0), abs=1e-6)
        word = ensemble.vocabulary.tokens[step.ids[0]]
        assert word in speaker.vocabulary.ids
        said.append(word)
    assert len(said) == 9


def test_the_first_models_turn_comes_after_a_seed_of_any_length() -> None:
    ensemble = together(STREAM, north())
    generator = Generator(ensemble, TURNS)
    for text in ("", "the", "snow says", "the wolf says"):
        state = generator.read(generator.read_seed(text))
        shares = filters.probabilities(generator.stepper.logits(state))[0]
        assert shares[ensemble.vocabulary.ids["wolf"]] == 0


def test_words_that_are_given_take_turns_too() -> None:
    generator = Generator(together(STREAM, north()), TURNS.change(length=6))
    seed = generator.read_seed("china")
    whole = generator.generate(seed)[0].words
    forced = [word.id for word in whole[:3]]
    assert generator.generate(seed, forced)[0].words == whole


def test_turns_begin_and_end_with_the_setting() -> None:
    generator = Generator(together(STREAM, north()), SamplingSettings(length=5, temperature=0))
    seed = generator.read_seed("china")
    mixed = generator.generate(seed)
    generator.configure(ensemble="turns")
    turns = generator.generate(seed)
    alone = Generator(STREAM, generator.settings)
    own = alone.generate(alone.read_seed("china"))[0]
    assert turns[0].words[0].probability == pytest.approx(own.words[0].probability, abs=1e-6)
    generator.configure(ensemble="mix")
    assert generator.generate(seed) == mixed != turns


def test_models_of_letters_have_a_word_each() -> None:
    ensemble = together(letters("one", 1, "ab "), letters("two", 2, "cd "))
    network = EnsembleStepper(ensemble)
    ids = ensemble.vocabulary.ids
    state = after_seed(network.start(2), TURNS)
    speakers = []
    for characters in ("aa", "  ", " c", "c ", "aa"):
        state = network.advance(state, np.array([ids[character] for character in characters]))
        shares = filters.probabilities(network.logits(state))
        speakers.append(["ab" if row[ids["a"]] else "cd" for row in shares])
    assert speakers == [["ab", "ab"], ["cd", "cd"], ["ab", "cd"], ["ab", "ab"], ["ab", "ab"]]


def test_who_speaks_alone_must_have_a_word_left() -> None:
    generator = Generator(together(STREAM, north()), SamplingSettings(length=4, ban=NORTH))
    seed = generator.read_seed("china")
    assert len(generator.generate(seed)[0].words) == 4
    generator.configure(ensemble="turns")
    with pytest.raises(SettingError, match="every word of north is banned"):
        generator.generate(seed)


@given(
    st.builds(
        SamplingSettings,
        ensemble=st.sampled_from(["mix", "turns"]),
        temperature=st.floats(0, 5),
        top_k=st.none() | st.integers(1, 30),
        top_p=st.none() | st.floats(0.01, 1),
        min_p=st.none() | st.floats(0, 1),
        typical=st.none() | st.floats(0.01, 1),
        eta=st.none() | st.floats(0, 1),
        mirostat=st.none() | st.floats(0, 10),
        no_repeat=st.none() | st.integers(1, 3),
        repeat_penalty=st.none() | st.floats(1, 100),
        frequency_penalty=st.none() | st.floats(-100, 100),
        dry=st.none() | st.floats(0, 100),
        length=st.just(6),
        samples=st.just(2),
        ranked=st.just(False),
    )
)
def test_whatever_is_set_each_word_is_one_that_may_be_said(settings: SamplingSettings) -> None:
    """Words that nobody says have no logit; every filter takes that, and leaves a word that has one."""
    generator = Generator(together(WINDOW, BARE, north()), settings)
    lines = generator.generate(generator.read_seed("the wolf"))
    for line in lines:
        assert len(line.words) == 6
        assert all(word.probability > 0 for word in line.words)
        assert not {word.text for word in line.words} & {"<pad>", "<unk>", "<s>", "</s>"}
