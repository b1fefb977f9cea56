"""A few lines learnt from nothing, and from a model of other headlines."""

from pathlib import Path
from tempfile import TemporaryDirectory

from core.library import bundle
from core.recipe import Recipe, preset
from core.text.corpus import Source
from core.training.base import Base, recipe_from
from core.training.client import Trainer
from core.training.events import Done
from core.training.job import HEADLINES, plan, source
from tests.benchmarks.training.texts import texts

FEW = 800


def trained(text: Source, recipe: Recipe, folder: Path, name: str, base: Base | None = None) -> Done:
    """Train in a child; return how it ended."""
    with Trainer(plan(text, recipe, name, directory=folder, base=base)) as trainer:
        done = [event for event in trainer.events() if isinstance(event, Done)]
    return done[0]


def parts(folder: Path) -> tuple[Source, Source]:
    """Return the first lines of our corpus, and the others."""
    heading, *lines = HEADLINES.read_text(encoding="utf-8").splitlines(keepends=True)
    files = {"few.csv": lines[:FEW], "other.csv": lines[FEW:]}
    for name, part in files.items():
        (folder / name).write_text("".join([heading, *part]), encoding="utf-8")
    few, other = (source([folder / name], "headline", ["Unknown"]) for name in files)
    return few, other


def compare(title: str, few: Source, other: Source, folder: Path) -> None:
    """Print a line for each of the two."""
    name = title.replace(" ", "-").replace(",", "")
    done = trained(other, preset("small"), folder, f"{name}-base")
    base = Base(Path(done.path), done.model, bundle.load(Path(done.path)).sha256)
    alone = trained(few, preset("small"), folder, f"{name}-alone")
    tuned = trained(few, recipe_from(base.load()), folder, f"{name}-tuned", base)
    for told, end in (("from nothing", alone), ("from a model of other headlines", tuned)):
        spelt = end.bits_per_character_spelt
        assert spelt is not None
        print(f"  {title:32} {told:32} {spelt:6.3f} bits per character, {end.seconds:5.1f} s")


def main() -> None:
    """Print the comparison on our corpus, and on the tutorial's text where it is there."""
    print("a few lines, learnt from nothing or from a model; held-out bits, unknown words spelt out")
    with TemporaryDirectory() as directory:
        few, other = parts(Path(directory))
        compare(f"{FEW} lines of ours", few, other, Path(directory))
        for name in list(texts())[1:]:
            compare(name, texts()[name], source(), Path(directory))
