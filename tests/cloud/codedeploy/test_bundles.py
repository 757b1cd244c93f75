"""Bundles as outsiders make them: what is unpacked, and what is refused with nothing written outside."""

import bz2
import gzip
import io
import lzma
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicdlab.cloud.codedeploy import bundle
from cicdlab.cloud.codedeploy.errors import LifecycleError

from .site import Site, archived, spec

FILES = {"appspec.yml": spec(), "web/page.html": "hello", "run.sh": "#!/bin/sh\n"}
Member = tuple[str, bytes, int, str]  # name, kind, mode, what a link says or a file contains
LINK, HARD, FOLDER, PIPE = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE
FILE = tarfile.REGTYPE


def file(name: str, content: str = "content", mode: int = 0o644) -> Member:
    return name, FILE, mode, content


def tar(*members: Member) -> bytes:
    """Return a tar with these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, mode, text in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, mode
            data = text.encode() if kind == FILE else b""
            entry.size = len(data)
            entry.linkname = "" if kind == FILE else text
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def zip_with_link(*links: tuple[str, str], **files: str) -> bytes:
    """Return a zip with links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, goal in links:
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, goal)
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def linked(kind: str, links: list[tuple[str, str]]) -> bytes:
    """Return a bundle with links."""
    return zip_with_link(*links) if kind == "zip" else tar(*((name, LINK, 0o777, goal) for name, goal in links))


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[..., Path]:
    """Unpack a bundle into a folder of its own and return the folder."""

    def unpack(data: bytes, kind: str) -> Path:
        source, target = tmp_path / "bundle", tmp_path / "box" / "target"
        source.write_bytes(data)
        target.mkdir(parents=True)
        bundle.unpack(source, kind, target)
        return target

    return unpack


def names(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


PACKED = {
    "zip": ("zip", archived(FILES)),
    "tar": ("tar", tar(*(file(name, content) for name, content in FILES.items()))),
}
PACKED["tgz"] = ("tgz", gzip.compress(PACKED["tar"][1], mtime=0))
PACKED["gzipped tar"] = ("tar", PACKED["tgz"][1])
PACKED["bzipped tar"] = ("tar", bz2.compress(PACKED["tar"][1]))
PACKED["xz tar"] = ("tar", lzma.compress(PACKED["tar"][1]))


@pytest.mark.parametrize("kind", PACKED)
def test_a_bundle_is_unpacked(unpack: Callable[..., Path], kind: str) -> None:
    named, data = PACKED[kind]
    folder = unpack(data, named)
    assert {name: (folder / name).read_text() for name in FILES} == FILES


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_each_type_of_bundle_is_deployed(site: Site, kind: str) -> None:
    site.put_bytes(PACKED[kind][1], "app")
    deployment = site.deploy(key="app", bundle_type=kind)
    folder = site.host(f"{site.folder(deployment)}/deployment-archive")
    assert (folder / "web" / "page.html").read_text() == "hello"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("zip", b""),
        ("zip", b"not a zip"),
        ("zip", PACKED["zip"][1][:100]),
        ("zip", PACKED["tgz"][1]),
        ("tar", b""),
        ("tar", b"not a tar" * 100),
        ("tar", PACKED["zip"][1]),
        ("tgz", PACKED["tar"][1]),
        ("tgz", PACKED["tgz"][1][:100]),
        ("tgz", b"\x1f\x8bnothing"),
        ("tar", PACKED["bzipped tar"][1][:80]),
        ("tar", PACKED["xz tar"][1][:80]),
    ],
)
def test_what_is_no_such_archive_is_refused(unpack: Callable[..., Path], kind: str, data: bytes) -> None:
    with pytest.raises(LifecycleError, match=f"could not be unpacked as {kind}"):
        unpack(data, kind)


def test_a_bad_bundle_fails_its_download_and_leaves_no_revision(site: Site) -> None:
    site.put_bytes(b"not a zip")
    error = site.fails()
    assert (error.code, error.script_name) == ("UnknownError", "")
    assert error.message == "The revision's bundle could not be unpacked as zip: not a valid zip file."
    assert names(site.host(site.folder("d-000000001"))) == {"logs"}
    assert not list((site.machine.root.parent / "staging").iterdir())


OUTSIDE = ("../out.txt", "/out.txt", "web/../../out.txt", "..")
LINKS = (
    [("out", "/etc/passwd")],
    [("out", "../../out.txt")],
    [("web", "/tmp"), ("web/cicdlab-link", "passwd")],
    [("one", "two"), ("two", "../../..")],
    [("box", ".."), ("box/box", "..")],
)


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_nothing_is_written_outside_by_name(unpack: Callable[..., Path], tmp_path: Path, kind: str, name: str) -> None:
    data = archived({name: "out"}) if kind == "zip" else tar(file(name))
    with pytest.raises(LifecycleError, match="points out of the archive"):
        unpack(data, kind)
    assert names(tmp_path) == {"bundle", "box", "box/target"}
    assert not Path("/out.txt").exists()


@pytest.mark.parametrize("links", LINKS)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_links_out_of_the_bundle_are_refused(
    unpack: Callable[..., Path], tmp_path: Path, kind: str, links: list[tuple[str, str]]
) -> None:
    data = linked(kind, links)
    with pytest.raises(LifecycleError, match="points out of the archive"):
        unpack(data, kind)
    assert names(tmp_path) == {"bundle", "box", "box/target"}
    assert not Path("/tmp/cicdlab-link").is_symlink()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_folder_is_made_behind_a_link(unpack: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    links = [("a", str(outside)), ("a/b/c", "d")]
    data = linked(kind, links)
    with pytest.raises(LifecycleError, match="points out of the archive"):
        unpack(data, kind)
    assert not list(outside.iterdir())


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_file_is_written_through_a_link(unpack: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if kind == "zip":
        data = zip_with_link(("web", str(outside)), **{"web/page.html": "out"})
    else:
        data = tar(("web", LINK, 0o777, str(outside)), file("web/page.html"))
    with pytest.raises(LifecycleError):
        unpack(data, kind)
    assert not list(outside.iterdir())


def test_links_within_the_bundle_are_kept(unpack: Callable[..., Path]) -> None:
    folder = unpack(
        tar(("now", LINK, 0o777, "web/page"), file("web/page"), ("web/same", HARD, 0o644, "web/page")), "tar"
    )
    assert (folder / "now").is_symlink()
    assert (folder / "now").read_text() == (folder / "web" / "same").read_text() == "content"


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (("pipe", PIPE, 0o644, ""), "neither a file nor a folder nor a link"),
        (("disk", tarfile.BLKTYPE, 0o644, ""), "neither a file nor a folder nor a link"),
        (("hard", HARD, 0o644, "../bundle"), "points out of the archive"),
        (("hard", HARD, 0o644, "/etc/passwd"), "points out of the archive"),
        (("hard", HARD, 0o644, "gone"), "is a link to something that is not in the archive"),
    ],
)
def test_members_that_are_no_files_are_refused(unpack: Callable[..., Path], member: Member, said: str) -> None:
    with pytest.raises(LifecycleError, match=said):
        unpack(tar(member), "tar")


def test_modes_are_kept_without_set_user_id(unpack: Callable[..., Path]) -> None:
    members = [file("a", mode=0o4755), file("b", mode=0o640), file("c", mode=0), ("d", FOLDER, 0o000, "")]
    expected = {"a": 0o755, "b": 0o640, "c": 0o600, "d": 0o700}
    folder = unpack(tar(*members), "tar")
    assert {name: (folder / name).stat().st_mode & 0o7777 for name in expected} == expected


def test_modes_in_a_zip_are_kept(unpack: Callable[..., Path]) -> None:
    data = archived({"a": "", "b": "", "c": ""}, {"a": 0o4755, "b": 0o640, "c": 0o400})
    folder = unpack(data, "zip")
    assert {name: (folder / name).stat().st_mode & 0o7777 for name in "abc"} == {"a": 0o755, "b": 0o640, "c": 0o600}


# --- bundles that are larger than they look


def test_a_bundle_that_unpacks_to_too_much_is_refused(
    unpack: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_UNPACKED", 1 << 20)
    data = gzip.compress(tar(file("zeros", "0" * (2 << 20))))
    assert len(data) < 10_000
    with pytest.raises(LifecycleError, match="unpacks to more than is allowed"):
        unpack(data, "tgz")


def test_a_file_of_holes_is_measured_by_what_it_unpacks_to(unpack: Callable[..., Path], tmp_path: Path) -> None:
    holes = tmp_path / "holes"
    with holes.open("wb") as sparse:
        sparse.truncate(3 << 30)
    subprocess.run(["tar", "-S", "-cf", "holes.tar", "holes"], cwd=tmp_path, check=True)
    data = (tmp_path / "holes.tar").read_bytes()
    assert len(data) < 1 << 20
    with pytest.raises(LifecycleError, match="unpacks to more than is allowed"):
        unpack(data, "tar")


def test_hard_links_are_measured_by_the_copies_that_they_become(
    unpack: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_UNPACKED", 1 << 20)
    links = [(f"link-{number}", HARD, 0o644, "zeros") for number in range(9)]
    with pytest.raises(LifecycleError, match="unpacks to more than is allowed"):
        unpack(gzip.compress(tar(file("zeros", "0" * (200 << 10)), *links)), "tgz")


def test_a_header_that_would_fill_the_memory_is_refused(unpack: Callable[..., Path]) -> None:
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.XHDTYPE, 64 << 20
    data = gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (64 << 20))
    with pytest.raises(LifecycleError, match="header that is larger than is allowed"):
        unpack(data, "tgz")


def test_a_bundle_with_too_many_entries_is_refused(
    unpack: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_ENTRIES", 10)
    with pytest.raises(LifecycleError, match="more than 10 entries"):
        unpack(tar(*(file(f"f{number}") for number in range(11))), "tar")


# --- a folder around it


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_single_folder_around_the_revision_is_left_out(unpack: Callable[..., Path], kind: str) -> None:
    files = {f"app-main/{name}": content for name, content in FILES.items()}
    data = archived(files) if kind == "zip" else tar(*(file(name, content) for name, content in files.items()))
    assert names(unpack(data, kind)) == {"appspec.yml", "web", "web/page.html", "run.sh"}


@pytest.mark.parametrize("more", [{"app-main/readme.txt": ""}, {"app-main/appspec.yml": "", "other.txt": ""}])
def test_another_folder_stays(unpack: Callable[..., Path], more: dict[str, str]) -> None:
    assert "app-main" in names(unpack(archived(more), "zip"))


# --- whatever it is

PATHS = st.text(alphabet="ab./\\\0é", min_size=1, max_size=8)
MEMBERS = st.lists(
    st.tuples(PATHS, st.sampled_from([FILE, LINK, HARD, FOLDER, PIPE]), st.integers(0, 0o7777), PATHS),
    max_size=6,
    unique_by=lambda member: member[0].strip("\0"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MEMBERS, st.sampled_from(["tar", "zip"]))
def test_whatever_is_in_a_bundle_stays_in_its_folder(
    tmp_path_factory: pytest.TempPathFactory, members: list[Member], kind: str
) -> None:
    base = tmp_path_factory.mktemp("bundles")
    target = base / "x" / "y" / "target"
    target.mkdir(parents=True)
    source = base / "bundle"
    if kind == "tar":
        source.write_bytes(tar(*members))
    else:
        named = [member for member in members if "\0" not in member[0]]
        links = [(name, goal) for name, what, _, goal in named if what == LINK]
        files = {name: goal for name, what, _, goal in named if what == FILE}
        source.write_bytes(zip_with_link(*links, **files))
    try:
        bundle.unpack(source, kind, target)
    except LifecycleError as error:
        assert error.message
    outside = {each for each in names(base) if not each.startswith("x/y/target")}
    assert outside == {"bundle", "x", "x/y"}
    for each in target.rglob("*"):
        assert each.resolve().is_relative_to(target) or not each.is_symlink()


@given(
    st.binary(max_size=300),
    st.sampled_from(["zip", "tar", "tgz"]),
    st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08"]),
)
def test_whatever_the_bytes_are_they_are_unpacked_or_refused_in_one_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str, start: bytes
) -> None:
    base = tmp_path_factory.mktemp("bytes")
    (base / "target").mkdir()
    (base / "bundle").write_bytes(start + data)
    try:
        bundle.unpack(base / "bundle", kind, base / "target")
    except LifecycleError as error:
        assert error.message.startswith(f"The revision's bundle could not be unpacked as {kind}: ")


@given(st.integers(0, len(PACKED["zip"][1]) - 1), st.integers(0, 255), st.sampled_from(["zip", "tar", "tgz"]))
def test_a_damaged_bundle_is_unpacked_or_refused_in_one_way(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, kind: str
) -> None:
    base = tmp_path_factory.mktemp("damaged")
    (base / "target").mkdir()
    data = bytearray(PACKED[kind][1])
    data[at % len(data)] = byte
    (base / "bundle").write_bytes(data)
    try:
        bundle.unpack(base / "bundle", kind, base / "target")
    except LifecycleError as error:
        assert error.message
    assert {each.name for each in base.iterdir()} == {"bundle", "target"}
