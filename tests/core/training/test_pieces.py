"""A text as the pieces of its words: what training reads of it, and what it is measured by."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError, SettingError
from core.recipe import preset
from core.text.corpus import Corpus, Limits, Source
from core.text.vocabulary import END, START
from core.training.base import recipe_from
from core.training.dataset import Dataset
from core.training.probes import taken_from
from core.training.saver import settings_told
from tests.conftest import model_of_pieces

LINES = tuple(
    f"the {a} says {b} to war {c}" for a in ("cat", "dog") for b in "defg" for c in ("a", "b")
)
RARE = (*LINES[:8], "the owl says ö to war 龍", *LINES[8:], "the cat's war")


def prepare(tmp_path: Path, lines: tuple[str, ...], name: str = "small", **changes: object) -> Dataset:
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    recipe = preset(name).change(**{"level": "bpe", "pieces": 60} | changes)  # type: ignore[arg-type]
    return Dataset.prepare(Source((tmp_path / "lines.txt",)), recipe)


def lines_of(data: Dataset) -> set[str]:
    """Return the training lines as they are read by the network, put together again."""
    told = set()
    for inputs, targets in data.training.epoch(None):
        for first, row in zip(inputs[:, 0].tolist(), targets, strict=True):
            tokens = data.vocabulary.decode([first, *row[row > 0].tolist()])
            assert (tokens[0], tokens[-1]) == (START, END)
            told.add("".join(tokens[1:-1]).replace("▁", " ").strip())
    return told


def test_a_network_reads_whole_lines_in_pieces(tmp_path: Path) -> None:
    data = prepare(tmp_path, LINES, validation_share=0, pieces=20)
    assert lines_of(data) == set(LINES)
    pieces = data.vocabulary.spell(word for line in LINES for word in line.split())
    assert data.training.tokens == len(pieces) + len(LINES)
    assert len(pieces) > len(" ".join(LINES).split())


def test_nothing_is_unknown_and_characters_are_those_of_words(tmp_path: Path) -> None:
    data = prepare(tmp_path, RARE, validation_share=0.2)
    words = prepare(tmp_path, RARE, validation_share=0.2, level="word", min_count=9)
    assert data.unknown_rate == data.spelling == 0
    assert words.unknown_rate > 0
    assert data.validation_characters == words.validation_characters
    assert data.lines == words.lines


def test_pieces_are_learnt_from_training_lines_only(tmp_path: Path) -> None:
    data = prepare(tmp_path, ("ab ab", "cd cd", "ab cd"), min_count=1, validation_share=0.4)
    assert data.validation_lines == 1
    held_out = {"cd"} if not any("cd" in line for line in lines_of(data)) else set()
    assert not held_out & {piece.removeprefix("▁") for piece in data.vocabulary.tokens}


def test_a_text_on_the_disk_gives_the_same(tmp_path: Path) -> None:
    in_memory = prepare(tmp_path, RARE)
    source = Source((tmp_path / "lines.txt",))
    recipe = preset("small").change(level="bpe", pieces=60)
    on_disk = Dataset.prepare(source, recipe, limits=Limits(bytes=1))
    assert on_disk.vocabulary == in_memory.vocabulary
    for one, other in zip(on_disk.training.epoch(None), in_memory.training.epoch(None), strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_a_windows_length_is_that_of_the_longest_line_in_pieces(tmp_path: Path) -> None:
    data = prepare(tmp_path, LINES, "tutorial")
    longest = max(len(data.vocabulary.spell(line.split())) for line in LINES)
    assert data.recipe.model.window == longest - 1
    assert data.vocabulary.tokens[:2] == ("<pad>", "<0x00>")


def test_a_longer_line_than_a_window_reads_is_told_in_pieces(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the longest line has 1,\d\d\d pieces, and a window reads"):
        prepare(tmp_path, ("ab " * 600, "ba ab"), "tutorial", pieces=4)


def test_pieces_go_with_any_cleaning_but_that_of_characters(tmp_path: Path) -> None:
    assert (
        "▁The"
        in prepare(
            tmp_path, ("The cat", "The dog", "The"), cleaning="cased", min_count=1
        ).vocabulary.tokens
    )
    with pytest.raises(SettingError, match="level=bpe does not go with cleaning=characters"):
        prepare(tmp_path, LINES, cleaning="characters")


def test_a_model_that_is_trained_on_keeps_its_pieces(tmp_path: Path) -> None:
    base = model_of_pieces(LINES)
    (tmp_path / "more.txt").write_text("an entirely new line\nand a 龍 in it\n")
    recipe = recipe_from(base, epochs=1)
    data = Dataset.prepare(Source((tmp_path / "more.txt",)), recipe, base)
    assert data.vocabulary is base.vocabulary
    assert data.unknown_rate == 0
    assert data.base is base
    said = len(base.vocabulary) - len(base.vocabulary.special_ids)
    assert recipe.text.pieces == said
    with pytest.raises(
        SettingError, match=f"pieces is {said} in the model 'pieces' and cannot become 9"
    ):
        recipe_from(base, pieces=9)


def test_seeds_of_the_text_are_whole_words(tmp_path: Path) -> None:
    seeds = taken_from(prepare(tmp_path, LINES))
    assert seeds
    assert set(seeds) <= {" ".join(line.split()[:2]) for line in LINES}


def test_a_stop_is_heard_while_words_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.dataset.WATCHED", 1)
    (tmp_path / "lines.txt").write_text("\n".join(LINES))
    told: list[float] = []
    recipe = preset("small").change(level="bpe", pieces=60)
    Dataset.prepare(
        Source((tmp_path / "lines.txt",)), recipe, watch=lambda rows, share: told.append(share)
    )
    words = Corpus.load(Source((tmp_path / "lines.txt",)), "plain").facts.words
    assert len(told) >= words


def test_a_run_goes_on_with_the_same_pieces_only(tmp_path: Path) -> None:
    data, again = prepare(tmp_path, LINES, pieces=20), prepare(tmp_path, LINES, pieces=20)
    fewer = prepare(tmp_path, LINES, pieces=16)
    words = prepare(tmp_path, LINES, level="word")
    assert data.fingerprint == again.fingerprint
    assert data.corpus.fingerprint == fewer.corpus.fingerprint
    assert len({data.fingerprint, fewer.fingerprint, words.fingerprint}) == 3
    assert words.fingerprint == words.corpus.fingerprint


def test_models_of_words_tell_nothing_of_pieces() -> None:
    recipe = preset("small")
    told = settings_told(recipe)
    known = {*vars(recipe.training), *vars(recipe.text)}
    assert set(told) == known - {"pieces"}
    assert settings_told(recipe.change(level="bpe"))["pieces"] == 4000
