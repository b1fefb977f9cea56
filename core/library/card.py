"""A model's card: what a person should know before using it, written from its manifest."""

from collections.abc import Mapping
from typing import Any

from core.library.model import Manifest


def write_card(manifest: Manifest) -> str:
    """Return the card as Markdown."""
    shape = manifest.architecture
    parts = [
        f"# {manifest.name}",
        f"A {shape.cell.upper()} language model of {manifest.level}s, made with Headlong on "
        f"{manifest.created}.",
        _bullets(
            {
                "Words": f"{manifest.vocabulary:,}",
                "Parameters": f"{manifest.parameters:,}",
                "Network": f"embedding {shape.embedding_size}, {shape.layers} x "
                f"{shape.cell.upper()} {shape.hidden_size}"
                + (", output tied to the embedding" if shape.tied else ""),
                "Context": "the state is carried from word to word"
                if shape.context == "stream"
                else f"the last {shape.window} words, read anew for every word",
                "Cleaning": manifest.cleaning,
            }
        ),
        "## Text",
        _bullets(manifest.corpus),
        "## Training",
        _bullets({k: v for k, v in manifest.training.items() if k not in ("settings", "command")}),
    ]
    command = manifest.training.get("command")
    if command:
        parts += ["Made by", f"    {command}"]
    parts += ["## Measured", _bullets(manifest.metrics) or "Nothing: no text was held out."]
    return "\n\n".join(part for part in parts if part) + "\n"


def _bullets(facts: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name.replace('_', ' ')}: {_plain(value)}" for name, value in facts.items())


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "none" if value is None else str(value)
