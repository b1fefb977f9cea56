import numpy as np
import pytest

from core.library import layout
from core.library.model import Manifest, Model
from core.settings import ModelSettings
from core.text.vocabulary import PADDING, SPECIALS, START, UNKNOWN, Vocabulary
from core.training.extension import extend, new_words


def model(vocabulary: Vocabulary, **shape: object) -> Model:
    """Return a model whose every word has its own round numbers."""
    settings = ModelSettings().change(**{"embedding_size": 2, "hidden_size": 3} | shape)  # type: ignore[arg-type]
    weights = {
        name: np.arange(np.prod(size), dtype=np.float32).reshape(size)
        for name, size in layout.shapes(settings, len(vocabulary)).items()
    }
    return Model(Manifest("m", "plain", settings, len(vocabulary)), vocabulary, weights)


def test_new_words_are_those_that_the_model_lacks_in_their_order() -> None:
    assert new_words(["c", "a", "d", "b"], Vocabulary((*SPECIALS, "a"))) == ("c", "d", "b")


@pytest.mark.parametrize("token", [PADDING, START, "<unused 7>"])
def test_what_looks_like_no_word_never_becomes_one(token: str) -> None:
    assert new_words([token, "b"], Vocabulary((PADDING, "a"))) == ("b",)


def test_a_new_word_begins_as_the_mean_of_the_known_ones() -> None:
    """Padding and the unused row, 0 and 2, have no share in it."""
    base = model(Vocabulary((PADDING, "a", "<unused 2>", "b")), tied=False, hidden_size=2)
    extended = extend(base, ("c", "d"))
    assert extended.vocabulary.tokens == (PADDING, "a", "<unused 2>", "b", "c", "d")
    assert extended.weights["embedding"].tolist() == [
        *([0, 1], [2, 3], [4, 5], [6, 7]),
        *([4, 5], [4, 5]),
    ]
    assert extended.weights["output.kernel"].tolist() == [[0, 1, 2, 3, 2, 2], [4, 5, 6, 7, 6, 6]]
    assert extended.weights["output.bias"].tolist() == [0, 1, 2, 3, 2, 2]


@pytest.mark.parametrize("tied", [True, False])
def test_all_else_stays_and_has_the_shape_that_the_format_wants(tied: bool) -> None:
    base = model(Vocabulary((*SPECIALS, "a", "b")), tied=tied)
    extended = extend(base, ("c",))
    shapes = {name: array.shape for name, array in extended.weights.items()}
    assert shapes == layout.shapes(base.manifest.architecture, extended.manifest.vocabulary)
    assert extended.manifest.vocabulary == len(extended.vocabulary) == 7
    assert all(array.dtype == np.float32 for array in extended.weights.values())
    for name, array in base.weights.items():
        old = extended.weights[name]
        grown = {"embedding": old[:6], "output.kernel": old[..., :6], "output.bias": old[:6]}
        assert np.array_equal(grown.get(name, old), array)


def test_the_roles_of_tokens_stay() -> None:
    vocabulary = Vocabulary((PADDING, START, "a"), end_token=START, unknown_token=PADDING)
    extended = extend(model(vocabulary, tied=False), ("b",)).vocabulary
    assert (extended.start, extended.end, extended.unknown) == (1, 1, 0)
    assert extended.encode("abc") == [2, 3, 0]


def test_no_new_word_changes_nothing() -> None:
    base = model(Vocabulary((PADDING, UNKNOWN, "a")))
    assert extend(base, ()) is base
