"""A few seconds of coverage-guided fuzzing for each loader; `make fuzz` gives each a minute."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = (
    *("manifest", "vocabulary", "weights", "zip"),
    *("keras", "letters", "letters-config", "tokenizer"),
)
SECONDS = os.environ.get("HEADLONG_FUZZ_SECONDS", "2")


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_end_in_anything_but_one_clear_error(tmp_path: Path, target: str) -> None:
    pytest.importorskip("atheris", reason="atheris is for Linux on x86-64")
    options = [f"-max_total_time={SECONDS}", "-timeout=60", "-rss_limit_mb=1024", "-max_len=8192"]
    # The grandchild of a small shell: libFuzzer takes the most memory that pytest had for its own.
    shell = ["sh", "-c", '"$@" & wait $!', "sh"]
    done = subprocess.run(
        [*shell, sys.executable, "-m", "tests.fuzz.byte_by_byte", target, *options],
        cwd=tmp_path,  # where the bytes that ended badly would be left
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr
