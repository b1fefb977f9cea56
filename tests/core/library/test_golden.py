"""Models that earlier versions wrote must load for ever, and say what they said."""

import json
from pathlib import Path

import pytest

from core.decoding.generator import Generator
from core.library import bundle
from core.library.shelf import Shelf
from core.settings import SamplingSettings

GOLDEN = Path(__file__).parents[2] / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def test_there_are_golden_models() -> None:
    assert len(NAMES) >= 8
    shipped = Shelf([]).names()
    assert [name for name in Shelf([GOLDEN]).names() if name not in shipped] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_says_what_it_said(name: str) -> None:
    said = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    model = Shelf([GOLDEN]).load(name)
    assert model.sha256 == said["sha256"]
    bundle.verify(Shelf([GOLDEN]).find(name))
    greedy = SamplingSettings(temperature=0, length=6)
    drawn = SamplingSettings(length=6, rng=7, top_k=5)
    for key, settings in (("greedy", greedy), ("drawn", drawn)):
        generator = Generator(model, settings)
        for seed, text in said[key].items():
            assert generator.generate(generator.read_seed(seed))[0].text == text
