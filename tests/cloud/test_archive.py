import contextlib
import os
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.archive import ArchiveError, pack, unpack


def write_zip(path: Path, *entries: tuple[str, str], links: tuple[tuple[str, str], ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
        for name, goal in links:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, goal)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_what_was_packed_comes_out_again(tmp_path: Path, target: Path) -> None:
    script, text = tmp_path / "run.sh", tmp_path / "text"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    text.write_bytes(bytes(range(256)) * 9000)
    pack(tmp_path / "a.zip", [("bin/run.sh", script), ("data/text", text)])
    unpack(tmp_path / "a.zip", target)
    assert (target / "data/text").read_bytes() == text.read_bytes()
    assert os.access(target / "bin/run.sh", os.X_OK)
    assert not (target / "data/text").stat().st_mode & stat.S_IXUSR


def test_two_packings_have_the_same_bytes_whatever_time_and_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    pack(tmp_path / "a.zip", [("x", one), ("y", two)])
    os.utime(one, (2e9, 2e9))
    two.chmod(0o666)
    pack(tmp_path / "b.zip", [("y", two), ("x", one)])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", "..", "a/.."])
def test_an_entry_that_points_out_is_refused(tmp_path: Path, target: Path, name: str) -> None:
    source = write_zip(tmp_path / "a.zip", (name, "x"))
    with pytest.raises(ArchiveError, match="points out"):
        unpack(source, target)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("goal", ["/etc/passwd", "..", "../../x", "sub/../../x"])
def test_a_link_that_leads_out_is_refused_and_removed(tmp_path: Path, target: Path, goal: str) -> None:
    source = write_zip(tmp_path / "a.zip", ("sub/file", "x"), links=(("link", goal),))
    with pytest.raises(ArchiveError, match="points out"):
        unpack(source, target)
    assert not (target / "link").is_symlink()


def test_no_file_is_written_through_a_link(tmp_path: Path, target: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    source = write_zip(tmp_path / "a.zip", ("link/file", "x"), links=(("link", str(outside)),))
    with pytest.raises(ArchiveError):
        unpack(source, target)
    assert list(outside.iterdir()) == []


def test_a_link_that_stays_inside_is_kept(tmp_path: Path, target: Path) -> None:
    unpack(write_zip(tmp_path / "a.zip", ("sub/file", "x"), links=(("link", "sub/file"),)), target)
    assert (target / "link").is_symlink()
    assert (target / "link").read_text() == "x"


def test_links_that_only_together_lead_out_are_refused(tmp_path: Path, target: Path) -> None:
    links = (("p/q/up", "../.."), ("p/q/up/r", "../x"))
    with pytest.raises(ArchiveError):
        unpack(write_zip(tmp_path / "a.zip", ("p/q/file", "x"), links=links), target)


def test_a_bomb_is_stopped_at_the_limit(tmp_path: Path, target: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big", b"\0" * 5_000_000)
    with pytest.raises(ArchiveError, match="more than is allowed"):
        unpack(tmp_path / "a.zip", target, max_bytes=2_000_000)
    assert (target / "big").stat().st_size <= 2_000_000


def test_a_link_that_says_too_much_is_refused_unread(tmp_path: Path, target: Path) -> None:
    source = write_zip(tmp_path / "a.zip", links=(("link", "x" * 50_000_000),))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="the link 'link' says more than 4096 bytes"):
            unpack(source, target)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_too_many_entries_are_refused(tmp_path: Path, target: Path) -> None:
    source = write_zip(tmp_path / "a.zip", *((str(number), "") for number in range(5)))
    with pytest.raises(ArchiveError, match="5 entries"):
        unpack(source, target, max_entries=4)


def test_a_file_that_is_no_zip_is_named_so(tmp_path: Path, target: Path) -> None:
    (tmp_path / "a.zip").write_text("hello")
    with pytest.raises(ArchiveError, match="not a valid zip file"):
        unpack(tmp_path / "a.zip", target)


@given(data=st.binary(max_size=300), cut=st.integers(0, 400), flip=st.integers(0, 400))
def test_damage_is_an_archive_error_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    (folder / "file").write_bytes(data)
    pack(folder / "a.zip", [("name", folder / "file")])
    damaged = bytearray((folder / "a.zip").read_bytes())
    damaged[flip % len(damaged)] ^= 0xFF
    (folder / "a.zip").write_bytes(damaged[: max(1, len(damaged) - cut)])
    (folder / "out").mkdir()
    with contextlib.suppress(ArchiveError):
        unpack(folder / "a.zip", folder / "out")
    assert {path.name for path in folder.iterdir()} == {"a.zip", "file", "out"}
