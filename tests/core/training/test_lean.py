"""A trainer's memory: what is left out, and still there for who needs it."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from core.text.reading import pieces
from core.training.lean import leave_out_unused

leave_out_unused()
assert "pandas" in sys.modules and "pyarrow" not in sys.modules
for path in map(Path, sys.argv[1:]):
    print([row for piece in pieces(path, "headline") for row in piece.rows])
leave_out_unused()
assert sys.modules["pyarrow"]
"""


def test_every_kind_of_table_is_read_where_pyarrow_was_left_out(tmp_path: Path) -> None:
    import pandas

    table = pandas.DataFrame({"headline": ["rain again", None, "a dry day"], "number": [1, 2, 3]})
    table.to_csv(tmp_path / "text.csv", index=False)
    table.to_json(tmp_path / "text.jsonl", orient="records", lines=True)
    table.to_parquet(tmp_path / "text.parquet")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, *files], check=True, capture_output=True, text=True
    )
    assert told.stdout.splitlines() == ["['rain again', '', 'a dry day']"] * 3
