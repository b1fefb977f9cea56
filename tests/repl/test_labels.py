"""Labels at the prompt and in the shell: which one is meant, and that lines begin with it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.decoding.generator import Generator
from core.errors import InputError, SettingError
from core.insight import gates, memory, scoring, tree
from core.insight.line import contexts, read_line
from core.insight.why import explain
from core.library import bundle
from core.library.ensemble import SKIPPED, Ensemble
from core.library.model import Model
from core.settings import SamplingSettings
from core.text.corpus import Source
from core.text.labels import label_token
from core.training.job import Job
from repl import cli, cli_comparing, cli_inside, cli_looking, cli_measuring, views
from repl.cli_base import app
from repl.commands import registry
from repl.line.completion import candidates
from repl.line.ghost import Ghost
from repl.line.validation import CommandValidator
from repl.loop import run_line
from repl.training import Request
from tests.conftest import WORDS, random_model, with_ngrams
from tests.repl.conftest import Screen
from tests.repl.line.test_validation import complaint

SHELL = (cli, cli_comparing, cli_inside, cli_looking, cli_measuring)
"""Whose commands are called by name."""

LABELS = ("Sports", "Op Ed", "Arts", "Off\x1b[31m")


def labelled(name: str = "desks", seed: int = 2) -> Model:
    return random_model(name=name, seed=seed, words=(*WORDS, *map(label_token, LABELS)))


@pytest.fixture
def shelf_directory(shelf_directory: Path) -> Path:
    for model in (labelled(), with_ngrams(labelled("mixed"), ["why war", "china says a vote"])):
        bundle.save(model, shelf_directory / model.name, "# desks\n")
    return shelf_directory


@pytest.fixture
def desks(session: Screen) -> Screen:
    session.load("desks")
    session.configure(length=6)
    return session


def ran(session: Screen, *lines: str) -> str:
    for line in lines:
        run_line(session, line)
    return session.shown() + session.told()


# --- the setting --------------------------------------------------------------------------------


def test_a_label_is_read_between_the_start_and_the_seed(desks: Screen) -> None:
    generator = desks.require_generator()
    ids = generator.vocabulary.labels
    assert generator.prefix == (generator.vocabulary.start,)
    for typed, name in (("Sports", "Sports"), ("op  ed", "Op Ed")):
        sampled = generator.under(SamplingSettings(label=typed, length=4))
        assert sampled.prefix == (generator.vocabulary.start, ids[name])
        seed = generator.read_seed("china")
        state = generator.stepper.start(1)
        for id_ in (*sampled.prefix, *seed.ids):
            state = generator.stepper.advance(state, np.array([id_]))
        told, expected = (sampled.stepper.logits(each) for each in (sampled.read(seed), state))
        np.testing.assert_array_equal(told, expected)
    assert generator.under(SamplingSettings(label="Zebra")).prefix == generator.prefix


@pytest.mark.parametrize("changes", [{}, {"beam": 2}, {"contrastive": 0.5}, {"must": ("vote",)}])
def test_labels_are_never_said(changes: dict[str, object]) -> None:
    settings = SamplingSettings(length=30, temperature=5.0, label="Arts", **changes)  # type: ignore[arg-type]
    generator = Generator(labelled(), settings)
    (line,) = generator.generate(generator.read_seed("china"))
    assert all(generator.vocabulary.knows(word.text) for word in line.words)


def test_a_typed_label_is_no_label(desks: Screen) -> None:
    seed = desks.require_generator().read_seed("<label Sports> war")
    assert not {*seed.ids} & {*desks.require_generator().vocabulary.labels.values()}


def test_all_that_looks_inside_reads_the_label() -> None:
    found = []
    for label in (None, "Arts"):
        generator = Generator(labelled(), SamplingSettings(length=3, temperature=0, label=label))
        line, seed = read_line(generator, "why war"), generator.read_seed("why war")
        words = [word.id for word in generator.generate(seed)[0].words]
        found.append(
            (
                contexts(generator, line.ids)[0].tolist() == list(generator.prefix),
                scoring.score(generator, line).perplexity,
                gates.read_gates(generator, line),
                list(explain(generator, seed, words[:1], 3)),
                tree.grow(generator, seed, (), 1, 2),
                memory.remember(generator, line),
            )
        )
    bare, arts = found
    assert bare[0]
    assert arts[0]
    for one, other in zip(bare[1:], arts[1:], strict=True):
        assert repr(one) != repr(other)


def test_n_grams_do_not_see_the_label(shelf_directory: Path) -> None:
    model = bundle.load(shelf_directory / "mixed")
    whole = SamplingSettings(ngram_weight=1.0)
    found = []
    for label in (None, "Arts"):
        generator = Generator(model, whole.change(label=label))
        found.append(generator.stepper.logits(generator.read(generator.read_seed("why"))))
    np.testing.assert_array_equal(*found)


def test_a_member_of_an_ensemble_skips_a_label_that_it_lacks() -> None:
    one, other = labelled(), random_model()
    ensemble = Ensemble((one, other), (1.0, 1.0))
    id_ = ensemble.vocabulary.labels["Arts"]
    assert [read[id_] for read in ensemble.read] == [one.vocabulary.labels["Arts"], SKIPPED]
    plain = Generator(ensemble)
    state = plain.under(SamplingSettings(label="Arts")).read(plain.read_seed("war"))
    alone = Generator(other)
    np.testing.assert_array_equal(
        state.members[1].layers.hidden[0], alone.read(alone.read_seed("war")).layers.hidden[0]
    )


# --- at the prompt ------------------------------------------------------------------------------


def test_label_sets_lists_and_takes_off(desks: Screen) -> None:
    assert ran(desks, ":label op ed") == "label Op Ed\n"
    assert desks.settings.label == "Op Ed"
    told = ran(desks, ":label")
    assert told.startswith("label Op Ed  the label that every line begins with")
    assert "Sports · Op Ed · Arts · Off" in told
    assert "\x1b" not in told
    assert ran(desks, ":label off") == "label off\n"
    assert desks.settings.label is None
    assert ran(desks, ":set label arts", ":undo", ":set label=sports").endswith("label Sports\n")


@pytest.mark.parametrize("command", [":label Sprots", ":set label Sprots", ":sweep label Sprots war"])
def test_an_unknown_label_changes_nothing(desks: Screen, command: str) -> None:
    assert ran(desks, command) == "error: desks has no label 'Sprots'; did you mean Sports?\n"
    assert desks.settings.label is None


@pytest.mark.parametrize("command", [":label", ":label Sports", ":set label Sports"])
def test_a_model_without_labels_says_so(session: Screen, command: str) -> None:
    assert (
        ran(session, command).replace("\n", " ").startswith("error: tiny knows no labels; load a model")
    )
    assert session.settings.label is None


def test_a_label_is_refused_before_it_runs(desks: Screen) -> None:
    typed = ":label Sprots"
    assert complaint(desks, typed) == ("desks has no label 'Sprots'; did you mean Sports?", len(typed))
    assert complaint(desks, ":label op ed") is None
    assert complaint(desks, ":label") is None
    assert complaint(desks, ":set label op ed") is None
    assert isinstance(CommandValidator(desks, registry), CommandValidator)


def test_the_next_model_may_lack_the_label(desks: Screen) -> None:
    ran(desks, ":label Arts")
    assert "tiny has no label 'Arts', so it reads none" in ran(desks, ":load tiny", "china")
    assert "label Arts" not in " ".join(views.sampling(desks.require_generator()))
    assert "has no label" not in ran(desks, ":load desks")
    assert "label Arts" in views.sampling(desks.require_generator())


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (":label sp", ["Sports"]),
        (":label ", ["Sports", "Op Ed", "Arts", "Off[31m", "off"]),
        (":label Op E", ["Ed"]),
        (":set label ar", ["Arts"]),
        (":sweep label ar", ["Arts"]),
    ],
)
def test_labels_are_offered(desks: Screen, before: str, expected: list[str]) -> None:
    offered = [word.text for word in candidates(desks, registry, before)]
    assert [views.safe(word) for word in offered] == offered
    assert [word for word in offered if not word.startswith("Off")] == [
        word for word in expected if not word.startswith("Off")
    ]


def test_the_ghost_is_what_enter_prints(desks: Screen) -> None:
    ghosts = []
    for command in (":label Arts", ":label off"):
        ran(desks, command)
        ghost = Ghost(desks)
        ghost.of("china")
        ghost.finish()
        ghosts.append(ghost.of("china"))
        assert ran(desks, "china") == f"china{ghosts[-1]}\n"
    assert ghosts[0] != ghosts[1]


def test_a_sweep_goes_through_all_labels(desks: Screen) -> None:
    told = ran(desks, ":sweep label all war")
    for name in ("off", "Sports", "Op Ed", "Arts"):
        assert name in told
    assert "Op Ed" in ran(desks, ":sweep label op ed;arts war")


def test_the_command_gives_the_line_again(desks: Screen) -> None:
    line = ran(desks, ":label op ed", "china").splitlines()
    command = ran(desks, ":show command").strip()
    assert "--label 'Op Ed'" in command
    shown = CliRunner().invoke(app, ["--models", str(desks.shelf.directories[0]), *_words(command)])
    assert shown.stdout.splitlines()[-1] in line
    ran(desks, ":load tiny", "china")
    assert "--label" not in ran(desks, ":show command")


def _words(command: str) -> list[str]:
    import shlex

    return shlex.split(command)[1:]


def test_what_a_model_is_tells_its_labels(desks: Screen) -> None:
    told = ran(desks, ":show")
    assert f"{len(desks.require_generator().vocabulary) - 4:,} words · 4 labels" in told
    assert "Sports, Op Ed, Arts, Off" in told
    assert "\x1b" not in told


# --- in the shell -------------------------------------------------------------------------------


def invoked(shelf: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["--models", str(shelf), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_generate_takes_a_label(shelf_directory: Path) -> None:
    settings = SamplingSettings(length=4, temperature=0, label="Op Ed")
    generator = Generator(bundle.load(shelf_directory / "desks"), settings)
    options = ("generate", "china", "-m", "desks", "--greedy", "--length", "4", "--json")
    _, told, _ = invoked(shelf_directory, *options, "--label", "op ed")
    record = json.loads(told)
    assert record["text"] == generator.generate(generator.read_seed("china"))[0].text
    assert record["options"]["label"] == "Op Ed"


@pytest.mark.parametrize(
    "command",
    [
        ("generate",),
        ("why",),
        ("score",),
        ("tree",),
        ("gates",),
        ("memory",),
        ("neuron", "1"),
        ("sweep", "top_k", "1,2"),
    ],
)
def test_every_command_that_reads_a_text_takes_a_label(
    shelf_directory: Path, command: tuple[str, ...]
) -> None:
    last = ("china says", "--model", "desks")
    status, told, _ = invoked(shelf_directory, *command, *last, "--label", "arts")
    assert status == 0
    assert told != invoked(shelf_directory, *command, *last)[1]
    status, _, error = invoked(shelf_directory, *command, *last, "--label", "Atrs")
    assert (status, error) == (1, "error: desks has no label 'Atrs'; did you mean Arts?\n")


def test_two_models_may_be_compared_of_which_one_has_labels(shelf_directory: Path) -> None:
    status, _, notice = invoked(shelf_directory, "vs", "desks", "tiny", "china", "--label", "arts")
    assert (status, notice) == (0, "tiny has no label 'arts', so it reads none\n")


def test_a_text_is_counted_and_measured_with_its_labels(shelf_directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("desk,headline\nArts,why war\nSports,why war\n,china says\n")
    _, told, _ = invoked(shelf_directory, "corpus", str(path), "--label", "desk", "--json")
    record = json.loads(told)
    assert (record["labels"], record["labelled"], record["tokens"]) == (2, 2, 6)
    figures = {}
    for model in ("desks", "tiny"):
        for options in ((), ("--label", "desk")):
            _, told, _ = invoked(shelf_directory, "eval", str(path), "-m", model, "--json", *options)
            figures[model, options] = json.loads(told)
    assert figures["desks", ("--label", "desk")]["words"] == 6
    assert figures["desks", ()]["words"] == 4  # the same line twice
    plain = figures["tiny", ("--label", "desk")]
    assert (plain["words"], plain["unknown"], plain["tokens"]) == (6, 0, 9)


def test_a_training_is_asked_for_with_its_label_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("desk,headline\nArts,why war\nArts,china says\n")
    request = Request((path,), "headline", label="desk", name="m")
    assert request.command() == "headlong train a.csv --column headline --label desk --name m"
    job = request.job()
    assert job.source == Source((path,), "headline", label="desk")
    assert Job.from_json(job.to_json()) == job
    old = json.loads(job.to_json())
    del old["source"]["label"]  # a run that was begun before there were labels
    assert Job.from_json(json.dumps(old)).source.label is None
    with pytest.raises(SettingError, match="leave out all but --name"):
        Request(label="desk", resume=True).job()
    with pytest.raises(InputError, match=r"has no column 'dsk'; it has desk, headline"):
        Request((path,), label="dsk", name="m").job()
