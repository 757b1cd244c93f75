"""The agent is root on AWS; here it is the learner, and must get along with modes that would stop the learner."""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .site import Site, spec

VERSION = 0x20080522  # of the structures that capget and capset take
OVERRIDING = 0b1111  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER


@pytest.fixture
def ordinary(tmp_path: Path) -> Iterator[None]:
    """Take from this thread what makes root more than the owner of its files."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, before = (ctypes.c_uint32 * 2)(VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    assert libc.capset(header, (ctypes.c_uint32 * 6)(before[0] & ~OVERRIDING, *before[1:])) == 0
    try:
        closed = tmp_path / "closed"
        closed.mkdir(0o500)
        with pytest.raises(PermissionError):
            (closed / "file").touch()
        yield
    finally:
        assert libc.capset(header, before) == 0


def revision(name: str, mode_of_folders: str = "755", mode_of_files: str = "644", **members: str) -> dict[str, str]:
    permissions = [
        {"object": "/srv", "type": ["directory"], "mode": mode_of_folders},
        {"object": "/srv", "type": ["file"], "mode": mode_of_files},
    ]
    files = [{"source": "web", "destination": "/srv/web"}]
    return {"appspec.yml": spec(files=files, permissions=permissions, **members), f"web/sub/{name}": name}


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


@pytest.mark.usefixtures("ordinary")
def test_what_was_installed_without_permissions_is_removed_by_the_next_deployment(site: Site) -> None:
    for mode in ("555", "600", "000"):
        site.deploy(revision(mode, mode, "000"))
        assert site.host("/srv/web").stat().st_mode & 0o777 == int(mode, 8)
    site.deploy(revision("last"))
    assert names(site.host("/srv")) == ["web", "web/sub", "web/sub/last"]


@pytest.mark.usefixtures("ordinary")
def test_a_file_that_can_not_be_written_is_overwritten(site: Site) -> None:
    site.machine.start()
    site.host("/srv/web/sub").mkdir(parents=True)
    page = site.host("/srv/web/sub/page")
    page.write_text("mine")
    page.chmod(0o444)
    page.parent.chmod(0o555)
    site.deploy(revision("page"), file_exists_behavior="OVERWRITE")
    assert (page.read_text(), page.stat().st_mode & 0o777) == ("page", 0o644)
    assert page.parent.stat().st_mode & 0o777 == 0o555


@pytest.mark.usefixtures("ordinary")
def test_the_agent_writes_its_log_whatever_a_script_does_to_it(site: Site) -> None:
    lines = "cd $INSTANCE_ROOT/opt/codedeploy-agent/deployment-root && chmod 0 */*/logs/scripts.log && chmod 0 */*/logs"
    deployment = site.deploy(site.hooks(AfterInstall=lines, ApplicationStart="echo still here"))
    logs = site.host(f"{site.folder(deployment)}/logs")
    assert logs.stat().st_mode & 0o777 == 0
    logs.chmod(0o700)
    (logs / "scripts.log").chmod(0o600)
    assert "[stdout]still here\n" in site.log(deployment)
