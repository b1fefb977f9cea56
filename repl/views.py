"""Core's dataclasses to Rich renderables. Pure: nothing here prints, reads or changes anything."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from core.decoding.generator import Continuation, Generator, Seed
from core.library.ensemble import Ensemble
from core.library.mixture import Part, write
from core.library.model import Manifest, Model
from core.setting import Setting, Settings, settings_of
from core.settings import SamplingSettings
from core.text.labels import SHOWN, listed
from core.text.levels import noun, nouns
from core.text.vocabulary import SPECIALS, is_word

if TYPE_CHECKING:  # what only some commands draw is imported when they do: a start is to be quick
    from rich.table import Table

    from core.text.corpus import CorpusCounts
    from core.text.reading import RawText
    from core.training.merges import PieceCounts

HIDDEN = "\ufffd"

WHOLE = 24
"""Letters of a fact's name that is never folded."""

TOLD_OTHERWISE = ("length", "until_end", "samples", "rng")
"""Settings that the line of status tells in words of its own."""


def safe(text: str) -> str:
    """Replace what could move the cursor or turn the text around: a model may hold anything."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(HIDDEN if _unsafe(character) else character for character in text)


def visible(token: str) -> str:
    """Make a token safe, and quote it where nothing would be seen of it: a space is a token too."""
    return safe(token) if token.strip() else repr(token)


def _unsafe(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character not in "\u200c\u200d\u00ad"  # joiners are letters in some scripts
    return category in ("Cc", "Cs", "Zl", "Zp")


def greeting(version: str) -> Text:
    """Draw the first line of a session."""
    hint = " · type the beginning of a headline; :help helps, Ctrl-D leaves"
    return Text.assemble(("Headlong", "name"), f" {version}", (hint, "muted"))


def error(message: str) -> Text:
    """Draw one clear sentence about what went wrong."""
    return Text.assemble(("error: ", "error"), safe(message))


def fault(exception: Exception) -> Text:
    """Draw what went wrong where nothing should have."""
    kind = exception.__class__.__name__
    return error(f"a fault of the program, {kind}: {exception}; headlong --debug shows where")


def line(continuation: Continuation, generator: Generator) -> Text:
    """Draw one finished line: the seed dim, the new words bright."""
    seed = generator.model.cleaning.show(continuation.seed.text)
    words = "".join(word.piece for word in continuation.words)
    return Text.assemble((safe(seed), "seed"), (safe(words), "word"))


def columns(*headings: str, right: Sequence[str] = ()) -> "Table":
    """Return an empty table of our one kind: no lines, headings only where there are some."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=bool(headings))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def grid(count: int, whole: bool = True) -> "Table":
    """Return an empty table without headings; nothing is cut, and the first column stands whole."""
    table = columns(*[""] * count)
    table.show_header = False
    table.columns[0].no_wrap = whole
    return table


@dataclass(frozen=True)
class Numbered:
    """Several samples, each after its number; a table would break every line three times to draw it."""

    lines: Sequence[RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = len(str(len(self.lines)))
        narrow = options.update_width(max(options.max_width - room - 2, 1))
        muted = console.get_style("muted")
        for number, line in enumerate(self.lines, start=1):
            label = f"{number:>{room}}  "
            for row in console.render_lines(line, narrow, pad=False):
                yield Segment(label, muted)
                yield from row
                yield Segment.line()
                label = " " * len(label)


def status(generator: Generator, milliseconds: float, interrupted: bool = False) -> Text:
    """Draw what would give the same words again: model, length, sampling, rng, and the time taken."""
    parts = [named(generator), *sampling(generator), f"{milliseconds:.0f} ms"]
    if interrupted:
        parts.append("interrupted")
    return Text(" · ".join(parts), style="status")


def named(generator: Generator) -> str:
    """Return the model's name; of several that take turns their names alone, as weights do nothing."""
    model = generator.model
    if isinstance(model, Ensemble) and takes_turns(generator):
        return safe(write(Part(1.0, member.name) for member in model.members))
    return safe(model.name)


def takes_turns(generator: Generator) -> bool:
    """Say whether several models have a word each in turn."""
    return isinstance(generator.model, Ensemble) and generator.settings.ensemble == "turns"


def sampling(generator: Generator) -> list[str]:
    """Say how words are drawn, leaving out what is as it is by default or does nothing."""
    settings = generator.settings
    length = f"{generator.length} {nouns(generator.model.level)}"
    if generator.may_end:
        length = "to the end" if settings.length is None else f"at most {length}"
    parts = [length] if settings.samples == 1 else [length, f"{settings.samples} samples"]
    if not settings.searches and not settings.draws:
        parts.append("greedy")
    hot = settings.draws and settings.schedule is None
    defaults = SamplingSettings()
    silent = TOLD_OTHERWISE if isinstance(generator.model, Ensemble) else (*TOLD_OTHERWISE, "ensemble")
    for name, setting in settings_of(SamplingSettings).items():
        value = getattr(settings, name)
        told = hot if name == "temperature" else value != getattr(defaults, name)
        if name == "label" and generator.vocabulary.label(settings.label) is None:
            continue  # the model reads none
        if told and name not in silent:
            parts.append(f"{name.replace('_', '-')} {safe(setting.show(value))}")
    return [*parts, f"rng {settings.rng}"] if settings.draws else parts


def fewer(generator: Generator, found: int) -> Text | None:
    """Say why there are fewer lines than samples were asked for, where there are."""
    settings = generator.settings
    if not settings.ranked or found >= settings.samples:
        return None
    lines = f"{found:,} line{'s' if found > 1 else ''} and not {settings.samples:,}"
    drawn = settings.draws or settings.searches
    reason = "no others were found" if drawn else "nothing is drawn, so all would be the same"
    return Text(f"{lines}: {reason}", style="notice")


def unknown_words(seed: Seed, generator: Generator) -> Text | None:
    """Say which words of a seed the model does not know, and what became of them."""
    if not seed.unknown:
        return None
    words = ", ".join(map(safe, seed.unknown))
    if not seed.ids:
        what = "so it starts from the beginning"
    elif isinstance(generator.model, Ensemble):
        what = "so each model reads something else instead, or skips it"
    elif generator.vocabulary.unknown is None:
        what = "and reads the rest"
    else:
        what = f"and reads {generator.vocabulary.unknown_token} instead"
    return Text(f"{safe(generator.model.name)} does not know {words}, {what}", style="notice")


def card(text: str) -> Text:
    """Draw a model's card as it is written, but for what could take over the terminal."""
    return Text("\n".join(map(safe, text.splitlines())))


def moved(name: str, path: Path, hidden: Sequence[Path]) -> Text:
    """Say where a model is now, and that others of its name are not reached any more."""
    where = Text.assemble((safe(name), "name"), (f"  {safe(str(path))}", "muted"))
    return where.append(hides(hidden))


def hides(hidden: Sequence[Path]) -> Text:
    """Say which other models have the same name; nothing, where there are none."""
    told = Text()
    for path in hidden:
        told.append(
            f"\n{safe(str(path))} has the same name; the first on the search path counts", "notice"
        )
    return told


def removed(path: Path) -> Text:
    """Say what is gone."""
    return Text.assemble("removed ", (safe(str(path)), "muted"))


def sound(model: Model) -> Text:
    """Say that every hash of a model is right."""
    return Text.assemble((safe(model.name), "name"), f" is sound: sha256 {model.sha256}")


def imported(model: Model, folder: Path, hidden: Sequence[Path] = ()) -> Text:
    """Say what was imported, and where it is now."""
    level = model.manifest.level
    size = f"{model.manifest.vocabulary:,} {nouns(level)}"
    facts = f" imported: {size}, {model.manifest.parameters:,} parameters"
    told = Text.assemble((safe(model.name), "name"), facts, (f"\n{safe(str(folder))}", "muted"))
    unused = sum(not (is_word(token) or token in SPECIALS) for token in model.vocabulary.tokens)
    if unused:
        told.append(
            f"\nits tokenizer has no {noun(level)} for {unused:,} of them; is it the right one?",
            "notice",
        )
    return told.append(hides(hidden))


def loaded(generator: Generator) -> RenderableType:
    """Say which model was loaded and what it is, or which ones."""
    if isinstance(generator.model, Ensemble):
        from repl.pictures.ensemble import picture

        return picture(generator.model, takes_turns(generator))
    manifest = generator.model.manifest
    context = "stream" if manifest.architecture.context == "stream" else "window"
    if context == "window":
        context += f" of {manifest.architecture.window}"
    perplexity = manifest.metrics.get("validation_perplexity")
    rate = manifest.metrics.get("unknown_rate")
    labels = len(generator.vocabulary.labels)
    facts = [f"{manifest.vocabulary - labels:,} {nouns(manifest.level)}"]
    facts += [f"{labels:,} label{'s' if labels > 1 else ''}"] if labels else []
    facts += [f"{manifest.parameters:,} parameters", context]
    if manifest.networks > 1:
        facts.insert(1, f"{manifest.networks} networks")
    if isinstance(perplexity, float) and isinstance(rate, float):
        facts.append(f"{perplexed(perplexity)} with {rate:.0%} unknown")
    name = (safe(generator.model.name), "name")
    return Text.assemble(name, (" · " + " · ".join(facts), "muted"))


def settings_table(*kinds: Settings) -> RenderableType:
    """Draw every setting of some kinds with its value and what it means."""
    from repl.pictures.settings import SettingsView

    return SettingsView(kinds)


def setting_line(setting: Setting, value: str) -> Text:
    """Draw one setting and its value."""
    return Text.assemble((setting.name, "name"), " ", (safe(value), "value"))


def setting_help(setting: Setting, value: str) -> Text:
    """Draw one setting with its value, what it means and what it may be."""
    meaning = f"  {setting.help} ({setting.describe()})"
    return setting_line(setting, value).append(meaning, "muted")


def facts(table: Mapping[str, object]) -> "Table":
    """Draw names and values in two columns."""
    drawn = grid(2, whole=all(len(name) <= WHOLE for name in table))
    for name, value in table.items():
        drawn.add_row(Text(safe(name), style="name"), Text(safe(str(value))))
    return drawn


def model_facts(generator: Generator) -> RenderableType:
    """Draw what the loaded model is: shape, text, training and what was measured."""
    if isinstance(generator.model, Ensemble):
        from repl.pictures.ensemble import facts_of

        return facts_of(generator.model, takes_turns(generator))
    manifest = generator.model.manifest
    table: dict[str, object] = {
        "sha256": generator.model.sha256[:16],
        "network": network(manifest),
        "cleaning": manifest.cleaning,
    }
    if labels := list(generator.vocabulary.labels):
        table["labels"] = listed(labels, SHOWN)
    if manifest.ngram_weight is not None:
        table["ngram weight"] = f"{manifest.ngram_weight:.4g}"
    for group in (manifest.corpus, manifest.training, manifest.metrics):
        told = {name: value for name, value in group.items() if value is not None and value != []}
        table |= {name: _fact(value) for name, value in told.items() if not isinstance(value, dict)}
    return Group(loaded(generator), facts(table))


def network(manifest: Manifest) -> str:
    """Say of what shape a network is."""
    shape = manifest.architecture
    tied = ", tied" if shape.tied else ""
    layers = f"{shape.layers} x {shape.cell} {shape.hidden_size}"
    each = f"{manifest.networks} of " if manifest.networks > 1 else ""
    return f"{each}embedding {shape.embedding_size}, {layers}{tied}"


def _fact(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def guessed_column(text: "RawText") -> Text:
    """Say which column was taken, because nobody named one."""
    return Text(f"took column {text.column!r} of {safe(text.path.name)}", style="notice")


def corpus_record(counts: "CorpusCounts", pieces: "PieceCounts | None" = None) -> dict[str, Any]:
    """Return what `headlong corpus --json` prints; of pieces, where the text is to be cut in them."""
    record = asdict(counts)
    if not counts.labels:
        del record["labels"], record["labelled"]
    if pieces is not None:
        record |= {"pieces": pieces.different, "tokens_in_pieces": pieces.tokens}
    record["min_count"] = {
        least: {"vocabulary": words + 1, "unknown_rate": rate}
        for least, (words, rate) in record.pop("kept").items()
    }
    return record


def corpus_counts(counts: "CorpusCounts", pieces: "PieceCounts | None" = None) -> RenderableType:
    """Draw what a text would be to a model; to one of pieces, no word of it is unknown."""
    told = (
        {}
        if pieces is None
        else {
            "pieces": f"{pieces.different:,}",
            "text in pieces": f"{pieces.tokens:,}, {pieces.tokens / counts.tokens:.2f} a word",
        }
    )
    table = facts(
        {
            "rows": f"{counts.rows:,}",
            "lines": f"{counts.lines:,}",
            "dropped": f"{counts.dropped:,}",
            "blank": f"{counts.blank:,}",
            "duplicates": f"{counts.duplicates:,}",
            "vocabulary": f"{counts.vocabulary:,} words, padding included",
            "samples": f"{counts.samples:,} beginnings of lines",
            "longest": f"{counts.longest:,} words",
            "tokens": f"{counts.tokens:,}",
            **told,
            **_labelled(counts),
        }
    )
    if pieces is not None:
        return table
    headings = ("min_count", "words kept", "tokens unknown")
    rates = columns(*headings, right=headings)
    for least, (words, rate) in counts.kept.items():
        rates.add_row(str(least), f"{words:,}", f"{rate:.1%}")
    return Group(table, Text(), rates)


def _labelled(counts: "CorpusCounts") -> dict[str, str]:
    if not counts.labels:
        return {}
    return {"labels": f"{counts.labels:,} different ones, before {counts.labelled:,} lines"}


def perplexed(value: float) -> str:
    """Write a perplexity for people: 8.53, 83.2, 1,234.5, 8.1 million, and more than a billion."""
    if value >= 1e9:
        return "perplexity above a billion"
    if value >= 999_999.95:
        return f"perplexity {value / 1e6:,.1f} million"
    digits = 2 if value < 20 else 1  # among letters there is less to choose from
    return f"perplexity {value:,.{digits}f}"


def epoch_line(epoch: int, loss: float, perplexity: float | None, speed: str, best: bool) -> Text:
    """Draw how an epoch ended."""
    text = Text(f"epoch {epoch:>3}  loss {loss:.3f}")
    if perplexity is not None:
        text.append(f"  validation {perplexed(perplexity)}", "value" if best else "muted")
    return text.append(f"  {speed}", "muted")
