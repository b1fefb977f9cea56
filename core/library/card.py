"""A model's card: what a person should know before using it, written from its manifest."""

from collections.abc import Mapping
from typing import Any

from core.library.model import Manifest
from core.text.levels import noun

NOT_MEASURED = (
    "No text was held out, so nothing tells how well it continues lines that it has not seen."
)
NOT_TOLD = ("settings", "command", "history", "run")
"""What model.json says of training for programs more than for people."""

WITH_LABELS = "The lines that were held out were guessed with their labels before them."

RECITES = "Expect it to recite those it has."


def write_card(manifest: Manifest) -> str:
    """Return the card as Markdown."""
    shape = manifest.architecture
    measured = {name: value for name, value in manifest.metrics.items() if value is not None}
    tied = ", output tied to the embedding" if shape.tied else ""
    one = noun(manifest.level)
    reads = (
        f"carried from {one} to {one}"
        if shape.context == "stream"
        else f"the last {shape.window} {one}s, as if read anew for every {one}"
    )
    told = {name: value for name, value in manifest.training.items() if name not in NOT_TOLD}
    facts = {
        f"{one}s": f"{manifest.words:,}",
        "parameters": f"{manifest.parameters:,}",
        **({"networks": f"{manifest.networks}, averaged"} if manifest.networks > 1 else {}),
        "network": f"embedding {shape.embedding_size}, {shape.layers} x {shape.cell.upper()} "
        f"{shape.hidden_size}{tied}{', averaged over all of them' if shape.attention else ''}",
        "context": reads,
        "cleaning": manifest.cleaning,
        "n-grams": _ngrams(manifest.ngram_weight),
    }
    parts = [
        f"# {manifest.name}",
        f"A {manifest.level}-level language model, {_made(manifest)} Headlong on {manifest.created}"
        f"{_origin(manifest)}.",
        _bullets(facts),
        "## Text" if manifest.corpus else "",
        _bullets(manifest.corpus),
        "## Training",
        _bullets(told),
        _command(manifest.training.get("command")),
        "## Measured",
        _bullets(measured),
        "" if "validation_perplexity" in measured else NOT_MEASURED,
        WITH_LABELS if "validation_perplexity" in measured and "label" in manifest.corpus else "",
        RECITES if not measured.keys() & {"validation_perplexity"} and manifest.corpus else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ngrams(weight: float | None) -> str:
    if weight is None:
        return "none"
    return (
        f"mixed in with weight {weight:.4g}; much of the text it was trained on can be read from them"
    )


def _made(manifest: Manifest) -> str:
    return "imported by" if "imported_from" in manifest.training else "trained with"


def _origin(manifest: Manifest) -> str:
    base = manifest.training.get("started_from")
    return f", starting from the words and weights of the model {base}" if base else ""


def _command(command: object) -> str:
    return f"Made by this command:\n\n    {command}" if command else ""


def _bullets(facts: Mapping[str, Any]) -> str:
    told = {name: value for name, value in facts.items() if value is not None}
    return "\n".join(f"- {name.replace('_', ' ')}: {_plain(value)}" for name, value in told.items())


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)
