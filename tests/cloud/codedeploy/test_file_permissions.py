"""The permissions of an AppSpec file: which files and folders they take, and what can not be had here."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.codedeploy.permissions import Permission, chosen

from .site import Site, spec

NAMES = ("web/a.sh", "web/b.sh", "web/c.html", "web/bin/d.sh")


def revision(*permissions: dict[str, Any]) -> dict[str, str]:
    files = [{"source": "web", "destination": "/srv/web"}]
    return {"appspec.yml": spec(files=files, permissions=list(permissions)), **dict.fromkeys(NAMES, "content")}


def modes(site: Site) -> dict[str, int]:
    """Return the modes of what was installed that differ from its own."""
    root = site.host("/srv/web")
    found = {str(path.relative_to(root)): path.stat().st_mode & 0o7777 for path in root.rglob("*")}
    return {name: mode for name, mode in found.items() if mode != 0o755}


def test_everything_below_a_folder_gets_a_mode_and_the_folder_itself_does_not(site: Site) -> None:
    site.deploy(revision({"object": "/srv/web", "mode": 700}))
    assert modes(site) == {"a.sh": 0o700, "b.sh": 0o700, "c.html": 0o700, "bin": 0o700, "bin/d.sh": 0o700}
    assert site.host("/srv/web").stat().st_mode & 0o777 == 0o755


def test_the_type_says_whether_files_or_folders_are_meant(site: Site) -> None:
    files = {"object": "/srv/web", "mode": 640, "type": ["file"]}
    folders = {"object": "/srv/web", "mode": "1770", "type": ["directory"]}
    site.deploy(revision(files, folders))
    assert modes(site) == {"a.sh": 0o640, "b.sh": 0o640, "c.html": 0o640, "bin/d.sh": 0o640, "bin": 0o1770}


def test_a_pattern_takes_names_in_the_folder_itself(site: Site) -> None:
    site.deploy(revision({"object": "/srv/web", "pattern": "*.sh", "mode": 500}))
    assert modes(site) == {"a.sh": 0o500, "b.sh": 0o500}


def test_exceptions_are_left_out(site: Site) -> None:
    site.deploy(revision({"object": "/srv/web", "except": ["b*", "c.html"], "mode": 600, "type": ["file"]}))
    assert modes(site) == {"a.sh": 0o600, "bin/d.sh": 0o600}


def test_a_single_file_gets_a_mode_with_special_bits(site: Site) -> None:
    site.deploy(revision({"object": "/srv/web/a.sh", "mode": "4750", "owner": "root", "group": "root"}))
    assert modes(site) == {"a.sh": 0o4750}


def test_files_that_were_there_before_keep_their_modes(site: Site) -> None:
    site.machine.start()
    site.host("/srv/web").mkdir(parents=True)
    site.host("/srv/web/mine.txt").write_text("mine")
    site.host("/srv/web/mine.txt").chmod(0o604)
    site.deploy(revision({"object": "/srv/web", "mode": 700, "type": ["file"]}))
    assert modes(site)["mine.txt"] == 0o604


def test_an_object_that_was_not_installed_is_left_alone(site: Site) -> None:
    site.deploy(revision({"object": "/srv/elsewhere", "mode": 700}))
    assert modes(site) == {}


def test_permissions_are_set_once(site: Site) -> None:
    message = site.fails(
        revision({"object": "/srv/web", "mode": 700}, {"object": "/srv/web/a.sh", "mode": 600})
    ).message
    assert "the permissions setting for (/srv/web/a.sh) is specified more than once" in message


@pytest.mark.parametrize(
    ("members", "said"),
    [({"pattern": "*.sh"}, "with an invalid pattern (*.sh)"), ({"except": ["a.sh"]}, "the except parameter")],
)
def test_a_single_file_has_no_pattern(site: Site, members: dict[str, Any], said: str) -> None:
    assert said in site.fails(revision({"object": "/srv/web/a.sh", "mode": 600, **members})).message


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"owner": "ec2-user"}, "the owner ec2-user"),
        ({"group": "www-data"}, "the group www-data"),
        ({"acls": ["u:web:rw"]}, "acls"),
        ({"context": {"name": "u", "type": "t"}}, "context"),
    ],
)
def test_what_can_not_be_had_is_refused_by_name_before_anything_is_installed(
    site: Site, members: dict[str, Any], said: str
) -> None:
    error = site.fails(revision({"object": "/srv/web", **members}))
    assert error.code == "UnknownError"
    assert said in error.message
    assert "is not simulated" in error.message
    assert not site.host("/srv").exists()


SIGNS = st.text(alphabet="ab*", max_size=7)


@given(SIGNS, st.text(alphabet="ab", max_size=7))
def test_a_star_stands_for_anything_in_a_name(pattern: str, name: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*")
    expected = pattern in ("", "**") or re.fullmatch(expression, name) is not None
    assert Permission("/srv", pattern or "**").takes(f"/srv/{name}") == expected


def test_a_star_stops_at_a_slash_and_two_do_not() -> None:
    paths = ["/srv/a", "/srv/b/a", "/srvx/a", "/srv"]
    assert chosen(Permission("/srv", "*"), paths, []) == ["/srv/a"]
    assert chosen(Permission("/srv"), paths, []) == ["/srv/a", "/srv/b/a"]
    assert chosen(Permission("/"), paths, []) == paths
