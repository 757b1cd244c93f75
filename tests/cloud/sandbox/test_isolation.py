"""What commands see of the machine they run on."""

import http.server
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from cicdlab.cloud.sandbox import Mount, Sandbox, SandboxError, available, image

ROOT = Path(__file__).parents[3]


def says(box: Sandbox, command: str) -> str:
    heard = bytearray()
    with box.open_shell("/root", {}) as shell:
        shell.run(command, timeout=60, on_output=heard.extend)
    return heard.decode().rstrip("\n")


def test_the_environment_is_what_was_declared_and_no_variable_of_the_parent(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaked-secret")
    with Sandbox.create(tmp_path, [], {"DECLARED": "yes"}, kind=kind) as box:
        names = set(says(box, "python -I -S -c 'import os; print(*os.environ)'").split())
        everything = says(
            box, "cat /proc/[0-9]*/environ 2>/dev/null" if kind == "bubblewrap" else "cat /proc/$PPID/environ"
        )
    shell_made = {"PWD", "SHLVL", "_", "OLDPWD"}
    assert names - shell_made - {"TMPDIR"} == {"PATH", "HOME", "LANG", "TZ", "DECLARED"}
    assert "leaked-secret" not in everything


def test_home_is_empty_and_its_own(kind, tmp_path, monkeypatch):
    """In a plain sandbox this is all that hides the learner's files: a command that names their path reads them."""
    learner = tmp_path / "learner"
    (learner / ".aws").mkdir(parents=True)
    (learner / ".aws" / "credentials").write_text("secret")
    monkeypatch.setenv("HOME", str(learner))
    with Sandbox.create(tmp_path / "box", [], {}, kind=kind) as box:
        assert says(box, "cat ~/.aws/credentials").endswith("No such file or directory")
        assert says(box, "echo x > ~/file; cat ~/file") == "x"
        assert box.path("/root/file").read_text() == "x\n"


def test_no_other_folder_of_the_host_is_visible(bubblewrap, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with Sandbox.create(tmp_path / "box", [], {}) as box:
        assert says(box, f"cat {secret}").endswith("No such file or directory")
        assert says(box, "ls /var /mnt /opt /sys /etc/shadow /etc/ssl/private 2>/dev/null") == ""
        home = says(box, "find /home -type f 2>/dev/null | grep -v -e /.venv/ -e /.pyenv/ | head")
        assert home == "", "a home folder may lead to the interpreter, and to nothing else"
        assert says(box, f"ls {ROOT} 2>/dev/null") in ("", ".venv")


def test_no_process_of_the_host_is_visible(bubblewrap, tmp_path):
    with Sandbox.create(tmp_path, [], {}) as box:
        assert says(box, f"kill -0 {os.getpid()}").endswith("No such process")
        assert int(says(box, "ls -d /proc/[0-9]* | wc -l")) < 6


def test_the_image_cannot_be_changed(bubblewrap, tmp_path):
    with Sandbox.create(tmp_path, [], {}) as box:
        for folder in ("/usr", "/usr/bin", sys.prefix, sys.base_prefix):
            assert says(box, f"touch {folder}/x").endswith("Read-only file system")
        assert "not permitted" in says(box, "mount -o remount,rw /usr 2>&1 || echo not permitted")
        assert "not permitted" in says(box, "mknod /tmp/disk b 254 0 2>&1")


def test_commands_run_as_root_with_paths_of_their_own(bubblewrap, tmp_path):
    with Sandbox.create(tmp_path, [], {}) as box:
        assert says(box, "id -un; hostname; echo $HOME; pwd") == "root\nsandbox\n/root\n/root"
        says(
            box,
            "mkdir -p /codebuild/output /srv/app; echo a > /codebuild/output/a; echo b > /tmp/b; echo c > /srv/app/c",
        )
        assert [box.path(p).read_text() for p in ("/codebuild/output/a", "/tmp/b", "/srv/app/c")] == [
            "a\n",
            "b\n",
            "c\n",
        ]


def test_the_declared_tools_work(box):
    assert (
        says(box, 'python -c "import ssl, sqlite3, ctypes; print(1)"; python -m pip --version >/dev/null && echo 2')
        == "1\n2"
    )
    for tool in (name for name, place in image.tools().items() if place):
        assert says(box, f"command -v {tool} >/dev/null && echo found") == "found"
    assert says(box, "git init -q repo && cd repo && git status --short && echo ok") == "ok"
    assert says(box, "python -c 'import sys; print(sys.prefix)'") == sys.prefix


def test_a_server_on_the_hosts_loopback_is_reachable(box):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fetch = f"import socket; socket.create_connection(('localhost', {server.server_port})); print('reached')"
        assert says(box, f'python -I -S -c "{fetch}"') == "reached"
        server.shutdown()


def test_a_port_opened_inside_is_reachable_from_the_host(box):
    serve = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); s.accept()"
    )
    heard = bytearray()

    def connect(piece: bytes) -> None:
        heard.extend(piece)
        if b"\n" in heard:
            socket.create_connection(("127.0.0.1", int(heard)), timeout=30).close()

    with box.open_shell("/root", {}) as shell:
        assert shell.run(f'python -I -S -c "{serve}"', timeout=60, on_output=connect).status == 0


def test_mounts_are_seen_at_their_place_and_written_only_if_writable(kind, tmp_path):
    """Read-only is enforced under bubblewrap only."""
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "data").write_text("data")
    mounts = [Mount(tmp_path / "in", "/codebuild/in"), Mount(tmp_path / "out", "/codebuild/out", writable=True)]
    with Sandbox.create(tmp_path / "box", mounts, {}, kind=kind) as box:
        source, target = box.inside(box.path("/codebuild/in/data")), box.inside(box.path("/codebuild/out"))
        assert says(box, f"cp {source} {target}/copy") == ""
        assert (tmp_path / "out" / "copy").read_text() == "data"
        if kind == "bubblewrap":
            assert (source, target) == ("/codebuild/in/data", "/codebuild/out")
            assert says(box, f"touch {source}").endswith("Read-only file system")


def test_a_missing_mount_is_refused(kind, tmp_path):
    with pytest.raises(SandboxError, match="does not exist"):
        Sandbox.create(tmp_path / "box", [Mount(tmp_path / "nothing", "/x")], {}, kind=kind)


def test_inside_and_path_undo_each_other(box):
    for path in ("/codebuild/output/src1/src", "/root/a", "/codebuild"):
        host = box.path(path)
        assert host.is_relative_to(box.path("/codebuild").parent)
        assert box.path(box.inside(host)) == host


def test_a_path_cannot_climb_out_of_the_sandbox(box):
    top = box.path("/codebuild").parent
    assert box.path("/codebuild/../../../../etc/passwd") == top / "etc" / "passwd"


def test_a_folder_serves_a_second_sandbox(kind, tmp_path):
    for _ in range(2):
        with Sandbox.create(tmp_path, [], {}, kind=kind) as box:
            assert says(box, "cat ~/kept; echo x > ~/kept").endswith(("x", "No such file or directory"))
    assert says_kept(tmp_path) == "x\n"


def says_kept(folder: Path) -> str:
    return (folder / "root" / "root" / "kept").read_text()


def test_the_kind_can_be_forced_and_a_misspelt_one_is_refused(monkeypatch):
    monkeypatch.setenv("CICDLAB_SANDBOX", "plain")
    assert available() == "plain"
    monkeypatch.setenv("CICDLAB_SANDBOX", "docker")
    with pytest.raises(ValueError, match="docker"):
        available()


def test_bubblewrap_that_fails_says_why(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho bwrap: No permissions to create a new namespace >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    refused = pytest.raises(SandboxError, match="No permissions to create a new namespace")
    with Sandbox.create(tmp_path / "box", [], {}, kind="bubblewrap") as box, refused:
        box.open_shell("/root", {})


def test_missing_bubblewrap_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="not installed"):
        Sandbox.create(tmp_path / "box", [], {}, kind="bubblewrap")


ORDINARY = """
import os, sys, tempfile
from pathlib import Path
from cicdlab.cloud.sandbox import Sandbox
folder = tempfile.TemporaryDirectory()
heard = bytearray()
with Sandbox.create(Path(folder.name), [], {}, kind=sys.argv[1]) as box, box.open_shell("/root", {}) as shell:
    shell.run("echo x > ~/file; id -u; python3 -c 'print(1)'; exit 3", timeout=60, on_output=heard.extend)
    owner = box.path("/root/file").stat().st_uid
folder.cleanup()
print(os.getuid(), owner, heard.decode())
"""


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_an_ordinary_user_gets_a_sandbox_too(kind):
    """Root inside a bubblewrap sandbox, themselves in a plain one; by the system's Python, which anybody can read."""
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i", "PATH=/usr/bin:/bin"]
    python = [*become, f"PYTHONPATH={ROOT}", "/usr/bin/python3", "-B"]
    check = textwrap.dedent("import sys, cicdlab.cloud.sandbox; assert sys.version_info >= (3, 11)")
    if subprocess.run([*python, "-c", check], capture_output=True).returncode:
        pytest.skip("no system Python that an ordinary user could run this with")
    done = subprocess.run([*python, "-c", ORDINARY, kind], capture_output=True, text=True)
    assert done.stdout.split() == ["65534", "65534", "0" if kind == "bubblewrap" else "65534", "1"], done.stderr
