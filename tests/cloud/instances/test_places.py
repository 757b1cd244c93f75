"""Paths of an instance on this machine's disk: none leads out of its root, whatever links are on the way."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cicdlab.cloud.instances.machine import _behind

NAMES = some.sampled_from(["a", "b", "c", "..", ".", "link"])
PATHS = some.builds(
    lambda start, parts: start + "/".join(parts), some.sampled_from(["", "/", "//"]), some.lists(NAMES, max_size=8)
)


def resolved(root: Path, place: Path) -> Path:
    """Return where a path leads on this machine, its last part unfollowed."""
    return place.parent.resolve() / place.name


@given(some.dictionaries(PATHS, PATHS, max_size=6), PATHS)
def test_no_path_leads_out_of_the_root_whatever_links_there_are(links: dict[str, str], path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "root"
        for each in ("a/b/c", "b/c", "c/a"):
            (root / each).mkdir(parents=True)
        (root.parent / "a").mkdir()  # what a link that climbs too far would find
        for at, to in links.items():
            try:
                place = _behind(root, at)
                assert resolved(root, place).is_relative_to(root)
                if place != root and not place.is_symlink() and not place.exists():
                    place.symlink_to(to or ".")
            except OSError:
                continue
        try:
            place = _behind(root, path)
        except OSError:
            return
        assert place.is_relative_to(root)
        assert resolved(root, place).is_relative_to(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/etc/app.conf", "etc/app.conf"),
        ("etc/app.conf", "etc/app.conf"),
        ("/etc/../var", "var"),
        ("/../../etc", "etc"),
        ("/", "."),
        ("//etc", "etc"),
        ("/new/folder/file", "new/folder/file"),
    ],
)
def test_a_path_is_found_below_the_root(root: Path, path: str, place: str) -> None:
    assert _behind(root, path) == root / place


def test_links_on_the_way_are_followed_as_the_instance_follows_them(root: Path) -> None:
    (root / "current").symlink_to("/releases/7")
    (root / "releases").mkdir()
    (root / "releases" / "7").symlink_to("../etc")
    (root / "up").symlink_to("../../../etc")
    assert _behind(root, "/current/app") == root / "etc" / "app"
    assert _behind(root, "/up/app") == root / "etc" / "app"
    assert _behind(root, "/current") == root / "current"  # the last part is the link itself
    assert _behind(root, "/current/../x") == root / "x"


def test_links_in_a_circle_are_an_error(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        _behind(root, "/a/x")
