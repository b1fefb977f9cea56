"""What a user installs: the wheel holds the program, a model, the corpus and the command."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    directory = tmp_path_factory.mktemp("dist")
    build = ["-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    where = ["--no-build-isolation", "--wheel-dir", str(directory), str(ROOT)]
    subprocess.run([sys.executable, *build, *where], check=True)
    return zipfile.ZipFile(next(directory.glob("*.whl")))


def test_it_holds_the_code_a_model_and_the_corpus(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {
        "core/data/headlines.csv",
        "core/py.typed",
        "repl/commands/training.py",
        "core/library/shipped/tutorial/model.json",
        "core/library/shipped/tutorial/weights.safetensors",
    } <= names
    assert not [name for name in names if name.startswith("tests")]


def test_it_works_unpacked_without_the_repository(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import core; assert core.__file__.startswith(sys.path[0])\n"
        "from core.decoding.generator import Generator\n"
        "from core.library.shelf import Shelf\n"
        "generator = Generator(Shelf().load('tutorial'))\n"
        "generator.configure(temperature=0, length=3)\n"
        "print(generator.generate(generator.read_seed('china'))[0].text)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("China ")


def test_it_installs_the_command(wheel: zipfile.ZipFile) -> None:
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "headlong = repl.__main__:main" in wheel.read(entry).decode()
