"""Keeps a training process small; for programs of their own, as it changes what others import there."""

import sys

UNUSED = "h5py"
"""What Keras imports where it finds it, for files that no trainer reads: 11 MB."""


def leave_out_unused() -> None:
    """Import pandas, as Keras does too, without the pyarrow that it takes along where it finds it.

    Only Parquet needs pyarrow, and still gets it. Without it a trainer is some 35 MB smaller, and text
    columns are read twice as fast. Where pandas has been imported already, nothing is changed.
    """
    if "pandas" in sys.modules or "pyarrow" in sys.modules:
        return
    # Python takes None for a module that cannot be imported.
    sys.modules.update(dict.fromkeys((UNUSED, "pyarrow")))  # type: ignore[arg-type]
    try:
        import pandas  # noqa: F401
    finally:
        del sys.modules["pyarrow"]
