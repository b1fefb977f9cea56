"""Saves what a run has learnt, as models for others to use. No TensorFlow here."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ModelError, TrainingStopped
from core.library import bundle, epochs
from core.library.card import write_card
from core.library.folders import discard, take_away, taken
from core.library.model import Manifest, Model
from core.library.shelf import free_name
from core.recipe import Recipe
from core.training.dataset import Dataset
from core.training.events import STOPPED
from core.training.history import DIGITS, Best, Epoch, to_json
from core.training.job import Job, readable
from core.training.members import Members
from core.training.mixing import Mixture

FILES_NAMED = 100
LONGEST_COMMAND = 10_000

Measured = tuple[float | None, float | None]


class Saver:
    """Saves what is best, each time over what it saved before.

    A model that has the name already is not touched: what is not finished is saved under the next
    free name. `finish` gives it the name it was to have, where that was to be replaced.
    """

    def __init__(
        self, job: Job, dataset: Dataset, run: str, before: Measured, saved_as: str | None = None
    ) -> None:
        """Find out what is there already.

        Args:
            job: what was asked for.
            dataset: what is learnt from.
            run: the run's own name, by which it knows the models that it saved before it was cut off.
            before: perplexity and bits per character of the base, before training.
            saved_as: the name of the last one it saved.
        """
        self._job, self._dataset, self._run, self._before = job, dataset, run, before
        places = [job.destination, *([job.destination.with_name(saved_as)] if saved_as else [])]
        own = [place for place in places if self._is_own(place)]
        self._saved = bool(own)
        self.mixture: Mixture | None = None
        """What is saved beside the network, once that is known."""

        self.members: Members | None = None
        """The networks that are trained, where the model is to have several."""

        self.destination = own[0] if own else job.destination

    @property
    def saved_as(self) -> str | None:
        """The name of what is saved so far."""
        return self.destination.name if self._saved else None

    def save(self, best: Best, reason: str, history: Sequence[Epoch], seconds: float) -> None:
        """Save what is best.

        Raises:
            ModelError: it cannot be saved; what was there still is.
        """
        self._find_free_name()
        manifest = self._manifest(best, reason, history, seconds)
        ngrams = self.mixture.ngrams if self.mixture else None
        others = self.members.others if self.members else ()
        training = {**manifest.training, **self._networks()}
        manifest = replace(manifest, networks=1 + len(others), training=training)
        model = Model(manifest, self._dataset.vocabulary, best.weights, ngrams, others)
        bundle.save(model, self.destination, write_card(manifest), replace=self._saved)
        self._saved = True

    def model(self, each: Best, history: Sequence[Epoch] = (), seconds: float = 0.0) -> Model:
        """Return an epoch's weights as a model."""
        reason = f"epoch {each.epoch} of a training"
        manifest = self._manifest(each, reason, history, seconds)
        return Model(manifest, self._dataset.vocabulary, each.weights)

    def keep(self, model: Model, best: int | None) -> None:
        """Keep an epoch beside what is saved; `best` is the best epoch so far.

        Raises:
            OSError: it cannot be written.
        """
        self._find_free_name()
        folder = epochs.folder_of(self.destination, self._run)
        number = model.manifest.training["best_epoch"]
        if self.members and number == 1:
            discard(folder)  # of the network before
        epochs.keep(folder, number, bundle.files(model, write_card(model.manifest)), best)

    def _find_free_name(self) -> None:
        if not self._saved and taken(self.destination):
            directory = self.destination.parent
            self.destination = directory / free_name(self.destination.name, directory)

    def finish(self, best: Best, reason: str, history: Sequence[Epoch], seconds: float) -> None:
        """Save for the last time.

        Raises:
            TrainingStopped: not one epoch was finished, which is too little to replace a model by.
        """
        unfinished = self.destination
        replaces = self._job.replace and taken(self._job.destination)
        if replaces and not self._is_own(self._job.destination):
            if reason == STOPPED and not best.epoch:
                kept = f"the model {self._job.name!r} from before is kept"
                raise TrainingStopped(f"training was stopped within its first epoch; {kept}")
            self.destination, self._saved = self._job.destination, True
        self.save(best, reason, history, seconds)
        if unfinished != self.destination:
            epochs.move(unfinished, self.destination)
            with suppress(OSError):
                take_away(unfinished)
        epochs.remove(self.destination, but=self._run)

    def _is_own(self, place: Path) -> bool:
        """Say whether this run saved the model that stands there."""
        try:
            return bundle.load_manifest(place).training.get("run") == self._run
        except ModelError:
            return False

    def _manifest(self, best: Best, reason: str, history: Sequence[Epoch], seconds: float) -> Manifest:
        job, dataset = self._job, self._dataset
        held_out = dataset.validation is not None
        perplexity, bits = self._before
        labels = len(dataset.vocabulary.labels)
        before = {
            "validation_perplexity_before": perplexity,
            "bits_per_character_before": bits,
            "bits_per_character_spelt_before": dataset.spelt(bits),
        }
        return Manifest(
            name=self.destination.name,
            cleaning=dataset.recipe.text.cleaning,
            architecture=dataset.recipe.model,
            vocabulary=len(dataset.vocabulary),
            level=dataset.recipe.text.level,
            created=datetime.now(UTC).date().isoformat(),
            training={
                **self._origin(),
                "seconds": round(seconds, 1),
                "best_epoch": best.epoch,
                "ended": reason,
                "command": _shortened(job.command),
                "settings": self._settings(),
                "history": to_json(history, best.epoch),
                "run": self._run,
            },
            corpus={
                "files": _named([readable(path) for path in job.source.files]),
                "column": dataset.corpus.texts[0].column,
                **({"label": job.source.label} if job.source.label is not None else {}),
                **({"labels": labels} if labels else {}),
                "dropped": list(job.source.drop),
                "lines": dataset.lines,
                "validation_lines": dataset.validation_lines,
                "fingerprint": dataset.corpus.fingerprint,
            },
            metrics={
                "training_loss": best.loss,
                "validation_perplexity": best.perplexity,
                "bits_per_character": best.bits_per_character,
                "bits_per_character_spelt": dataset.spelt(best.bits_per_character),
                **{name: value for name, value in before.items() if value is not None},
                "validation_perplexity_with_ngrams": self.mixture.perplexity if self.mixture else None,
                "unknown_rate": dataset.unknown_rate if held_out else None,
            },
            ngram_weight=self.mixture.weight if self.mixture else None,
        )

    def _settings(self) -> dict[str, Any]:
        recipe = self._dataset.recipe
        settings = settings_told(recipe)
        # Both came later, and say nothing of most models.
        if self._job.source.label is None:
            del settings["label_dropout"]
        if recipe.training.networks == 1:
            del settings["networks"]
        return settings

    def _networks(self) -> dict[str, Any]:
        """Say how well each network guesses by itself, where there are several."""
        if self.members is None or len(self.members) == 1:
            return {}
        each = self.members.perplexities
        return {"network_perplexities": [one and float(f"{one:.{DIGITS}g}") for one in each]}

    def _origin(self) -> dict[str, Any]:
        base = self._job.base
        if base is None:
            return {"preset": self._dataset.recipe.preset}
        return {"started_from": base.name, "started_from_sha256": base.sha256}


def settings_told(recipe: Recipe) -> dict[str, Any]:
    """Return what is told of a training; how many pieces there may be only where there are any."""
    told = recipe.training.to_json() | recipe.text.to_json()
    return {
        name: value for name, value in told.items() if name != "pieces" or recipe.text.level == "bpe"
    }


def _named(files: list[str]) -> list[str]:
    """Name the first of many files, and say how many there are: a manifest is for people."""
    if len(files) <= FILES_NAMED:
        return files
    return [*files[:FILES_NAMED], f"and {len(files) - FILES_NAMED:,} more"]


def _shortened(command: str) -> str:
    """Cut off a command that names very many files."""
    return command if len(command) <= LONGEST_COMMAND else command[:LONGEST_COMMAND] + " ..."
