"""Scripts of lifecycle events: what they are told, how they end, and what is kept of what they say."""

import os
import resource
import socket
import uuid
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from cicdlab.cloud.codedeploy.agent import ROOT, LifecycleError
from cicdlab.cloud.codedeploy.hooks import PATIENCE
from cicdlab.cloud.codedeploy.scripts_log import MOST, TAIL
from cicdlab.cloud.sandbox import available

from ...waiting import marked, wait_until
from .conftest import Bench, bundle, found, states
from .site import GROUP, Site, archived, spec

SERVER = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def token() -> str:
    return f"mark-{uuid.uuid4().hex}"


def after_install(*scripts: dict[str, object], **files: str) -> dict[str, str]:
    """Return a revision with these scripts after its installation."""
    return {"appspec.yml": spec(hooks={"AfterInstall": list(scripts)}), **files}


# --- how they run


def test_scripts_of_an_event_run_in_their_order_and_the_first_failure_ends_it(site: Site) -> None:
    scripts = [{"location": name} for name in ("b.sh", "a.sh", "c.sh", "d.sh")]
    files = {name: f"#!/bin/sh\necho this is {name}" for name in ("a.sh", "b.sh", "d.sh")}
    error = site.fails(after_install(*scripts, **files, **{"c.sh": "#!/bin/sh\necho no >&2; exit 7"}))
    assert (error.code, error.script_name) == ("ScriptFailed", "c.sh")
    assert error.message == "Script at specified location: c.sh failed with exit code 7"
    assert error.log_tail == (
        "LifecycleEvent - AfterInstall\n"
        "Script - b.sh\n[stdout]this is b.sh\n"
        "Script - a.sh\n[stdout]this is a.sh\n"
        "Script - c.sh\n[stderr]no\n"
    )


def test_the_log_has_every_event_with_the_deployments_time(site: Site) -> None:
    deployment = site.deploy(site.hooks(BeforeInstall="echo one", ApplicationStart="printf two"))
    lines = site.log(deployment).splitlines()
    assert [line[20:] for line in lines] == [
        "LifecycleEvent - BeforeInstall",
        "Script - BeforeInstall.sh",
        "[stdout]one",
        "LifecycleEvent - ApplicationStart",
        "Script - ApplicationStart.sh",
        "[stdout]two",
    ]
    assert {line[:10] for line in lines} == {"2026-11-02"}


def test_scripts_know_their_deployment_and_nothing_of_the_learners(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNERS_SECRET", "hidden")
    site.put(site.hooks(AfterInstall="env"))
    etag = site.bench.client("s3").head_object(Bucket="bundles", Key="app.zip")["ETag"].strip('"')
    deployment = site.deploy()
    lines = [line.partition("[stdout]")[2] for line in site.log(deployment).splitlines()]
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    assert {
        "LIFECYCLE_EVENT": "AfterInstall",
        "DEPLOYMENT_ID": deployment,
        "APPLICATION_NAME": "app",
        "DEPLOYMENT_GROUP_NAME": "fleet",
        "DEPLOYMENT_GROUP_ID": GROUP,
        "BUNDLE_BUCKET": "bundles",
        "BUNDLE_KEY": "app.zip",
        "BUNDLE_ETAG": etag,
        "PORT": str(site.machine.port),
        "AWS_REGION": "us-east-1",
        "INSTANCE_ROOT": "" if available() == "bubblewrap" else str(site.machine.root),
    }.items() <= known.items()
    assert not {"LEARNERS_SECRET", "BUNDLE_VERSION", "VIRTUAL_ENV", "USER"} & set(known)


def test_scripts_have_the_instances_permissions(site: Site) -> None:
    lines = 'python -c \'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])\''
    log = site.log(site.deploy(site.hooks(AfterInstall=lines)))
    assert f"assumed-role/machine/{site.machine.instance.id}" in log


def test_a_script_that_is_not_executable_is_made_so(site: Site) -> None:
    site.put({**site.hooks(AfterInstall="echo ran")}, **{"AfterInstall.sh": 0o644})
    deployment = site.deploy()
    assert "[stdout]ran\n" in site.log(deployment)
    script = site.host(f"{site.folder(deployment)}/deployment-archive/AfterInstall.sh")
    assert script.stat().st_mode & 0o777 == 0o755


def test_a_script_without_a_first_line_is_one_for_sh(site: Site) -> None:
    deployment = site.deploy(after_install({"location": "plain"}, plain="echo from sh"))
    assert "[stdout]from sh\n" in site.log(deployment)


def test_a_script_with_the_line_endings_of_windows_fails(site: Site) -> None:
    error = site.fails(after_install({"location": "dos.sh"}, **{"dos.sh": "#!/bin/bash\r\necho no\r\n"}))
    assert (error.code, "No such file or directory" in error.message) == ("ScriptFailed", True)


@pytest.mark.parametrize("location", ["gone.sh", "../../../../../../usr/bin/true", "/bin/true", "x" * 300])
def test_a_script_that_is_not_in_the_revision_is_missing(site: Site, location: str) -> None:
    error = site.fails(after_install({"location": location}, **{"other.sh": "true"}))
    if len(location) > 255:
        assert error.message.startswith("File name too long")
        return
    assert (error.code, error.script_name) == ("ScriptMissing", location)
    assert error.message.startswith("Script does not exist at specified location: /opt/codedeploy-agent/")


def test_a_missing_script_fails_after_the_files_were_installed(site: Site) -> None:
    hooks = {"AfterInstall": [{"location": "gone.sh"}]}
    files = [{"source": "page.html", "destination": "/srv/www"}]
    site.fails({"appspec.yml": spec(files=files, hooks=hooks), "page.html": "hello"})
    assert site.host("/srv/www/page.html").read_text() == "hello"


def test_a_folder_is_no_script(site: Site) -> None:
    error = site.fails(after_install({"location": "scripts"}, **{"scripts/a.sh": "true"}))
    assert (error.code, "Permission denied" in error.message) == ("ScriptFailed", True)


# --- who runs them


def test_runas_root_changes_nothing(site: Site) -> None:
    deployment = site.deploy(after_install({"location": "who.sh", "runas": "root"}, **{"who.sh": "id -u"}))
    expected = 0 if available() == "bubblewrap" else os.getuid()
    assert f"[stdout]{expected}\n" in site.log(deployment)


def test_runas_names_a_user_of_the_instance(site: Site) -> None:
    error = site.fails(after_install({"location": "who.sh", "runas": "ec2-user"}, **{"who.sh": "id -u"}))
    assert error.code == "ScriptFailed"
    assert error.message == "Script at specified location: who.sh run as user ec2-user failed with exit code 1"
    assert error.log_tail.endswith("[stderr]su: user ec2-user does not exist\n")


def test_runas_another_user_is_refused_by_name(site: Site) -> None:
    site.machine.start()
    site.host("/etc/passwd").parent.mkdir(exist_ok=True)
    site.host("/etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n")
    error = site.fails(after_install({"location": "who.sh", "runas": "web"}, **{"who.sh": "id -u"}))
    assert (error.code, "runas web is not simulated" in error.message) == ("UnknownError", True)


# --- how long


def test_a_script_that_forks_and_ignores_the_request_to_end_is_ended_with_its_children(site: Site, token: str) -> None:
    lines = f"trap '' TERM; (trap '' TERM; sleep 600 # {token}\n) &\nsh -c 'trap \"\" TERM; sleep 600 # {token}'"
    scripts = {"location": "slow.sh", "timeout": 1}, {"location": "next.sh"}
    error = site.fails(after_install(*scripts, **{"slow.sh": lines, "next.sh": "echo next"}))
    assert (error.code, error.script_name) == ("ScriptTimedOut", "slow.sh")
    assert error.message == "Script at specified location: slow.sh failed to complete in 1 seconds"
    assert "next" not in error.log_tail
    wait_until(lambda: not marked(token), "the end of the script's children")


def test_timeouts_of_an_event_may_not_add_up_to_more_than_an_hour(site: Site) -> None:
    scripts = [{"location": "a.sh", "timeout": 1800}, {"location": "a.sh", "timeout": 1801}]
    error = site.fails(after_install(*scripts, **{"a.sh": "true"}))
    assert "the timeouts of the scripts of AfterInstall add up to 3601 seconds" in error.message


def test_scripts_without_a_timeout_share_the_hour(site: Site) -> None:
    scripts = [{"location": "a.sh"}, {"location": "a.sh"}, {"location": "a.sh", "timeout": 3600}]
    site.deploy(after_install(*scripts, **{"a.sh": "true"}))


# --- what they leave behind


def test_a_server_that_a_script_starts_goes_on_serving_and_dies_with_the_cloud(site: Site, token: str) -> None:
    with socket.socket() as other:  # clouds of other tests on this machine count their instances' ports alike
        other.bind(("127.0.0.1", 0))
        site.machine.port = other.getsockname()[1]
    lines = f"cd $(dirname $0); python server.py {token} > /dev/null 2>&1 &"
    site.deploy({**site.hooks(ApplicationStart=lines), "server.py": SERVER})

    def answer() -> str:
        try:
            with urlopen(f"http://127.0.0.1:{site.machine.port}/", timeout=5) as page:
                return str(page.read().decode())
        except OSError:
            return ""

    assert wait_until(answer, "the server") == token
    site.deploy(site.hooks(AfterInstall="true"))
    assert answer() == token
    site.bench.cloud.core.reset()
    assert not marked(token)
    assert answer() == ""


def test_a_server_that_holds_the_scripts_output_fails_it_when_its_time_is_over(site: Site, token: str) -> None:
    agent = site.agent()
    site.put(after_install({"location": "start.sh", "timeout": 2}, **{"start.sh": f"sh -c 'sleep 600 # {token}' &"}))
    agent.run("DownloadBundle")
    with pytest.raises(LifecycleError) as error:
        agent.run("AfterInstall")
    assert error.value.message == "Script at specified location: start.sh failed to close STDOUT"
    assert (error.value.code, error.value.script_name) == ("UnknownError", "start.sh")
    assert marked(token)  # what it has started goes on, as on AWS


def test_the_wait_for_the_output_is_the_clouds_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cicdlab.cloud.codedeploy.hooks.PATIENCE", 0.2)
    clock = site.bench.cloud.core.clock
    before = clock.now()
    site.fails(after_install({"location": "start.sh"}, **{"start.sh": "sleep 600 &"}))
    assert (clock.now() - before).total_seconds() == pytest.approx(3600, abs=1)
    assert PATIENCE >= 5


# --- what they say


def test_fifty_megabytes_of_output_fill_neither_memory_nor_the_log(site: Site) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = "head -c 25000000 /dev/zero; yes | head -c 25000000 >&2; echo the end; exit 1"
    error = site.fails(site.hooks(AfterInstall=lines))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40 << 10  # KiB
    assert len(error.log_tail) <= TAIL
    assert error.log_tail.rstrip().endswith("the end") or "[stderr]y\n" in error.log_tail
    log = site.host(f"{site.folder('d-000000001')}/logs/scripts.log")
    assert 0.9 * MOST < log.stat().st_size <= MOST + 200
    assert log.read_bytes().endswith(b"(scripts.log ends here: it holds 16 MiB on this machine)\n")


def test_the_end_of_the_log_is_whole_lines(site: Site) -> None:
    error = site.fails(site.hooks(AfterInstall="seq 1 5000; exit 1"))
    lines = error.log_tail.splitlines()
    assert 1500 < len(error.log_tail) <= TAIL
    assert lines[-1] == "[stdout]5000"
    assert lines == [f"[stdout]{number}" for number in range(5001 - len(lines), 5001)]


def test_output_that_is_no_text_is_kept_readable(site: Site) -> None:
    error = site.fails(site.hooks(AfterInstall=r"printf 'caf\351 \000 \342\202\254\n'; exit 1"))
    assert "[stdout]caf� \0 €\n" in error.log_tail


def test_empty_lines_are_lines(site: Site) -> None:
    error = site.fails(site.hooks(AfterInstall="echo; echo; printf x; exit 1"))
    assert error.log_tail.endswith("[stdout]\n[stdout]\n[stdout]x\n")


def test_a_log_that_a_script_replaces_leads_nowhere_else(site: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    lines = f"cd $INSTANCE_ROOT{ROOT}/{GROUP}/*/logs && rm scripts.log && ln -s {outside} scripts.log"
    error = site.fails(site.hooks(BeforeInstall=lines, AfterInstall="echo written"))
    assert error.message.endswith("/logs/scripts.log")
    assert not outside.exists()


# --- in a deployment


def test_diagnostics_show_the_script_that_failed(fleet: Bench) -> None:
    fleet.launch()
    deployment = fleet.deploy(fleet.put(bundle(AfterInstall="echo out of milk; exit 3")))
    target = fleet.target(deployment["deploymentId"])
    assert found(target, "AfterInstall") == {
        "errorCode": "ScriptFailed",
        "scriptName": "scripts/AfterInstall.sh",
        "message": "Script at specified location: scripts/AfterInstall.sh failed with exit code 3",
        "logTail": "LifecycleEvent - AfterInstall\nScript - scripts/AfterInstall.sh\n[stdout]out of milk\n",
    }


def test_an_instance_that_is_terminated_ends_its_script(site: Site, token: str) -> None:
    site.put(site.hooks(AfterInstall=f"sh -c 'sleep 600 # {token}'"))
    agent = site.agent()
    agent.run("DownloadBundle")
    ended: list[LifecycleError] = []

    def run() -> None:
        try:
            agent.run("AfterInstall")
        except LifecycleError as error:
            ended.append(error)

    thread = Thread(target=run)
    thread.start()
    wait_until(lambda: marked(token), "the script")
    site.bench.ec2.terminate_instances(InstanceIds=[site.machine.instance.id])
    thread.join(30)
    assert not marked(token)
    assert (ended[0].code, "stopped" in ended[0].message) == ("UnknownError", True)


def test_the_agents_own_events_run_no_scripts(site: Site) -> None:
    site.deploy(site.hooks(DownloadBundle="exit 1", Install="exit 1"))


def test_events_of_load_balancers_may_have_scripts_and_do_not_run_here(fleet: Bench) -> None:
    fleet.launch()
    names = ("BeforeBlockTraffic", "AfterBlockTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
    hooks = {name: [{"location": "gone.sh"}] for name in names}
    fleet.put(archived({"appspec.yml": spec(hooks=hooks)}))
    target = fleet.target(fleet.deploy()["deploymentId"])
    assert target["status"] == "Succeeded"
    assert not set(names) & set(states(target))
