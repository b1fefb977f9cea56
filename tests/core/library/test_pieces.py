"""Models of pieces on the shelf: what is written, what is refused, who may speak together."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.errors import ModelError
from core.library import bundle
from core.library.card import write_card
from core.library.ensemble import Ensemble
from core.library.foreign.exporting import export_model
from core.library.model import Model
from core.library.records import WrongRecord, manifest_record, read_vocabulary, vocabulary_record
from core.settings import SamplingSettings
from core.text.pieces import BYTES
from core.text.vocabulary import Vocabulary
from tests.chinese import LINES, by_pieces
from tests.conftest import model_of_pieces, random_model

ENGLISH = ("the senate says war", "the senate says trade", "war and trade")


def test_a_model_of_pieces_comes_back_as_it_was(tmp_path: Path) -> None:
    model = by_pieces()
    bundle.save(model, tmp_path / "m", write_card(model.manifest))
    loaded = bundle.load(tmp_path / "m")
    assert loaded.vocabulary == model.vocabulary
    assert loaded.sha256 == model.sha256
    assert loaded.cleaning.split(LINES[0]) == model.cleaning.split(LINES[0])
    assert loaded.level == "bpe"


def test_the_card_counts_pieces() -> None:
    model = by_pieces()
    card = write_card(model.manifest)
    assert f"pieces: {len(model.vocabulary):,}" in card
    assert "carried from piece to piece" in card


def test_the_identity_tells_pieces_from_words_of_the_same_list() -> None:
    model = by_pieces()
    words = replace(
        model,
        manifest=replace(model.manifest, level="word"),
        vocabulary=replace(model.vocabulary, by_pieces=False),
    )
    assert words.sha256 != model.sha256


def refused(model: Model, tokens: tuple[str, ...]) -> str:
    manifest = replace(model.manifest, vocabulary=len(tokens))
    with pytest.raises(WrongRecord) as error:
        read_vocabulary(vocabulary_record(Vocabulary(tokens)), manifest)
    return str(error.value)


def test_a_vocabulary_without_a_byte_is_refused() -> None:
    model = by_pieces()
    tokens = model.vocabulary.tokens
    some = tuple(token for token in tokens if token != "<0x7F>")
    assert refused(model, some) == "a model of level bpe reads every byte, and it lacks <0x7F>"


def test_a_stream_without_its_signs_is_refused() -> None:
    model = by_pieces()
    some = tuple(token for token in model.vocabulary.tokens if token != "<s>")
    assert refused(model, some) == "a stream of level bpe needs the signs <unk>, <s>, </s>"
    window = model_of_pieces(ENGLISH, "window")
    tokens = window.vocabulary.tokens
    assert read_vocabulary(vocabulary_record(window.vocabulary), window.manifest).tokens == tokens


def test_bytes_alone_are_no_vocabulary() -> None:
    model = by_pieces()
    assert "hold words" in refused(model, (*model.vocabulary.tokens[:4], *BYTES))


def test_pieces_of_characters_are_refused(tmp_path: Path) -> None:
    model = by_pieces()
    bundle.save(model, tmp_path / "m", "")
    record = json.loads((tmp_path / "m" / "model.json").read_text())
    record["cleaning"] = "characters"
    (tmp_path / "m" / "model.json").write_text(json.dumps(record))
    with pytest.raises(ModelError, match="its text is 'bpe', 'characters'"):
        bundle.load(tmp_path / "m")


def test_models_of_words_are_written_as_before() -> None:
    assert "bpe" not in json.dumps(manifest_record(random_model().manifest))
    assert list(vocabulary_record(random_model().vocabulary)) == ["tokens"]


def test_models_of_the_same_pieces_speak_as_one() -> None:
    one, other = model_of_pieces(ENGLISH, name="a"), model_of_pieces(ENGLISH, name="b", seed=1)
    both = Ensemble((one, other), (1, 1))
    assert both.vocabulary == one.vocabulary
    assert both.cleaning.split("senate 龍") == one.cleaning.split("senate 龍")


def test_a_window_and_a_stream_of_the_same_pieces_speak_as_one() -> None:
    stream, window = model_of_pieces(ENGLISH), model_of_pieces(ENGLISH, "window", name="w", seed=1)
    for members in ((stream, window), (window, stream)):
        both = Ensemble(members, (1, 1))
        assert both.vocabulary == stream.vocabulary
        says = Generator(both, SamplingSettings(length=8))
        line = says.generate(says.read_seed("the senate 龍"))[0]
        assert line.text.startswith("the senate 龍")
        assert len(line.words) == 8


def test_models_of_other_pieces_do_not() -> None:
    one, other = model_of_pieces(ENGLISH, name="a"), model_of_pieces(ENGLISH, name="b", pieces=20)
    with pytest.raises(ModelError, match="a and b cut words in different pieces, so they cannot"):
        Ensemble((one, other), (1, 1))
    with pytest.raises(ModelError, match="tiny goes by words and a by pieces"):
        Ensemble((random_model(), one), (1, 1))


def test_an_export_says_how_words_are_cut(tmp_path: Path) -> None:
    import onnx

    model = by_pieces()
    export_model(model, tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert facts["level"] == "bpe"
    assert "▁" in proto.doc_string
    assert set(range(4, 260)) <= set(map(int, facts["never"].split()))
