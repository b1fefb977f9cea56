"""Headlines in Chinese, made from a few patterns: what a text without blanks between words is like."""

from dataclasses import replace
from itertools import product

from core.library.model import Model
from tests.conftest import model_of_pieces, random_model

_WHO = ("上海", "北京", "广州", "成都")
_WHAT = ("地铁新线", "图书馆", "老城公园", "跨江大桥")
_HOW = ("今天开通", "明年建成", "迎来百万游客")

LINES = tuple(f"{who}{what}{how}" for who, what, how in product(_WHO, _WHAT, _HOW)) + tuple(
    f"{who}：{what}将{how[2:]}" for who, what, how in product(_WHO, _WHAT, _HOW[:2])
)


def by_pieces(name: str = "pieces") -> Model:
    """Return a model of pieces of these lines, with random weights."""
    return model_of_pieces(LINES, name=name, pieces=90)


def by_characters(name: str = "letters") -> Model:
    """Return a model of the characters of these lines, with random weights."""
    letters = tuple(dict.fromkeys("".join(LINES)))
    model = random_model(name=name, words=letters)
    manifest = replace(model.manifest, level="character", cleaning="characters")
    return replace(model, manifest=manifest)
