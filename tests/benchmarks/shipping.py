"""Makes a model that comes with the program, with a card that says how good it is and shows its lines.

`python -m tests.benchmarks.shipping NAME FOLDER [--card-end FILE]` trains NAME on the lines that the
ABC protocol of `make bench-quality` learns from, writes it in half precision to FOLDER, and measures
that copy on the protocol's last lines. The text of FILE ends the card. To be run on a quiet machine:
the card states how long the training took. What FOLDER has already is only measured, and gets its card.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.decoding.generator import Generator
from core.insight.comparison import COLUMN, Split
from core.insight.evaluation import HeldOut, measure
from core.library import bundle
from core.library.card import write_card
from core.library.half import Half, halved
from core.library.model import Model
from core.recipe import preset
from core.setting import Value
from core.settings import SamplingSettings
from core.text.corpus import Source
from core.training.client import Trainer
from core.training.events import EpochDone
from core.training.job import plan
from tests.benchmarks.quality import ANNEALED, NEWS, VALIDATION_SHARE, abc

LINES, SHOWN = 1000, 20
MOST_MEGABYTES = 8
HEADLINES = "abcnews-date-text.csv"
LICENCE = (
    "The first 45,000 headlines of “A Million News Headlines” (ABC Australia, from February 2003; "
    "Kaggle `therohk/million-headlines`), published as CC0-1.0; the model is under CC0-1.0 too. The "
    "text is not part of the model: there are no n-grams of it, only weights and words."
)


@dataclass(frozen=True)
class Recipe:
    """What a shipped model is trained with: a preset, and settings that are none of the preset's."""

    preset: str
    changes: dict[str, Value] = field(default_factory=dict)

    def command(self, name: str) -> str:
        """Write the shell's command that trains it, the text cut as the protocol has it."""
        settings = " ".join(f"--set {key}={value}" for key, value in self.changes.items())
        return (
            f"head -45001 {HEADLINES} > train.csv; headlong train train.csv --column headline_text "
            f"--name {name} --preset {self.preset} --set ngram=off "
            f"--set validation_share={VALIDATION_SHARE} {settings}"
        ).strip()


RECIPES = {
    "abc-news": Recipe("small", NEWS | ANNEALED),
    "abc-pieces": Recipe("small", {"level": "bpe", "hidden_size": 400, **ANNEALED}),
}


def train(name: str, split: Split, folder: Path, watch: Callable[[EpochDone], None]) -> Model:
    """Train a model on the lines of a split, as the command on its card does."""
    recipe = RECIPES[name]
    (folder / "train.jsonl").write_text(
        "".join(json.dumps({COLUMN: row}) + "\n" for row in split.rows), encoding="utf-8"
    )
    settings = preset(recipe.preset).change(ngram=False, validation_share=split.share, **recipe.changes)
    source = Source((folder / "train.jsonl",), COLUMN)
    with Trainer(plan(source, settings, name, directory=folder, command=recipe.command(name))) as child:
        for event in child.events():
            if isinstance(event, EpochDone):
                watch(event)
    model = bundle.load(folder / name)
    corpus = {"files": [HEADLINES], "column": "headline_text"}
    return replace(model, manifest=replace(model.manifest, corpus={**model.manifest.corpus, **corpus}))


def halves(model: Model) -> list[Mapping[str, Half]]:
    """Return the weights of all networks in half precision."""
    return [halved(weights) for weights in model.all_weights]


def drawn(model: Model, count: int) -> list[str]:
    """Return lines of the model's own, each with random numbers of its own, from 0 on."""
    settings = [SamplingSettings(rng=number) for number in range(count)]
    generator = Generator(model)
    made = [generator.under(each).generate(generator.read_seed(""))[0] for each in settings]
    return [line.text for line in made]


def continued(model: Model, split: Split) -> list[tuple[str, str]]:
    """Continue the first two words of the first test lines, line n with `rng` n; nothing is picked."""
    generator, pairs = Generator(model), []
    lines = [" ".join(line) for line in split.test.lines if len(line) > 2]
    for number, line in enumerate(lines[:SHOWN]):
        seed = " ".join(line.split()[:2])
        own = generator.under(SamplingSettings(rng=number))
        pairs.append((seed, own.generate(own.read_seed(f"{seed} "))[0].continuation))
    return pairs


def copied(model: Model, split: Split) -> tuple[int, int]:
    """Return how many lines of its own stand word for word in the text, and of how many."""
    text = {" ".join(line) for line in (*split.training, *split.validation)}
    return sum(line.strip() in text for line in drawn(model, LINES)), LINES


def measured(model: Model, split: Split) -> list[str]:
    """Write what the card says of the test lines."""
    found = measure(model, HeldOut(split.test.lines, split.text.cleaning))
    verbatim, lines = copied(model, split)
    spelt = found.bits_per_character_spelt
    return [
        f"- on the last 2,500 headlines of the file ({len(split.test.lines):,} that are not in the "
        f"training text), in float16: perplexity {found.perplexity:.1f}, unknown "
        f"{found.unknown_rate:.1%}, {found.bits_per_character:.3f} bits per character"
        + (f", {spelt:.3f} with unknown words spelt out" if spelt else ""),
        f"- copy rate: of {lines:,} lines drawn without a seed, rng 0 to {lines - 1}, {verbatim} stand "
        f"in the training text word for word ({split.seen} of 2,500 test lines do)",
    ]


def card(model: Model, split: Split, end: str) -> str:
    """Write the whole card."""
    own = "\n".join(f"- {seed} **{text}**" for seed, text in continued(model, split))
    parts = [
        write_card(model.manifest).rstrip(),
        "\n".join(measured(model, split)),
        f"## Data and licence\n\n{LICENCE}",
        "## Twenty continuations\n\nThe first two words of the first test lines, continued once each "
        f"with rng 0 to {SHOWN - 1}, not picked:\n\n{own}",
        end.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--card-end", type=Path)
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="headlong-") as directory:
        split = abc(Path(directory))
        place = told.folder / told.name
        if not place.exists():
            trained = train(told.name, split, Path(directory), _tell)
            small = bundle.files(trained, write_card(trained.manifest), halves(trained))
            bundle.write(told.name, place, small)  # at once: what took so long is not to be lost
        model = bundle.load(place)
        end = told.card_end.read_text(encoding="utf-8") if told.card_end else ""
        contents = bundle.files(model, card(model, split, end), halves(model))
        size = sum(map(len, contents.values()))
        if size > MOST_MEGABYTES * 1e6:
            parser.error(f"{told.name} takes {size / 1e6:.2f} MB")
        bundle.write(told.name, place, contents)
        print(f"{place}: {size / 1e6:.2f} MB")


def _tell(event: EpochDone) -> None:
    print(
        f"epoch {event.epoch}: loss {event.loss:.3f}, perplexity {event.validation_perplexity:.1f}, "
        f"{event.seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
