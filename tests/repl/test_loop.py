"""Whole sessions, line by line, without a terminal."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.decoding.generator import Generator, Seed, Word
from core.library import bundle
from repl.commands import registry
from repl.loop import run_line, run_script
from tests.conftest import random_model
from tests.repl.conftest import Screen, console


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def test_a_piped_session_prints_lines_and_nothing_else(session: Screen) -> None:
    shown = run(session, "china\n", ":len 5\n", "china\n")
    first, second = shown.splitlines()
    assert first.startswith("china ")
    assert len(second.split()) == 6
    assert "length 5" in session.told()
    assert not session.failed


def test_a_line_that_fails_costs_nothing(session: Screen) -> None:
    shown = run(session, ":len 3", ":len 0", ":load nothing", "china")
    assert len(shown.split()) == 4
    assert session.told().count("error: ") == 2
    assert session.failed


def test_two_colons_begin_a_seed(session: Screen) -> None:
    assert run(session, ":len 1", ":: china").startswith(": china ")


def test_blank_lines_do_nothing(session: Screen) -> None:
    assert run(session, "", "   ", "\n") == ""


def test_quit_leaves_the_rest_unread(session: Screen) -> None:
    assert run(session, ":quit", "china") == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":len 0", "length must be a whole number from 1 to 10,000, or auto, not 0"),
        (":len -3", "not -3"),
        (":len a", "not 'a'"),
        (":temp hot", "temperature must be a number from 0 to 100, not 'hot'"),
        (":set colour red", "there is no setting 'colour'"),
        (":set temp 0.5", "there is no setting 'temp'; did you mean temperature?"),
        (":sweep temp 0.2..1 china", "there is no setting 'temp'; did you mean temperature?"),
        (":set top_p 2", "top_p must be a number from 1e-06 to 1, or off, not 2"),
        (":load tiny2", "there is no model 'tiny2'; did you mean tiny?"),
        (":train nowhere.csv --name tiny!", "'tiny!' cannot be a model's name"),
        (":train a.csv --set hidden=3", "there is no setting 'hidden'; did you mean hidden_size?"),
        (":train a.csv --set hidden_size", "--set takes name=value, not 'hidden_size'"),
        (":train a.csv --preset large", "there are small, medium, awd, tutorial"),
        (":help lod", "did you mean :load?"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(session: Screen, line: str, message: str) -> None:
    run(session, line)
    told = " ".join(session.told().split())
    assert told.startswith("error: ")
    assert message in told


def test_loading_keeps_the_settings_and_failing_keeps_the_model(
    session: Screen, shelf_directory: Path
) -> None:
    (shelf_directory / "tiny" / "weights.safetensors").write_bytes(b"")
    run(session, ":len 4", ":load tiny", "china")
    assert "damaged" in session.told()
    shown = run(session, ":load window", "china")
    assert len(shown.split()) == 5
    assert shown.istitle()


def test_settings_can_be_given_and_shown(session: Screen) -> None:
    run(session, ":set top-k 5", ":set top_p=0.9", ":greedy")
    assert session.settings.change(temperature=0.8).to_json() == session.settings.to_json() | {
        "temperature": 0.8
    }
    assert (session.settings.top_k, session.settings.top_p, session.settings.temperature) == (5, 0.9, 0)
    assert "top_k" in run(session, ":set")
    assert "rng" in run(session, ":set rng")


def test_unknown_words_are_named(session: Screen) -> None:
    run(session, ":len 2", "china zzz")
    assert "tiny does not know zzz, and reads <unk> instead" in session.told()
    run(session, "zzz yyy")
    assert "tiny does not know zzz, yyy, so it starts from the beginning" in session.told()
    run(session, ":load window", "zzz china")
    assert "window does not know zzz, and reads the rest" in session.told()


def test_models_show_and_help_answer(session: Screen) -> None:
    models = run(session, ":models")
    assert re.search(r"tiny \*", models)
    assert "window" in models
    assert "sha256" in run(session, ":show")
    assert run(session, ":show history") == "tiny has no training history\n"
    assert (run(session, ":card"), run(session, ":card window")) == ("# tiny\n", "# window\n")
    help_ = run(session, ":help")
    assert re.search(r"shelf +:load :import", help_)
    assert ":load MODEL" not in help_
    assert ":load MODEL" in run(session, ":help all")
    assert re.findall(r"^:\w+", run(session, ":help drawing"), re.M)[:2] == [":len", ":temp"]
    assert "--replace" in run(session, ":help train")
    assert "It needs a loaded model." in run(session, ":help gates")
    run(session, ":help trian")
    assert "did you mean :train?" in session.told()


def test_every_command_stands_in_a_group_of_help() -> None:
    assert all(command.group for command in registry.commands.values())


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (":gates", "no model is loaded"),
        (":why", "there is no line yet"),
        (":more", "there is no line yet"),
    ],
)
def test_what_a_command_needs_is_told_where_it_is_missing(
    session: Screen, line: str, missing: str
) -> None:
    session.generator = None
    run(session, line)
    assert missing in session.told()


@pytest.mark.parametrize(("answer", "leaves"), [("y", True), ("", True), ("n", False)])
def test_a_bare_word_asks_whether_the_command_was_meant(
    session: Screen, monkeypatch: pytest.MonkeyPatch, answer: str, leaves: bool
) -> None:
    session.interactive = True
    monkeypatch.setattr("builtins.input", lambda: answer)
    run(session, "Exit")
    assert session.leaving is leaves
    assert len(session.turns) == (not leaves)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([":greedy", ":samples 5"], "1 line and not 5: nothing is drawn, so all would be the same"),
        ([":len 1", ":set top_k 2", ":samples 5"], "2 lines and not 5: no others were found"),
    ],
)
def test_fewer_lines_than_samples_are_explained(session: Screen, lines: list[str], told: str) -> None:
    run(session, *lines, "china")
    assert told in session.told()


def test_as_many_lines_as_samples_need_no_words(session: Screen) -> None:
    run(session, ":samples 3")
    session.told()
    run(session, "china")
    assert session.told() == ""


def test_in_a_pipe_a_bare_word_is_a_seed(session: Screen) -> None:
    run(session, "quit")
    assert not session.leaving and len(session.turns) == 1


def test_a_seed_can_be_taken_back_to_be_edited(session: Screen) -> None:
    session.interactive = True
    run(session, "china says", ":edit")
    assert session.pending == "china says"
    run(session, ":edit --whole")
    assert session.pending == session.turns.require().line.text
    run(session, ":::x war", ":edit")
    assert session.pending == ":::x war"


def test_new_random_numbers_start_anywhere_and_are_told(session: Screen) -> None:
    starts = set()
    for _ in range(5):
        run(session, ":rng new")
        starts.add(session.settings.rng)
        assert str(session.settings.rng) in session.told().replace(",", "")
    assert len(starts) > 1
    run(session, ":rng 7", ":samples 3")
    assert (session.settings.rng, session.settings.samples) == (7, 3)


def test_the_shelf_is_kept_in_order(session: Screen) -> None:
    run(session, ":copy tiny mine", ":rename mine ours", ":verify ours", ":remove ours")
    told = " ".join(session.told().split())
    assert "ours is sound: sha256" in told
    assert "nobody is there to ask; say --yes" in told
    assert "ours" in run(session, ":models")
    run(session, ":remove ours --yes")
    assert "ours" not in run(session, ":models")


def test_a_copy_may_be_in_half_precision(session: Screen) -> None:
    run(session, ":copy tiny small --float16", ":verify small")
    assert "small is sound: sha256" in " ".join(session.told().split())
    sizes = {entry.name: entry.bytes for entry in session.shelf.entries()}
    assert sizes["small"] < sizes["tiny"]


def test_a_loaded_model_is_followed_to_its_new_name(session: Screen) -> None:
    run(session, ":copy tiny mine", ":load mine", ":rename mine ours")
    session.told()
    assert run(session, ":card") == "# ours\n" or session.path
    assert re.search(r"ours \*", run(session, ":models"))
    assert session.require_generator().model.name == "ours"
    run(session, ":remove ours --yes", "china")
    assert session.told().startswith("removed ")
    assert not session.failed


def test_a_name_that_another_model_has_too_is_told(session: Screen) -> None:
    run(session, ":copy tiny window")
    told = "".join(session.told().split())
    assert f"{session.shelf.find('window')}hasthesamename" in told.replace("\n", "")


def test_what_came_with_the_program_is_refused_before_anybody_is_asked(session: Screen) -> None:
    session.interactive = True
    run(session, ":remove tutorial")
    assert "comes with the program" in session.told()


def test_a_question_is_asked_before_a_model_is_removed(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.interactive = True
    monkeypatch.setattr("builtins.input", lambda *prompt: "n")
    run(session, ":copy tiny mine", ":remove mine")
    assert "nothing is removed" in session.told()
    assert "mine" in run(session, ":models")
    monkeypatch.setattr("builtins.input", lambda *prompt: "y")
    run(session, ":remove mine")
    assert "mine" not in run(session, ":models")


def test_what_a_model_says_of_itself_is_no_markup(session: Screen, shelf_directory: Path) -> None:
    path = shelf_directory / "tiny" / "model.json"
    record = json.loads(path.read_text())
    record["corpus"] = {"files": ["x[/foo].csv", "[red]old[/red]"], "\x1b[31mkey": "[b]"}
    path.write_text(json.dumps(record))
    shown = run(session, ":load tiny", ":models", ":show")
    assert not session.failed
    assert "x[/foo].csv" in shown
    assert "[b]" in shown
    assert "\x1b" not in shown


def test_without_a_model_a_seed_is_answered_with_what_to_do(session: Screen) -> None:
    session.generator = None
    run(session, "china")
    assert "no model is loaded; :models lists them" in session.told()


def test_a_fault_of_the_program_does_not_end_the_session(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Generator, "read_seed", lambda self, text: 1 / 0)
    run_line(session, "china")
    assert "a fault of the program, ZeroDivisionError" in session.told()


class TestOnATerminal:
    @pytest.fixture
    def terminal(self, session: Screen) -> Screen:
        session.interactive = True
        session.messages = session.console = console(width=30)
        return session

    def test_the_seed_the_words_and_the_status_are_shown(self, terminal: Screen) -> None:
        shown = run(terminal, ":len 3", "china")
        lines = [line for line in shown.splitlines() if line.strip()]
        assert re.fullmatch(r"  china( \w+){3}", lines[-3])
        status = " ".join((lines[-2] + lines[-1]).split())
        assert re.fullmatch(r"tiny · 3 words · temperature 0\.8 · rng 0 · \d+ ms", status)

    def test_long_lines_break_between_words(self, terminal: Screen) -> None:
        shown = run(terminal, ":len 40", "china").split("\n\n")[1]
        text, _ = shown.split("  tiny ·")
        lines = text.rstrip().splitlines()
        assert len(lines) > 5
        assert all(line.startswith("  ") and len(line) <= 30 for line in lines)
        assert len(text.split()) == 41

    def test_several_samples_are_numbered(self, terminal: Screen) -> None:
        shown = run(terminal, ":len 2", ":set samples 3", "china")
        assert re.findall(r"^ +(\d)  china", shown, re.MULTILINE) == ["1", "2", "3"]

    def test_ctrl_c_keeps_what_was_drawn_and_the_session(
        self, terminal: Screen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def two_words(
            self: Generator, seed: Seed, forced: tuple[int, ...], first: int
        ) -> Iterator[Word]:
            yield Word("war", " war", 0.5, 1)
            yield Word("vote", " vote", 0.5, 1)
            raise KeyboardInterrupt

        monkeypatch.setattr(Generator, "stream", two_words)
        shown = run(terminal, "china")
        assert "  china war vote\n" in shown
        assert "interrupted" in shown
        assert not terminal.failed

    def test_a_signal_that_ends_the_program_keeps_what_was_drawn(
        self, terminal: Screen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def one_word(*_: object) -> Iterator[Word]:
            yield Word("war", " war", 0.5, 1)
            raise SystemExit(143)

        monkeypatch.setattr(Generator, "stream", one_word)
        with pytest.raises(SystemExit):
            run(terminal, "china")
        assert terminal.turns.require().line.text == "china war"

    def test_words_cannot_take_over_the_terminal(
        self, terminal: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "tests.conftest.WORDS", ("\x1b[2J", "a\rb", "\u202egnp", "\x9b31m", "ok\x07")
        )
        bundle.save(random_model(name="evil"), tmp_path / "evil", "")
        shown = run(terminal, f":load {tmp_path / 'evil'}", ":len 50", "the")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)


def test_rows_that_no_word_has_are_told_after_an_import(session: Screen, tmp_path: Path) -> None:
    """As with a tokenizer that belongs to another model."""
    run(session, f":export window {tmp_path}/m.keras")
    (tmp_path / "few.json").write_text('{"china": 3}')
    session.told()
    run(session, f":import {tmp_path}/m.keras --tokenizer {tmp_path}/few.json")
    assert "its tokenizer has no word for 9 of them; is it the right one?" in " ".join(
        session.told().split()
    )


def test_a_command_to_copy_is_not_broken(session: Screen, tmp_path: Path) -> None:
    session.interactive = True
    run(session, f":export window {tmp_path}/m.keras")
    (tmp_path / "words.pickle").write_bytes(b"\x80\x04}.")
    session.told()
    run(session, f":import {tmp_path}/m.keras --tokenizer {tmp_path}/words.pickle")
    *sentence, command, blank = session.told().splitlines()
    assert "error: words.pickle is a pickle" in sentence[0]
    assert command.startswith('python -c "import pickle')
    assert command.endswith('.to_json())"')
    assert blank == ""


def test_a_setting_cannot_take_over_the_terminal(session: Screen) -> None:
    shown = run(session, ":set ban \x1b]0;pwn", ":set", ":set ban")
    assert "\x1b" not in shown + session.told()


def test_a_weight_of_n_grams_that_are_not_there_is_named_at_once(session: Screen) -> None:
    run(session, ":set ngram_weight 0.5")
    assert session.told().splitlines()[1:] == ["tiny has no n-grams, so that changes nothing"]


def test_phrases_that_the_model_does_not_know_are_named_at_once(session: Screen) -> None:
    run(session, ":set ban war, big war, zebra")
    ban, notice = session.told().splitlines()
    assert ban.startswith("ban war, big war, zebra")
    assert notice == "tiny does not know 'big war', 'zebra', so that ban does nothing"
    run(session, ":set must gnu")
    assert session.told().splitlines()[1] == (
        "tiny does not know 'gnu', so no line of it can hold that"
    )
    assert not session.failed
    run(session, ":load window")
    assert [line.split()[:4] for line in session.told().splitlines()[1:]] == [
        ["window", "does", "not", "know"]
    ] * 2
    run(session, ":set ban war", ":set must new york", ":set top_k 5")
    assert "does not know" not in session.told()


def test_phrases_are_not_looked_up_where_no_model_is_loaded(session: Screen) -> None:
    session.generator = None
    run(session, ":set ban zebra")
    assert session.told() == "ban zebra\n"


def test_help_tells_what_keys_do(session: Screen) -> None:
    shown = run(session, ":help keys")
    assert re.search(r"^Right +take the grey words", shown, re.MULTILINE)
    assert all(key in shown for key in ("Alt-F", "Alt-N", "Alt-S", "Tab", "Ctrl-C", "Ctrl-D"))


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("lod", "there is no help on 'lod'; did you mean :load?"),
        ("typicl", "there is no help on 'typicl'; did you mean typical?"),
        ("lookin", "there is no help on 'lookin'; did you mean looking?"),
        ("zzz", "there is no help on 'zzz'; :help all lists every command"),
    ],
)
def test_help_on_what_there_is_not_says_what_is_near(session: Screen, topic: str, told: str) -> None:
    run(session, f":help {topic}")
    assert session.told() == f"error: {told}\n"


def test_help_tells_the_options_of_a_command_with_their_meanings(session: Screen) -> None:
    assert re.search(r"^--column +the column of the text", run(session, ":help train"), re.M)


def test_help_on_a_setting_says_how_it_is_changed(session: Screen) -> None:
    assert run(session, ":help must").endswith(":set must VALUE changes it\n")


def test_a_question_mark_alone_asks_for_help(session: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    session.interactive = True
    monkeypatch.setattr("builtins.input", lambda: "y")
    assert "shelf" in run(session, "?")
    assert len(session.turns) == 0


def test_help_explains_settings_too(session: Screen) -> None:
    assert run(session, ":help min_p").startswith("min_p off  draw from words at least this share")
    assert run(session, ":help no-repeat").startswith("no_repeat off")
    assert run(session, ":help length").startswith(":len [WORDS]")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (":set ghost off", "ghost off"),
        (":set theme=light", "theme light"),
        (":set heat rank", "rank"),
        (":set model window", "window"),
        (":set autosave off", "autosave is read when the prompt opens; set it in the config file"),
        (":set them dark", "there is no setting 'them'; did you mean theme?"),
        (":set theme purple", "theme must be one of auto, light, dark, plain, not 'purple'"),
    ],
)
def test_settings_of_the_prompt_itself_are_set_like_all_others(
    session: Screen, line: str, told: str
) -> None:
    run(session, line)
    assert told in " ".join(session.told().split())


def test_what_a_line_has_changed_since_is_shown(session: Screen) -> None:
    shown = run(session, ":heat probability", ":load window", ":show")
    assert re.search(r"heat \* +probability", shown)
    assert re.search(r"model \* +window", shown)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "settings", [":temp 0.8", ":greedy", ":set beam 3", ":set contrastive 0.6", ":set must trade"]
)
def test_a_network_whose_numbers_overflow_is_told_and_costs_nothing(
    session: Screen, shelf_directory: Path, settings: str
) -> None:
    model = random_model()
    huge = {name: 3e38 * np.sign(array) for name, array in model.weights.items()}
    bundle.save(replace(model, weights=huge), shelf_directory / "wild", "# wild\n")
    run(session, ":load wild", settings, "war")
    assert re.search(
        r"the numbers of \w+( model)? grow beyond all bounds", session.told().replace("\n", " ")
    )
    assert len(session.turns) == 0


def test_what_fails_after_a_line_is_told_and_the_session_goes_on(session: Screen) -> None:
    def fail(_: object) -> None:
        raise ValueError("full")

    session.after_line = fail
    assert run(session, "china", "war").count("\n") == 2
    assert session.told().count("a fault of the program, ValueError: full") == 2


def test_a_question_that_is_cancelled_ends_its_line(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled() -> str:
        raise KeyboardInterrupt

    session.interactive = True
    session.messages = session.console
    monkeypatch.setattr("builtins.input", cancelled)
    assert run(session, "exit") == "  Did you mean :exit? [Y/n] \n  interrupted\n\n"
