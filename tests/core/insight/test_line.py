import pytest

from core.decoding.generator import Generator
from core.errors import ModelError
from core.insight.line import contexts
from core.library.ensemble import Ensemble
from tests.conftest import random_model


def test_several_models_have_no_context_in_common() -> None:
    several = Generator(Ensemble((random_model(), random_model("window")), (1.0, 1.0)))
    with pytest.raises(ModelError, match="more than one network; load one of them"):
        contexts(several, [4, 5])
