"""Writing files: whole or not at all, whatever fails."""

import errno
import os
import stat
from pathlib import Path

import pytest

from core.errors import ModelError, SettingError
from core.library.writing import check_destination, write_files

OPERATIONS = [("fsync", 1), ("fsync", 2), ("replace", 1), ("replace", 2)]


@pytest.fixture
def old(tmp_path: Path) -> dict[Path, bytes]:
    files = {tmp_path / "a.json": b"old words", tmp_path / "a.bin": b"old weights"}
    for path, content in files.items():
        path.write_bytes(content)
    return files


def found(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.iterdir()}


def fail_at(monkeypatch: pytest.MonkeyPatch, name: str, call: int, error: BaseException) -> None:
    """Let the given call of an `os` function fail, and no other."""
    real, calls = getattr(os, name), 0

    def failing(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            raise error
        return real(*arguments)

    monkeypatch.setattr(os, name, failing)


def test_files_are_written_and_replaced_and_nothing_stays_beside_them(old: dict[Path, bytes]) -> None:
    new = {path: content.replace(b"old", b"new") for path, content in old.items()}
    write_files(new)
    assert found(next(iter(old)).parent) == new


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize(("name", "call"), [("fsync", 1), ("fsync", 2), ("replace", 1), ("replace", 2)])
def test_a_failure_leaves_what_was_there(
    old: dict[Path, bytes],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    call: int,
    error: BaseException,
) -> None:
    fail_at(monkeypatch, name, call, error)
    with pytest.raises((ModelError, KeyboardInterrupt)) as raised:
        write_files(dict.fromkeys(old, b"new"))
    if isinstance(error, OSError):
        assert (
            str(raised.value)
            .split("; ")[0]
            .endswith("a.bin cannot be written: No space left on device")
        )
    assert found(next(iter(old)).parent) == old


@pytest.mark.parametrize(("name", "call"), [("fsync", 1), ("fsync", 2), ("replace", 1), ("replace", 2)])
def test_a_failure_leaves_nothing_where_nothing_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, call: int
) -> None:
    fail_at(monkeypatch, name, call, OSError(errno.EIO, "Input/output error"))
    with pytest.raises(ModelError, match="Input/output error"):
        write_files({tmp_path / "a.json": b"new", tmp_path / "a.bin": b"new"})
    assert found(tmp_path) == {}


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX's")
def test_a_write_that_the_system_cuts_short_leaves_what_was_there(old: dict[Path, bytes]) -> None:
    """No patches: the kernel refuses to let the file grow, as it does when a disk is full."""
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        with pytest.raises(ModelError, match=r"a\.bin cannot be written: File too large"):
            write_files({**dict.fromkeys(old, b"new"), list(old)[1]: bytes(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert found(next(iter(old)).parent) == old


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_has_the_mode_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_files({tmp_path / "a": b""})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path, old: dict[Path, bytes]) -> None:
    target, link = next(iter(old)), tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(target)
    write_files({link: b"new"})
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert list(link.parent.iterdir()) == [link]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_files({path: b"new"})
    assert found(tmp_path) == {path: b"new"}


def test_a_destination_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingError, match=r"file already; choose another name or add --replace$"):
        check_destination(tmp_path / "file", replace=False)
    check_destination(tmp_path / "file", replace=True)
    with pytest.raises(SettingError, match=r"is a directory; add the name of the file to write in it$"):
        check_destination(tmp_path, replace=True)
    for missing in ("nowhere", "file"):
        with pytest.raises(SettingError, match=r"no directory .*; create it or choose another one$"):
            check_destination(tmp_path / missing / "m", replace=True)
    with pytest.raises(ModelError, match="File name too long"):
        check_destination(tmp_path / ("x" * 300), replace=False)


@pytest.mark.skipif(os.name != "posix", reason="named pipes are POSIX's")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingError, match="is no ordinary file; choose another name"):
        check_destination(tmp_path / "pipe", replace=True)


def test_a_directory_that_may_not_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs the tests may be root, who may write everywhere.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ModelError, match=r"you may not write to the directory .*; choose another one"):
        check_destination(tmp_path / "m", replace=False)
