"""What must never be imported at start, and what the README says of the files."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter; return the top-level modules it has imported."""
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import core.decoding.generator, core.decoding.filters, core.decoding.stepper",
        "import core.library.bundle, core.library.shelf, core.library.card",
        "import core.text.corpus, core.training.client, core.training.job, core.training.events",
        "import core.insight.evaluation, core.insight.comparison, repl.comparing",
        "import repl.cli, repl.loop, repl.line.prompt, repl.line.completion",
        "from repl.session import *; s = Session(make_console(sys.stdout), make_console(sys.stdout))\n"
        "from repl.loop import run_line\n"
        "for line in (':load tutorial', 'china', ':models'): run_line(s, line)\n"
        "assert not s.failed",
    ],
)
def test_the_prompt_never_waits_for_tensorflow_or_pandas(code: str) -> None:
    assert not modules_after(code) & {
        "tensorflow",
        "keras",
        "pandas",
        "pyarrow",
        "h5py",
        "onnx",
        "sentencepiece",
    }


def test_the_core_has_no_terminal() -> None:
    code = "import core.decoding.generator, core.library.shelf, core.text.corpus, core.training.client"
    assert not modules_after(code) & {"rich", "typer", "prompt_toolkit", "repl"}


def test_the_version_needs_nothing() -> None:
    code = "import repl.__main__ as m; sys.argv = ['headlong', '--version']; m.main()"
    assert not modules_after(code) & {"numpy", "rich", "typer", "prompt_toolkit"}


def test_the_map_of_the_files_is_true() -> None:
    """Every Python file of core and repl stands in the README's map, and nothing else does."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("## Where things are", 1)[1].split("```")[1]
    mapped, folders = set(), []
    for line in block.splitlines():
        if not line.strip():
            continue
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        folders = [*folders[:depth], name]
        if name.endswith(".py"):
            mapped.add("".join(folders))
    files = {
        str(path.relative_to(ROOT))
        for package in ("core", "repl")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert mapped == files
