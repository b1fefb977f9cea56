import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.recipe import PRESETS, Recipe, preset
from core.setting import find_setting, settings_of
from core.settings import ModelSettings, SamplingSettings, TrainingSettings


def test_the_tutorial_preset_is_the_tutorials_recipe() -> None:
    recipe = preset("tutorial")
    assert (recipe.model.embedding_size, recipe.model.hidden_size, recipe.model.dropout) == (
        10,
        100,
        0.1,
    )
    assert (recipe.training.epochs, recipe.training.batch_size) == (100, 32)
    assert recipe.training.learning_rate == 0.001  # Keras's default for Adam
    assert (recipe.text.cleaning, recipe.text.min_count, recipe.text.deduplicate) == (
        "tutorial",
        1,
        False,
    )
    assert recipe.model.context == "window"


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (
            SamplingSettings,
            {"length": 0},
            "length must be a whole number from 1 to 10,000, or auto, not 0",
        ),
        (SamplingSettings, {"length": -3}, "not -3"),
        (
            SamplingSettings,
            {"temperature": float("nan")},
            "temperature must be a number from 0 to 100, not nan",
        ),
        (SamplingSettings, {"samples": True}, "not True"),
        (
            SamplingSettings,
            {"rng": -1},
            "rng must be a whole number from 0 to 2^64 - 1, not -1",
        ),
        (TrainingSettings, {"learning_rate": 10**400}, "learning_rate must be a number from"),
        (ModelSettings, {"context": "both"}, "context must be one of stream, window, not 'both'"),
        (TrainingSettings, {"epochs": 1.5}, "not 1.5"),
        (
            SamplingSettings,
            {"schedule": (1.0, 101.0)},
            "schedule must be numbers from 0 to 100 with commas between them, or off, not 1, 101",
        ),
        (SamplingSettings, {"must": ()}, "must must be words or phrases with commas between them"),
        (SamplingSettings, {"ban": ("a", 3)}, "not 'a', 3"),
        (SamplingSettings, {"ban": "a"}, "not 'a'"),
        (SamplingSettings, {"ban": ("a",) * 101}, "ban must be"),
        (SamplingSettings, {"beam": 4, "contrastive": 0.6}, "contrastive and beam are two different"),
        (
            SamplingSettings,
            {"samples": 5, "contrastive": 0.6},
            "contrastive finds one line and not 5 samples; set samples to 1, or contrastive to off",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(
    kind: type, values: dict[str, object], message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        kind(**values)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("length", "5", 5),
        ("length", "auto", None),
        ("temperature", "0.5", 0.5),
        ("temperature", "1", 1.0),
        ("top_k", "OFF", None),
        ("until_end", "on", True),
        ("schedule", "1, 0.5,0.2", (1.0, 0.5, 0.2)),
        ("must", "trade war, 1,200 ,china,", ("trade war", "1,200", "china")),
        ("ban", "off", None),
    ],
)
def test_values_are_read_as_people_type_them(name: str, text: str, value: object) -> None:
    assert settings_of(SamplingSettings)[name].parse(text) == value


@pytest.mark.parametrize(("name", "text"), [("length", "a"), ("schedule", "1,a"), ("schedule", "1,,2")])
def test_text_that_is_no_value_is_quoted(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"not '{text}'"):
        settings_of(SamplingSettings)[name].parse(text)


def test_settings_of_several_values_survive_json() -> None:
    settings = SamplingSettings(schedule=(1.0, 0.2), must=("trade war",))
    read = SamplingSettings.from_json(json.loads(json.dumps(settings.to_json())))
    assert read == settings


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        SettingError, match="there is no setting 'temprature'; did you mean temperature"
    ):
        SamplingSettings().change(temprature=1.0)


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("temp", "temperature"),
        ("Temperature", "temperature"),
        ("topk", "top_k"),
        ("top", "top_k or top_p"),
        ("len", "length or length_penalty"),
        ("groups", "beam_groups"),
        ("presence", "presence_penalty"),
    ],
)
def test_a_name_cut_short_is_answered_with_what_it_could_be(typed: str, near: str) -> None:
    with pytest.raises(SettingError) as caught:
        find_setting(typed, settings_of(SamplingSettings))
    assert str(caught.value) == f"there is no setting {typed!r}; did you mean {near}?"


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(SettingError, match=r"'xyzzy'; there are length, until_end, .*, rng$"):
        find_setting("xyzzy", settings_of(SamplingSettings))


@given(st.integers(1, 10_000) | st.none(), st.floats(0, 100), st.booleans(), st.integers(0, 2**64 - 1))
def test_what_is_shown_can_be_typed_again(
    length: int | None, temperature: float, until_end: bool, rng: int
) -> None:
    settings = SamplingSettings(
        length=length,
        until_end=until_end,
        temperature=temperature,
        rng=rng,
        schedule=(1.0, 0.25),
        ban=("a b", "1,200"),
    )
    for name, setting in settings_of(SamplingSettings).items():
        value = getattr(settings, name)
        shown = setting.parse(setting.show(value))
        assert shown == value


@pytest.mark.parametrize("name", PRESETS)
def test_a_recipe_survives_json(name: str) -> None:
    recipe = preset(name).change(epochs=3, hidden_size=64, min_count=5, patience=None)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_no_name_is_used_twice() -> None:
    kinds = [settings_of(kind) for kind in (SamplingSettings, ModelSettings, TrainingSettings)]
    names = [name for kind in kinds for name in kind]
    assert len(names) == len(set(names))
    assert all(find_setting(name, Recipe.table() | kinds[0]).help for name in names)


@pytest.mark.parametrize("value", [101, 101.0])
def test_a_whole_number_that_is_refused_is_told_as_one(value: float) -> None:
    with pytest.raises(SettingError, match=r"^temperature must be a number from 0 to 100, not 101$"):
        SamplingSettings(temperature=value)
