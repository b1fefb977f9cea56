"""What was found inside the network as JSON objects, for programs. Influence is in bits."""

from typing import Any

from core.insight.gates import LineGates, Moment
from core.insight.memory import LineMemory, Memory
from core.insight.neurons import Example, SelectiveUnit, Survey, UnitLine


def gates(told: LineGates) -> dict[str, Any]:
    """Return a line's gates, layer by layer and word by word."""
    shape = told.shape
    layers = [
        {
            "layer": number,
            "units": shape.hidden_size,
            "words": [_moment(*pair) for pair in zip(told.line.words, moments, strict=True)],
        }
        for number, moments in enumerate(told.layers, start=1)
    ]
    return {"model": told.model, "cell": shape.cell, "context": shape.context, "layers": layers}


def _moment(word: str, moment: Moment) -> dict[str, Any]:
    gates = {
        name: {"mean": spread.mean, "standard_deviation": spread.deviation}
        for name, spread in moment.gates.items()
    }
    cell = {} if moment.cell is None else {"cell_norm": moment.cell}
    return {"text": word, **gates, **cell, "hidden_norm": moment.hidden}


def unit(told: UnitLine) -> dict[str, Any]:
    """Return a line with a unit's activation at each word."""
    return {
        "model": told.model,
        "layer": told.layer,
        "unit": told.unit,
        "words": _activations(told),
    }


def _activations(told: UnitLine | Example) -> list[dict[str, Any]]:
    pairs = zip(told.line.words, told.values, strict=True)
    return [{"text": word, "activation": value} for word, value in pairs]


def selective(survey: Survey, told: SelectiveUnit) -> dict[str, Any]:
    """Return one unit of a survey."""
    return {
        "model": survey.model,
        "layer": survey.layer,
        "unit": told.unit,
        "selectivity": told.selectivity,
        "rest": told.rest,
        "words": [
            {"text": one.word, "mean_activation": one.mean, "count": one.count} for one in told.words
        ],
        "examples": [_activations(example) for example in told.examples],
        "lines": survey.lines,
    }


def line_memory(told: LineMemory) -> dict[str, Any]:
    """Return what each word of a line still changes, and the average by distance."""
    first = len(told.line.words) - len(told.bits)
    words = [
        {"text": word, "back": len(told.bits) - place, "bits": value}
        for place, (word, value) in enumerate(zip(told.line.words[first:], told.bits, strict=True))
    ]
    return memory(told.memory) | {"words": words}


def memory(told: Memory) -> dict[str, Any]:
    """Return the influence by distance; `below_one_percent_from` is null where that is not seen."""
    return {
        "model": told.model,
        "lines": told.lines,
        "by_distance": [
            {"back": one.distance, "bits": one.bits, "positions": one.positions}
            for one in told.by_distance
        ],
        "below_one_percent_from": told.forgotten,
    }
