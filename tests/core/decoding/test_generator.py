"""A scripted network of five lines stands in for the real one."""

from dataclasses import dataclass

import numpy as np
import pytest

from core.decoding.cells import CellState, Floats, Ids
from core.decoding.generator import DEFAULT_LENGTH, LONGEST, Generator, Seed
from core.decoding.sampler import Sampler
from core.decoding.stepper import State
from core.errors import SettingError
from core.insight.line import line_of
from core.settings import SamplingSettings
from tests.conftest import WORDS, random_model


@dataclass
class Scripted:
    """Finds the same word likeliest after so many words, whatever they were: the script's."""

    script: list[int]
    vocabulary: int

    def start(self, rows: int) -> State:
        return State(CellState((), ()), rows)

    def advance(self, state: State, ids: Ids) -> State:
        return State(state.layers, state.rows, state.read + 1)

    def logits(self, state: State) -> Floats:
        row = np.zeros((state.rows, self.vocabulary), np.float32)
        row[:, self.script[state.read % len(self.script)]] = 9
        return row

    def take(self, state: State, rows: Ids) -> State:
        return state._replace(rows=len(rows))

    def hidden(self, state: State) -> Floats:
        return np.zeros((state.rows, 2), np.float32)


def scripted(*words: str, context: str = "stream", **settings: object) -> Generator:
    generator = Generator(random_model(context), SamplingSettings(**settings))  # type: ignore[arg-type]
    tokens = generator.vocabulary.tokens
    generator.network = Scripted([tokens.index(word) for word in words], len(tokens))
    return generator


def text(generator: Generator, seed: str = "") -> str:
    return generator.generate(generator.read_seed(seed))[0].text


def test_the_script_is_spelt_after_the_seed() -> None:
    # The first word is read after <s>, so a seed of one word is answered from the third on.
    generator = scripted("war", "china", "says", "a", "vote", "</s>", temperature=0)
    assert text(generator, "why") == "why says a vote"


def test_the_end_ends_a_line_and_is_not_shown() -> None:
    assert text(scripted("war", "a", "</s>", temperature=0)) == "a"


def test_the_end_never_comes_first() -> None:
    assert text(scripted("war", "</s>", "</s>", temperature=0)) != ""


def test_a_fixed_length_goes_past_the_end() -> None:
    generator = scripted("war", "a", "</s>", temperature=0, length=4)
    assert len(generator.generate(generator.read_seed(""))[0].words) == 4


def test_until_end_stops_before_the_length() -> None:
    assert text(scripted("war", "a", "</s>", temperature=0, length=4, until_end=True)) == "a"


def test_a_model_that_never_ends_is_stopped() -> None:
    generator = scripted("war", temperature=0)
    assert len(generator.generate(generator.read_seed(""))[0].words) == LONGEST["word"]


def test_a_model_that_cannot_end_gives_ten_words_in_title_case() -> None:
    generator = scripted("war", context="window", temperature=0)
    assert text(generator, "why") == "Why" + " War" * DEFAULT_LENGTH["word"]


@pytest.mark.parametrize("special", ["<pad>", "<unk>", "<s>"])
def test_what_is_no_word_is_never_generated(special: str) -> None:
    for temperature in (0, 1):
        words = text(scripted(special, temperature=temperature, length=50)).split()
        assert len(words) == 50
        assert special not in words


def test_probability_and_rank_are_the_models_before_any_filter() -> None:
    generator = scripted("<unk>", temperature=0, length=1)
    word = generator.generate(generator.read_seed(""))[0].words[0]
    size = len(generator.vocabulary)
    assert word.rank == 2
    assert word.probability == pytest.approx(1 / (np.exp(9) + size - 1), rel=1e-6)


def test_a_seed_names_the_words_that_are_not_known() -> None:
    generator = Generator(random_model())
    seed = generator.read_seed("China foo says bar, foo")
    assert seed.unknown == ("foo", "bar")
    assert generator.vocabulary.decode(seed.ids) == ["china", "<unk>", "says", "<unk>", "<unk>"]
    window = Generator(random_model("window")).read_seed("China foo says")
    assert len(window.ids) == 2


def test_what_the_cleaning_drops_whole_is_named_too() -> None:
    generator = Generator(random_model("window"))
    assert generator.read_seed("china 今天 🎉 — !").unknown == ("今天", "🎉", "—")
    assert generator.read_seed("\udcff china").text == "? china"


def test_a_seed_of_unknown_words_only_starts_from_the_beginning() -> None:
    generator = Generator(random_model(), SamplingSettings(length=5))
    unknown, empty = (generator.generate(generator.read_seed(seed))[0] for seed in ("foo bar", ""))
    assert unknown.seed.ids == ()
    assert [word.text for word in unknown.words] == [word.text for word in empty.words]


def test_the_same_rng_gives_the_same_words_and_another_gives_others() -> None:
    def words(rng: int) -> str:
        return text(Generator(random_model(), SamplingSettings(length=12, rng=rng)), "china")

    assert words(1) == words(1) != words(2)


def test_a_sample_does_not_depend_on_those_beside_it() -> None:
    generator = Generator(random_model(), SamplingSettings(length=8, ranked=False))
    seed = generator.read_seed("new york")
    alone = generator.generate(seed)[0].text
    generator.configure(samples=5)
    many = [sample.text for sample in generator.generate(seed)]
    assert many[0] == alone
    assert len(set(many)) > 1


def test_many_samples_are_the_same_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Generator(random_model(), SamplingSettings(length=3, samples=7, ranked=False))
    seed = generator.read_seed("china")
    together = [sample.text for sample in generator.generate(seed)]
    monkeypatch.setattr("core.decoding.generator.BATCH", 3)
    assert [sample.text for sample in generator.generate(seed)] == together


def test_samples_end_one_by_one() -> None:
    generator = Generator(random_model(), SamplingSettings(samples=40, rng=3))
    samples = generator.generate(generator.read_seed("china"))
    assert len({len(sample.words) for sample in samples}) > 1
    assert all("</s>" not in sample.text for sample in samples)


def test_streamed_pieces_make_the_finished_text() -> None:
    generator = Generator(random_model("window"), SamplingSettings(length=6))
    seed = generator.read_seed("why")
    pieces = "".join(word.piece for word in generator.stream(seed))
    assert generator.generate(seed)[0].text == "Why" + pieces
    assert generator.generate(seed)[0].continuation == pieces.strip()


def ids(generator: Generator, text: str) -> tuple[int, ...]:
    return tuple(generator.vocabulary.encode(text.split()))


def test_given_words_begin_a_continuation_and_are_judged_as_if_drawn() -> None:
    generator = Generator(random_model(), SamplingSettings(length=4, temperature=0))
    seed = generator.read_seed("china")
    line = generator.generate(seed, ids(generator, "war vote"))[0]
    assert [word.text for word in line.words[:2]] == ["war", "vote"]
    assert len(line.words) == 4
    by_hand = Generator(random_model(), SamplingSettings(length=2, temperature=0))
    rest = by_hand.generate(by_hand.read_seed("china war vote"))[0].words
    assert [word.text for word in line.words[2:]] == [word.text for word in rest]
    assert [word.probability for word in line.words[2:]] == pytest.approx(
        [word.probability for word in rest]
    )


def test_what_a_line_drew_it_draws_again_after_its_own_first_words() -> None:
    generator = Generator(random_model(), SamplingSettings(length=8, top_p=0.9, mirostat=3))
    seed = generator.read_seed("china")
    line = generator.generate(seed)[0]
    given = tuple(word.id for word in line.words[:5])
    assert generator.generate(seed, given)[0] == line


def test_more_words_may_be_given_than_the_length_has() -> None:
    generator = Generator(random_model(), SamplingSettings(length=1))
    line = generator.generate(generator.read_seed(""), ids(generator, "war vote a"))[0]
    assert line.continuation == "war vote a"


def test_samples_are_all_different_and_the_likeliest_comes_first() -> None:
    generator = Generator(random_model(), SamplingSettings(length=2, samples=30, temperature=0.5))
    seed = generator.read_seed("china")
    lines = generator.generate(seed)
    means = [line.mean_log_probability for line in lines]
    assert len({line.text for line in lines}) == len(lines) == 30
    assert means == sorted(means, reverse=True)
    generator.configure(ranked=False)
    assert len({line.text for line in generator.generate(seed)}) < 30


def test_no_more_samples_are_returned_than_there_are_lines() -> None:
    generator = Generator(random_model(), SamplingSettings(length=1, samples=30, top_k=2))
    seed = generator.read_seed("china")
    assert len(generator.generate(seed)) == 2
    generator.configure(top_k=None, temperature=0)
    assert len(generator.generate(seed)) == 1


def test_the_mean_log_probability_is_the_models_own() -> None:
    generator = Generator(random_model(), SamplingSettings(length=3, top_k=1))
    line = generator.generate(generator.read_seed("china"))[0]
    logs = np.log([word.probability for word in line.words])
    assert line.mean_log_probability == pytest.approx(logs.mean())


@pytest.mark.parametrize("samples", [1, 7])
def test_any_line_of_several_can_be_generated_again_alone(samples: int) -> None:
    settings = SamplingSettings(length=5, samples=samples, temperature=1.5)
    generator = Generator(random_model("window"), settings)
    for line in generator.generate(generator.read_seed("china")):
        assert generator.again(line).text == line.text


def test_a_line_is_not_ended_before_its_least_length() -> None:
    generator = scripted("war", "a", "</s>", temperature=0, min_length=4)
    words = generator.generate(generator.read_seed(""))[0].words
    assert [word.text for word in words[:2]] == ["a", words[1].text]
    assert len(words) == 4


def test_a_banned_word_is_never_said_nor_a_phrase() -> None:
    generator = scripted("war", "new", "york", "</s>", temperature=0, ban=("WAR", "new york", "xyz"))
    assert text(generator).split()[0] == "new"
    assert "york" not in text(generator)
    generator = Generator(random_model(), SamplingSettings(length=60, ban=("new york", "a")))
    line = generator.generate(generator.read_seed("china"))[0].text
    assert "new york" not in line
    assert " a " not in line


def test_when_every_word_is_banned_nothing_is_left_to_say() -> None:
    generator = Generator(random_model(), SamplingSettings(ban=WORDS))
    with pytest.raises(SettingError, match="every word of the model is banned"):
        generator.generate(generator.read_seed("china"))


def test_an_unknown_required_word_is_named() -> None:
    generator = Generator(random_model(), SamplingSettings(must=("china xyz",)))
    with pytest.raises(SettingError, match="tiny does not know 'china xyz'"):
        generator.generate(generator.read_seed("china"))


def test_a_setting_that_is_refused_changes_nothing() -> None:
    generator = Generator(random_model())
    before = generator.settings
    with pytest.raises(SettingError):
        generator.configure(temperature=0.5, length=0)
    assert generator.settings == before


def test_word_n_has_the_same_random_number_whatever_the_words_before_needed() -> None:
    def fourth(*schedule: float) -> str:
        generator = Generator(random_model(), SamplingSettings(length=4, schedule=schedule))
        given = ids(generator, "war vote a")[:2]
        return generator.generate(generator.read_seed("china"), given)[0].words[3].text

    generator = Generator(random_model(), SamplingSettings(schedule=(1.0, 0.0)))
    sampler = Sampler(generator.settings, generator.rules, (), [0])
    other = Sampler(SamplingSettings(), generator.rules, (), [0])
    logits = generator.stepper.logits(generator.read(generator.read_seed("china")))
    for number in range(4):
        chosen, same = sampler.choose(logits), other.choose(logits)
        sampler.accept(chosen, logits)
        other.accept(same, logits)
        assert (sampler._uniforms() == other._uniforms()).all(), number
    assert fourth(1, 1, 1, 1) == fourth(1, 0, 1, 1)


def test_a_line_that_goes_on_is_looked_at_as_it_was_read() -> None:
    generator = Generator(random_model(), SamplingSettings(length=3))
    first = generator.generate(generator.read_seed("zebra"))[0]
    read = tuple(word.id for word in first.words)
    line = line_of(generator, generator.generate(Seed(first.text, (), read))[0])
    assert line.ids[:3] == read
    assert line.given == 3


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("values", [{}, {"mirostat": 3.0}, {"must": ("war",)}, {"beam": 3}])
def test_logits_at_the_end_of_their_range_say_the_likeliest(
    sign: int, values: dict[str, object]
) -> None:
    model = random_model()
    likeliest = model.vocabulary.ids["vote"]
    model.weights["output.kernel"][:] = 0
    model.weights["output.bias"][:] = -3.4e38 if sign < 0 else 3.2e38
    model.weights["output.bias"][likeliest] = sign * 3.3e38
    model.weights["output.bias"][:4] = -3.4e38
    generator = Generator(model, SamplingSettings(length=3, temperature=0.5, **values))  # type: ignore[arg-type]
    (line,) = generator.generate(generator.read_seed("china"))
    said = [word.text for word in line.words]
    assert sorted(said) == sorted([*(generator.settings.must or ()), *["vote"] * 3][:3])
    assert {word.probability for word in line.words if word.text == "vote"} == {1}
