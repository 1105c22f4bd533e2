"""Files that are written whole or not at all."""

import os
import stat

import pytest

from skdeep._atomic_write import replacement


@pytest.fixture
def old(tmp_path):
    """A file that is there already."""
    path = tmp_path / "old.txt"
    path.write_text("old")
    return path


@pytest.mark.fast
def test_a_new_file_appears_at_the_end_only(tmp_path):
    """Nobody sees a file that is half written."""
    path = tmp_path / "new.txt"

    with replacement(path) as written:
        written.write_text("new")
        seen_before = path.exists()

    assert not seen_before
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["new.txt"]


@pytest.mark.fast
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(old, error):
    """An error while writing changes nothing in the folder."""

    def write_half(path):
        with replacement(path) as written:
            written.write_text("half of the n")
            raise error

    with pytest.raises(error):
        write_half(old)

    assert old.read_text() == "old"
    assert os.listdir(old.parent) == [old.name]


def test_a_failure_of_the_system_says_which_file_and_what_to_do(tmp_path):
    """The error of a missing folder names the file that could not be written."""
    path = tmp_path / "missing" / "new.txt"

    with (
        pytest.raises(FileNotFoundError, match=r"missing/new.txt.*choose a folder"),
        replacement(path) as written,
    ):
        written.write_text("new")


@pytest.mark.fast
def test_permissions_stay(old):
    """A file that others may not read is replaced by one they may not read."""
    old.chmod(0o600)

    with replacement(old) as written:
        written.write_text("new")

    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_a_link_stays_a_link(old, tmp_path):
    """What a link points to is replaced, not the link."""
    link = tmp_path / "link.txt"
    link.symlink_to(old)

    with replacement(link) as written:
        written.write_text("new")

    assert link.is_symlink()
    assert old.read_text() == "new"


@pytest.mark.fast
def test_a_folder_replaces_a_folder(tmp_path):
    """Nothing of an old folder is left in the new one."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "old.txt").write_text("old")

    with replacement(path) as written:
        (written / "inner").mkdir(parents=True)
        (written / "inner" / "new.txt").write_text("new")

    assert [p.name for p in path.rglob("*.txt")] == ["new.txt"]
    assert os.listdir(tmp_path) == ["model"]


def test_a_file_does_not_replace_a_folder(tmp_path):
    """A folder in the place of a file is an error, not a loss."""
    path = tmp_path / "folder"
    path.mkdir()

    with pytest.raises(IsADirectoryError), replacement(path) as written:
        written.write_text("new")

    assert path.is_dir()
    assert os.listdir(tmp_path) == ["folder"]
