"""The command that trains."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Group, RenderableType
from rich.text import Text

from core.library.paths import expanded
from core.library.shelf import Place
from core.recipe import MEANINGS
from core.text.cleaning import CLEANINGS
from repl import choices, views
from repl.arguments import Option
from repl.options import Column, Drop, Encoding, Label, Name, Replace
from repl.registry import Confirmation, registry
from repl.session import Session

if TYPE_CHECKING:
    from core.training.job import Job

GROUP = "shelf"

From = Annotated[str | None, Option("a model to start from", "MODEL")]
Preset = Annotated[str | None, Option("small if not given", "small|medium|awd|tutorial")]
Level = Annotated[str | None, Option("what one token is", "word|character|bpe")]
Cleaning = Annotated[str | None, Option("how lines are cleaned: tutorial, plain, cased ...")]
MinCount = Annotated[str | None, Option("words seen less often become <unk>", "N")]
Epochs = Annotated[str | None, Option("passes over the text, at most", "N")]
Ensemble = Annotated[str | None, Option("networks to train in turn, each with its own seed", "N")]
Adversarial = Annotated[str | None, Option("learn from the worst case nearby", "advsoft|fgm|off")]
Resume = Annotated[bool, Option("go on with a training that was cut off; with --name, with that one")]
Workers = Annotated[str | None, Option("processes on this machine that train it together", "N")]
Wait = Annotated[bool, Option("show all of it until it is done, and load the model then")]
Probe = Annotated[
    tuple[str, ...], Option("a seed to continue after every epoch; may be repeated", "TEXT")
]
Tensorboard = Annotated[Path | None, Option("write files for TensorBoard there", "DIR")]
Set = Annotated[tuple[str, ...], Option("any other setting; may be repeated", "NAME=VALUE")]

_LEVELS = {
    "word": "what is rare is unknown",
    "character": "letter by letter",
    "bpe": "pieces of words, so nothing is unknown",
}
_ADVERSARIES = {
    "advsoft": "a target's vector is moved away (Wang et al. 2019)",
    "fgm": "the embeddings are moved (Miyato et al. 2017)",
    "off": "no",
}
_CLEANINGS = dict.fromkeys(CLEANINGS, "a way to make words of lines")


@registry.command(
    "train",
    "t",
    example=":train headlines.csv --drop Unknown --name mine",
    values={
        "--from": choices.models,
        "--preset": choices.words(MEANINGS),
        "--level": choices.words(_LEVELS),
        "--cleaning": choices.words(_CLEANINGS),
        "--adversarial": choices.words(_ADVERSARIES),
    },
)
def train(
    session: Session,
    *files: Path,
    column: Column = None,
    drop: Drop = (),
    encoding: Encoding = None,
    label: Label = None,
    from_: From = None,
    preset: Preset = None,
    level: Level = None,
    cleaning: Cleaning = None,
    min_count: MinCount = None,
    epochs: Epochs = None,
    ensemble: Ensemble = None,
    adversarial: Adversarial = None,
    name: Name = None,
    replace: Replace = False,
    resume: Resume = False,
    workers: Workers = None,
    wait: Wait = False,
    probe: Probe = (),
    tensorboard: Tensorboard = None,
    set: Set = (),
) -> Confirmation:
    """Train a model while the prompt goes on.

    Learns from files, or from the headlines that come with the program. Reads CSV, TSV, JSONL,
    Parquet and plain text. The presets are small (every line once, stops by itself), medium (larger
    and slower), awd (three layers) and tutorial (the tutorial's model and recipe). --set changes any
    other setting, for example --set hidden_size=128. A text of a hundred lines or fewer is learned
    better by --preset tutorial.

    Epochs, a few seconds apart at least, and the end are told above the prompt; :jobs tells more,
    :pause has it wait, :stop stops and keeps the best weights. :load NAME has the best epoch so far,
    once there is one, :load NAME@latest the latest. --wait shows charts and sentences until the end,
    and loads the model, as scripts do; then Ctrl-C stops and keeps the best weights.

    --label COLUMN has each line begin with what that column says, such as its desk; :label Sports then
    has the model write as lines of that label do.

    --level says what one token is: a word, a character, or a piece of a word (bpe), of which any word
    can be made, so that nothing is unknown; --set pieces=1000 says how many of them there may be.

    After every epoch some seeds are continued, always with the likeliest word: those of --probe, or
    beginnings of lines that are held out. :show history has them, :epochs tries others.

    --from MODEL starts from a model that is there, also an imported one, and learns the text's new
    words. Its network and its cleaning stay as they are, so there is no preset then.

    --ensemble 3 trains three networks in turn, each with a seed of its own, and the model says the
    average of what they say. :stop keeps those that are trained, and the one in training where that
    does the others good; NAME@3 and NAME@latest are epochs of the one in training.

    --resume goes on with what was stopped or cut off, and needs no other options; --epochs may ask for
    more.
    """
    from repl.training import Request  # only this command needs it

    session.jobs.refuse_another()
    options = {"level": level, "cleaning": cleaning, "min_count": min_count, "epochs": epochs}
    options |= {"networks": ensemble, "adversarial": adversarial}
    text = (files, column, drop, encoding)
    request = Request(
        *text,
        preset,
        name,
        replace,
        from_,
        session.shelf,
        workers,
        resume,
        probes=probe,
        tensorboard=tensorboard and expanded(tensorboard),
        label=label,
    )
    request = request.change(options, set)
    job = request.job()
    return _watch(session, job) if wait or not _has_prompt(session) else _start(session, job)


def _has_prompt(session: Session) -> bool:
    """Say whether there is a prompt to come back to; the lines of a script wait for one another."""
    return session.interactive and not session.plain and not session.scripts


def _watch(session: Session, job: "Job") -> Confirmation:
    from repl.training import done_line
    from repl.watching import watch

    done = watch(job, session.console, session.messages, indent=2 if session.interactive else 0)
    if done.elsewhere is not None:
        return Confirmation(done_line(done))
    loaded = session.load(done.path)
    return Confirmation(Group(done_line(done), views.loaded(loaded)))


def _start(session: Session, job: "Job") -> Confirmation:
    session.jobs.start(job, lambda path: session.called([Place(1.0, path)]))
    told = Text.assemble(
        (views.safe(job.name), "name"), " is being trained, and you can go on typing; "
    )
    return Confirmation(told.append(":jobs tells how far, :stop ends it"))


@registry.command("jobs", "j", example=":jobs")
def jobs(session: Session) -> RenderableType:
    """Show what is being trained, and how far it is.

    That is its epoch, loss, validation perplexity and the time left; or how the last training ended.
    """
    return session.jobs.view()


@registry.command("pause", example=":pause")
def pause(session: Session) -> Confirmation:
    """Have the training wait, until :resume.

    It waits after its step, and writes a checkpoint: nothing is lost if the machine is switched off.
    What is paused can be stopped, too. The pause counts neither for its speed nor for the time left.
    """
    session.jobs.pause()
    return Confirmation(Text("pauses after this step; :resume goes on", "notice"))


@registry.command("resume", example=":resume")
def resume_(session: Session) -> Confirmation:
    """Have a paused training go on."""
    session.jobs.resume()
    return Confirmation(Text("goes on", "notice"))


@registry.command("stop", example=":stop")
def stop(session: Session) -> None:
    """Stop the training, and keep its best weights.

    It waits until they are saved, and tells which are kept; after Ctrl-C it does not wait.
    """
    from core.training.client import STOPPING

    session.jobs.stop()
    session.tell(Text(STOPPING.text, "notice"))
    session.jobs.wait()  # the news tells the rest
