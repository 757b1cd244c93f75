"""Files of a revision: where they go, what gives way to them, and what is removed at the next deployment."""

import os
from pathlib import Path
from typing import Any

import pytest

from cicdlab.cloud.codedeploy.agent import INSTRUCTIONS
from cicdlab.cloud.codedeploy.errors import LifecycleError
from cicdlab.cloud.codedeploy.installer import Plan

from .site import GROUP, Site, spec

EXISTS = "The deployment failed because a specified file already exists at this location: "


def revision(*pairs: tuple[str, str], names: tuple[str, ...] = (), **members: Any) -> dict[str, str]:
    """Return a revision that copies sources to destinations."""
    files = [{"source": source, "destination": destination} for source, destination in pairs]
    return {"appspec.yml": spec(files=files, **members), **{name: f"this is {name}" for name in names}}


def listing(folder: Path) -> dict[str, str]:
    """Return what is below a folder, with the contents of its files."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        found[name] = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else "/"
    return found


# --- where they go


def test_a_file_goes_into_its_destination(site: Site) -> None:
    site.deploy(revision(("conf/app.conf", "/etc/app"), ("page.html", "/srv/"), names=("conf/app.conf", "page.html")))
    assert listing(site.host("/etc/app")) == {"app.conf": "this is conf/app.conf"}
    assert listing(site.host("/srv")) == {"page.html": "this is page.html"}


def test_what_is_in_a_folder_goes_into_its_destination(site: Site) -> None:
    site.deploy(revision(("web", "/var/www"), names=("web/a.html", "web/more/b.html", "other.txt")))
    assert listing(site.host("/var/www")) == {
        "a.html": "this is web/a.html",
        "more": "/",
        "more/b.html": "this is web/more/b.html",
    }


@pytest.mark.parametrize("source", ["/", ".", "./", "//"])
def test_a_slash_is_the_whole_revision(site: Site, source: str) -> None:
    site.deploy(revision((source, "/srv/app"), names=("a.txt", "web/b.txt")))
    assert set(listing(site.host("/srv/app"))) == {"appspec.yml", "a.txt", "web", "web/b.txt"}


def test_scripts_see_what_was_installed(site: Site) -> None:
    files = revision(("a.txt", "/srv/app"), names=("a.txt",), hooks={"AfterInstall": [{"location": "look.sh"}]})
    deployment = site.deploy({**files, "look.sh": "cat $INSTANCE_ROOT/srv/app/a.txt"})
    assert "[stdout]this is a.txt\n" in site.log(deployment)


def test_modes_and_times_are_kept(site: Site) -> None:
    files = revision(("/", "/srv/app"), names=("run", "secret", "page"))
    site.put(files, **{"run": 0o755, "secret": 0o600, "page": 0o444, "appspec.yml": 0o644})
    deployment = site.deploy()
    archive, app = site.host(f"{site.folder(deployment)}/deployment-archive"), site.host("/srv/app")
    modes = {each.name: each.stat().st_mode & 0o7777 for each in app.iterdir()}
    assert modes == {"run": 0o755, "secret": 0o600, "page": 0o644, "appspec.yml": 0o644}
    assert (app / "run").stat().st_mtime_ns == (archive / "run").stat().st_mtime_ns
    assert app.stat().st_mode & 0o7777 == 0o755


def test_a_link_is_copied_as_a_link(site: Site) -> None:
    site.put(revision(("web", "/srv"), names=("web/a.html",)))
    agent = site.agent()
    agent.run("DownloadBundle")
    archive = site.host(f"{site.folder(agent.assignment.deployment_id)}/deployment-archive")
    (archive / "web" / "index.html").symlink_to("a.html")
    agent.run("Install")
    assert listing(site.host("/srv")) == {"a.html": "this is web/a.html", "index.html": "a.html"}


def test_a_source_that_is_not_in_the_revision_fails_after_those_before_it(site: Site) -> None:
    message = site.fails(revision(("a.txt", "/srv"), ("b.txt", "/srv"), names=("a.txt",))).message
    assert message.startswith("No such file or directory - /opt/codedeploy-agent/deployment-root/")
    assert message.endswith("/deployment-archive/b.txt")
    assert site.host("/srv/a.txt").exists()


# --- nothing else


def test_etc_and_var_www_of_the_host_stay_as_they_are(site: Site) -> None:
    def everything() -> set[tuple[str, int, int]]:
        places = [*Path("/").iterdir(), *Path("/root").iterdir()]
        for folder in ("/etc", "/var/www", "/srv", "/opt"):
            places += Path(folder).rglob("*")
        return {(str(each), each.lstat().st_mtime_ns, each.lstat().st_mode) for each in places}

    before = everything()
    pairs = ("web", "/etc/cicdlab-test"), ("web", "/var/www/html"), ("web", "/etc"), ("web", "/root"), ("web", "/")
    hooks = {"AfterInstall": [{"location": "change.sh"}]}
    permissions = [{"object": "/etc", "mode": 600}, {"object": "/var/www", "mode": 700}]
    name = "cicdlab-page.html"
    files = revision(*pairs, names=(f"web/{name}",), hooks=hooks, permissions=permissions)
    site.deploy({**files, "change.sh": 'echo >> "$INSTANCE_ROOT/etc/cicdlab-test/more"'})
    for folder in ("/etc/cicdlab-test", "/var/www/html", "/etc", "/root", "/"):
        assert site.host(f"{folder}/{name}").is_file()
    changed = {path for path, _, _ in everything() ^ before}
    assert not any("cicdlab" in path or path.startswith(("/etc/", "/var/", "/srv/", "/opt/")) for path in changed)


@pytest.mark.parametrize("goal", ["{outside}", "../../../../../../../../../../{outside}"])
def test_a_link_on_the_instance_leads_to_the_instance(site: Site, tmp_path: Path, goal: str) -> None:
    site.machine.start()
    link = site.host("/srv")
    link.symlink_to(goal.format(outside=tmp_path))
    error = site.fails(revision(("a.txt", "/srv/app"), names=("a.txt",)))
    assert error.message == "File exists - /srv"
    site.host(str(tmp_path)).mkdir(parents=True)
    site.deploy(revision(("a.txt", "/srv/app"), names=("a.txt",)))
    assert site.host(f"{tmp_path}/app/a.txt").read_text() == "this is a.txt"
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_a_link_is_overwritten_on_the_instance(site: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    site.machine.start()
    site.host("/srv").mkdir()
    site.host("/srv/a.txt").symlink_to(outside)
    site.host(str(tmp_path)).mkdir(parents=True)
    files = revision(("a.txt", "/srv"), names=("a.txt",), file_exists_behavior="OVERWRITE")
    site.deploy(files)
    assert outside.read_text() == "as it was"
    assert site.host(str(outside)).read_text() == "this is a.txt"


@pytest.mark.parametrize("destination", ["/usr/local/bin", "/bin", "/proc/sys", "/dev", "/link/local"])
def test_what_belongs_to_the_image_is_refused_by_name(site: Site, destination: str) -> None:
    site.machine.start()
    site.host("/link").symlink_to("/usr")
    message = site.fails(revision(("a.txt", destination), names=("a.txt",))).message
    assert message.startswith(f"codedeploy: installing to {destination} is not simulated")


def test_a_folder_that_leads_into_itself_fails(site: Site) -> None:
    site.put(revision(("web", "/srv"), names=("web/a.html",)))
    agent = site.agent()
    agent.run("DownloadBundle")
    archive = site.host(f"{site.folder(agent.assignment.deployment_id)}/deployment-archive")
    (archive / "web" / "again").symlink_to(".")
    with pytest.raises(LifecycleError, match="leads into itself"):
        agent.run("Install")


def test_links_in_a_circle_fail(site: Site) -> None:
    site.machine.start()
    site.host("/one").symlink_to("two")
    site.host("/two").symlink_to("one")
    assert site.fails(revision(("a.txt", "/one/app"), names=("a.txt",))).message.startswith("Too many levels of symb")


def test_a_pipe_in_place_of_a_file_is_not_waited_for(site: Site) -> None:
    site.machine.start()
    site.host("/srv").mkdir()
    os.mkfifo(site.host("/srv/a.txt"))
    files = revision(("a.txt", "/srv"), names=("a.txt",), file_exists_behavior="OVERWRITE")
    assert site.fails(files).message.endswith(" - /srv/a.txt")


# --- files that are there already


def test_a_file_that_no_deployment_put_there_fails_the_deployment(site: Site) -> None:
    site.machine.start()
    site.host("/srv").mkdir()
    site.host("/srv/a.txt").write_text("mine")
    files = revision(("a.txt", "/srv"), ("b.txt", "/srv"), names=("a.txt", "b.txt"))
    assert site.fails(files).message == f"{EXISTS}/srv/a.txt"
    assert listing(site.host("/srv")) == {"a.txt": "mine"}


@pytest.mark.parametrize(
    ("of_deployment", "of_appspec", "content"),
    [
        ("OVERWRITE", None, "this is a.txt"),
        ("RETAIN", None, "mine"),
        ("DISALLOW", "OVERWRITE", "this is a.txt"),
        ("OVERWRITE", "RETAIN", "mine"),
        ("OVERWRITE", "DISALLOW", None),
    ],
)
def test_the_appspec_files_word_on_existing_files_beats_the_deployments(
    site: Site, of_deployment: str, of_appspec: str | None, content: str | None
) -> None:
    site.machine.start()
    site.host("/srv").mkdir()
    site.host("/srv/a.txt").write_text("mine")
    files = revision(("a.txt", "/srv"), ("b.txt", "/srv"), names=("a.txt", "b.txt"), file_exists_behavior=of_appspec)
    if content is None:
        assert EXISTS in site.fails(files, file_exists_behavior=of_deployment).message
        return
    site.deploy(files, file_exists_behavior=of_deployment)
    assert listing(site.host("/srv")) == {"a.txt": content, "b.txt": "this is b.txt"}


def test_a_file_that_was_retained_is_not_removed_later(site: Site) -> None:
    site.machine.start()
    site.host("/srv").mkdir()
    site.host("/srv/a.txt").write_text("mine")
    site.deploy(revision(("a.txt", "/srv"), names=("a.txt",), file_exists_behavior="RETAIN"))
    site.deploy(revision(("b.txt", "/srv"), names=("b.txt",)))
    assert listing(site.host("/srv")) == {"a.txt": "mine", "b.txt": "this is b.txt"}


# --- the next deployment


def test_the_next_deployment_removes_what_the_one_before_installed_and_nothing_else(site: Site) -> None:
    first = revision(("web", "/srv/app"), names=("web/a.html", "web/old/b.html", "web/kept/c.html"))
    site.deploy(first)
    site.host("/srv/app/kept/mine.txt").write_text("made by a script")
    site.deploy(revision(("web", "/srv/app"), names=("web/a.html", "web/new.html")))
    assert listing(site.host("/srv/app")) == {
        "a.html": "this is web/a.html",
        "new.html": "this is web/new.html",
        "kept": "/",
        "kept/mine.txt": "made by a script",
    }


def test_what_a_failed_installation_has_copied_is_removed_by_the_next_one(site: Site) -> None:
    site.fails(revision(("a.txt", "/srv"), ("gone.txt", "/srv"), names=("a.txt",)))
    assert site.host("/srv/a.txt").exists()
    site.deploy(revision(("b.txt", "/srv"), names=("b.txt",)))
    assert listing(site.host("/srv")) == {"b.txt": "this is b.txt"}


@pytest.mark.parametrize("destination", ["/etc/passwd", f"/srv/{'a' * 300}", "/srv/loop"])
def test_a_place_where_nothing_can_be_fails_one_installation_and_not_the_next(site: Site, destination: str) -> None:
    site.machine.start()
    site.host("/srv").mkdir()
    site.host("/srv/loop").symlink_to("loop")
    assert site.fails(revision(("a", destination), names=("a",)))
    site.deploy(revision(("a", "/srv"), names=("a",)))
    assert site.host("/srv/a").is_file()


def test_another_groups_files_are_not_removed(site: Site) -> None:
    site.deploy(revision(("a.txt", "/srv"), names=("a.txt",)), group_id="another")
    assert site.fails(revision(("a.txt", "/srv"), names=("a.txt",))).message == f"{EXISTS}/srv/a.txt"
    site.deploy(revision(("b.txt", "/srv"), names=("b.txt",)))
    assert set(listing(site.host("/srv"))) == {"a.txt", "b.txt"}


def test_a_cleanup_list_that_a_script_has_changed_removes_nothing_of_the_host(site: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    site.deploy(revision(("a.txt", "/srv"), names=("a.txt",)))
    notes = site.host(f"{INSTRUCTIONS}/{GROUP}-cleanup")
    notes.write_text(f"{outside}\n../../../../../../../..{outside}\n/srv/link\n/srv/a.txt\nnot ended")
    site.host("/srv/link").symlink_to(outside)
    site.deploy(revision(("b.txt", "/srv"), names=("b.txt",)))
    assert outside.exists()
    assert listing(site.host("/srv")) == {"b.txt": "this is b.txt"}


def test_a_cleanup_list_with_a_null_in_it_does_not_fail_the_next_deployment(site: Site) -> None:
    site.deploy(revision(("a", "/srv"), names=("a",)))
    with site.host(f"{INSTRUCTIONS}/{GROUP}-cleanup").open("ab") as notes:
        notes.write(b"/srv/\0\n")
    site.deploy(revision())
    assert listing(site.host("/srv")) == {}


def test_a_note_of_the_last_revision_with_a_null_in_it_fails_in_plain_words(site: Site) -> None:
    site.deploy(revision())
    site.host(f"{INSTRUCTIONS}/{GROUP}_last_successful_install").write_bytes(f"{site.folder('d')}\0".encode())
    assert site.fails().message.startswith("Invalid argument")


def test_a_deployment_that_installs_nothing_removes_the_files_of_the_one_before(site: Site) -> None:
    site.deploy(revision(("a.txt", "/srv/app"), names=("a.txt",)))
    site.deploy({"appspec.yml": spec()})
    assert not site.host("/srv").exists()


# --- contradictions


def test_two_files_for_the_same_place_are_refused(site: Site) -> None:
    message = site.fails(revision(("a.txt", "/srv"), ("web/a.txt", "/srv"), names=("a.txt", "web/a.txt"))).message
    assert "specifies two source files named " in message
    assert "for the same destination (/srv/a.txt)" in message


def test_a_file_in_place_of_a_folder_is_refused(site: Site) -> None:
    files = revision(("web", "/srv/a.txt"), ("a.txt", "/srv"), names=("a.txt", "web/b.txt"))
    assert "calls for installing the file " in site.fails(files).message


def test_a_folder_in_place_of_a_file_is_refused(site: Site) -> None:
    files = revision(("a.txt", "/srv"), ("web", "/srv/a.txt"), names=("a.txt", "web/b.txt"))
    assert "includes an mkdir command more than once for the same destination path (/srv/a.txt)" in (
        site.fails(files).message
    )


def test_a_name_with_a_line_break_is_refused() -> None:
    with pytest.raises(LifecycleError, match="line break"):
        Plan().copy("a", "/srv/a\n/etc/passwd")
