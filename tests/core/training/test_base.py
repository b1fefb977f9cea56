import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DamagedModel, ModelError, ModelNotFound, SettingError
from core.library import bundle
from core.recipe import FINE_TUNING
from core.setting import settings_of
from core.settings import ModelSettings, TextSettings
from core.text.cleaning import CLEANINGS
from core.text.levels import LEVELS
from core.training.base import FIXED, Base, recipe_from
from tests.conftest import random_model


def test_network_and_text_are_the_models_and_the_steps_are_small() -> None:
    base = random_model("window", dropout=0.25)
    recipe = recipe_from(base)
    assert recipe.model == base.manifest.architecture
    assert (recipe.text.level, recipe.text.cleaning) == ("word", "tutorial")
    assert recipe.training == FINE_TUNING


def test_a_character_is_a_small_sample_so_a_step_takes_more_of_them() -> None:
    base = random_model("window")
    letters = replace(base, manifest=replace(base.manifest, level="character", cleaning="characters"))
    assert recipe_from(letters).training == FINE_TUNING.change(batch_size=128)
    assert recipe_from(letters, batch_size=32).training == FINE_TUNING


def test_what_does_not_change_the_network_may_be_set() -> None:
    changes = {"dropout": 0.4, "word_dropout": 0.1, "min_count": 5, "epochs": 2, "batch_size": 9}
    recipe = recipe_from(random_model(), **changes)
    assert (recipe.model.dropout, recipe.model.word_dropout) == (0.4, 0.1)
    assert (recipe.text.min_count, recipe.training.epochs, recipe.training.batch_size) == (5, 2, 9)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cell", "gru", "cell is lstm in the model 'tiny' and cannot become gru"),
        ("hidden_size", 9, "hidden_size is 8 in the model 'tiny' and cannot become 9"),
        ("tied", True, "tied is off in the model 'tiny' and cannot become on"),
        ("window", None, "window is 5 in the model 'tiny' and cannot become auto"),
        ("cleaning", "cased", "cleaning is plain in the model 'tiny' and cannot become cased"),
        ("level", "character", "level is word in the model 'tiny' and cannot become character"),
    ],
)
def test_what_the_weights_were_made_for_stays(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        recipe_from(random_model(), **{name: value})  # type: ignore[arg-type]
    assert str(caught.value) == (f"{words}; leave {name} out, or train a new model without --from")


def test_saying_what_is_so_anyway_is_no_mistake() -> None:
    assert recipe_from(random_model(), hidden_size=8, cleaning="plain") == recipe_from(random_model())


def test_every_setting_of_the_network_but_the_dropouts_is_fixed() -> None:
    kinds = ("", "input_", "layer_", "weight_", "word_")
    dropouts = {f"{kind}dropout" for kind in kinds}
    assert set(FIXED) == {"level", "cleaning", "pieces"} | set(settings_of(ModelSettings)) - dropouts


def test_every_text_that_a_model_may_have_can_be_trained_on() -> None:
    table = settings_of(TextSettings)
    assert set(table["cleaning"].choices) == set(CLEANINGS)
    assert set(table["level"].choices) == set(LEVELS)


def test_the_model_is_the_one_that_was_chosen_or_none(tmp_path: Path) -> None:
    bundle.save(random_model(), tmp_path / "m", "")
    base, model = Base.of(tmp_path / "m")
    assert base == Base(tmp_path / "m", "m", random_model().sha256)
    assert base.load().sha256 == model.sha256
    bundle.save(random_model(seed=1), tmp_path / "m", "")
    with pytest.raises(
        ModelError, match=r"'m' at .* was replaced while training began; start it again"
    ):
        base.load()
    (tmp_path / "m" / bundle.WEIGHTS).write_bytes(b"")
    with pytest.raises(DamagedModel):
        Base.of(tmp_path / "m")
    shutil.rmtree(tmp_path / "m")
    with pytest.raises(ModelNotFound):
        Base.of(tmp_path / "m")
