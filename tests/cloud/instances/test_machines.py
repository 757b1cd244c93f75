"""The machines behind instances: what runs on them, what is kept, and what they can see."""

import json
import os
import urllib.request
import uuid
from pathlib import Path

import pytest

from cicdlab.cloud.instances import NoProfileError, NotRunningError

from ...goods import trust_in
from ...waiting import marked, wait_until
from .conftest import OTHER, Yard, listing

SERVE = 'cd /srv && python3 -m http.server "$PORT" --bind 127.0.0.1 >/dev/null 2>&1 &'


@pytest.fixture
def token() -> str:
    """Return a mark for a process."""
    return f"mark-{uuid.uuid4().hex}"


def fetched(port: int) -> str:
    """Return what a server answers on a port, when it does."""

    def answer() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=5) as reply:
                return str(reply.read().decode().strip())
        except OSError:
            return ""

    return str(wait_until(answer, f"port {port}"))


def test_two_instances_serve_on_two_ports(yard: Yard) -> None:
    machines = [yard.machine(each) for each in yard.launch(2)]
    for machine in machines:
        folder = "/srv" if yard.says(machine, "echo $INSTANCE_ROOT") == "" else f"{machine.root}/srv"
        yard.says(machine, f"mkdir -p {folder}; echo {machine.instance.id} >{folder}/page")
        yard.says(machine, SERVE.replace("/srv", folder))
    assert [fetched(each.port) for each in machines] == [each.instance.id for each in machines]


def test_a_stop_ends_processes_and_keeps_files(yard: Yard, token: str) -> None:
    [instance] = yard.launch()
    machine = yard.machine(instance)
    yard.says(
        machine,
        f"echo kept >$HOME/file; mkdir -p $INSTANCE_ROOT/etc/app; sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &",
    )
    assert marked(token)
    yard.ec2.stop_instances(InstanceIds=[instance])
    assert not marked(token)
    with pytest.raises(NotRunningError, match="stopped"):
        yard.run(machine, "true")
    with pytest.raises(NotRunningError):
        machine.place("/etc/app")
    yard.ec2.start_instances(InstanceIds=[instance])
    again = yard.machine(instance)
    assert (again.port, yard.says(again, "cat $HOME/file; ls $INSTANCE_ROOT/etc | grep app")) == (
        machine.port,
        "kept\napp",
    )


def test_a_reboot_ends_processes_and_the_instance_goes_on(yard: Yard, token: str) -> None:
    [instance] = yard.launch()
    machine = yard.machine(instance)
    yard.says(machine, f"echo kept >$HOME/file; sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    yard.ec2.reboot_instances(InstanceIds=[instance])
    assert not marked(token)
    assert yard.says(machine, "cat $HOME/file") == "kept"


def test_a_reboot_leaves_other_instances_alone(yard: Yard, token: str) -> None:
    first, second = yard.launch(2)
    yard.machine(first)
    yard.says(yard.machine(second), f"sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    yard.ec2.reboot_instances(InstanceIds=[first])
    assert marked(token)


def test_a_termination_removes_everything(yard: Yard, token: str) -> None:
    first, second = yard.launch(2)
    gone, kept = yard.machine(first), yard.machine(second)
    yard.says(gone, f"sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    yard.ec2.terminate_instances(InstanceIds=[first])
    assert not marked(token)
    assert not gone.root.parent.exists()
    assert kept.root.is_dir()
    with pytest.raises(NotRunningError, match="terminated"):
        yard.run(gone, "true")
    assert not gone.root.parent.exists()


def test_a_stack_that_is_deleted_takes_its_machines_with_it(yard: Yard, token: str) -> None:
    formation = yard.cloud.client("cloudformation")
    resource = {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-12c6146b"}}
    formation.create_stack(StackName="web", TemplateBody=json.dumps({"Resources": {"Web": resource}}))
    [made] = yard.describe()
    machine = yard.machine(made["InstanceId"])
    assert machine.port in range(8081, 10000)
    yard.says(machine, f"sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    formation.delete_stack(StackName="web")
    assert not marked(token)
    assert not machine.root.parent.exists()


def test_other_machines_go_on_when_one_is_stopped(yard: Yard, token: str) -> None:
    other = yard.cloud.client("ec2", aws_access_key_id=OTHER)
    far = yard.cloud.client("ec2", region_name="eu-west-1")
    [here], [there], [away] = yard.launch(), yard.launch(ec2=other), yard.launch(ec2=far)
    machines = [yard.machine(here), yard.machine(there, other), yard.machine(away, far)]
    for machine in machines:
        yard.says(machine, f"sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    before = len(marked(token))
    yard.ec2.stop_instances(InstanceIds=[here])
    assert len(marked(token)) == before * 2 // 3
    accounts = [(each.instance.account, each.instance.region) for each in machines]
    assert accounts == [("123456789012", "us-east-1"), (OTHER, "us-east-1"), ("123456789012", "eu-west-1")]
    assert yard.says(machines[2], "echo $AWS_REGION $AWS_DEFAULT_REGION") == "eu-west-1 eu-west-1"


def test_a_reset_leaves_no_process_and_no_file(yard: Yard, token: str) -> None:
    machine = yard.machine(yard.launch()[0])
    yard.says(machine, f"echo x >$HOME/file; sh -c 'sleep 600; : {token}' >/dev/null 2>&1 &")
    folder = yard.cloud.core.root / "instances"
    assert folder in machine.root.parents
    yard.cloud.core.reset()
    assert not marked(token)
    assert not machine.root.exists()
    [again] = yard.launch()
    assert again == machine.instance.id
    assert yard.run(yard.machine(again), "cat $HOME/file")[0].status != 0


# --- what an instance may do


def test_an_instance_asks_as_its_role_for_as_long_as_it_runs(yard: Yard) -> None:
    yard.profile()
    machine = yard.machine(yard.launch(IamInstanceProfile={"Name": "machine"})[0])
    asks = "aws sts get-caller-identity --query Arn --output text"
    # What was started first goes on with the same address when other programs have run.
    yard.says(
        machine,
        f"sh -c 'until [ -e $INSTANCE_ROOT/tmp/go ]; do sleep 0.05; done; {asks}' >$INSTANCE_ROOT/tmp/later 2>&1 &",
    )
    arn = f"arn:aws:sts::123456789012:assumed-role/machine/{machine.instance.id}"
    assert yard.says(machine, asks) == arn
    yard.says(machine, "touch $INSTANCE_ROOT/tmp/go")
    wait_until(lambda: yard.says(machine, "cat $INSTANCE_ROOT/tmp/later") == arn, "the program that was started first")


def test_credentials_are_renewed_before_they_end(yard: Yard) -> None:
    yard.profile()
    machine = yard.machine(yard.launch(IamInstanceProfile={"Name": "machine"})[0])
    first = machine.credentials()
    assert machine.credentials() == first
    yard.cloud.core.clock.advance(3500)
    second = machine.credentials()
    assert second.access_key_id != first.access_key_id
    assert second.expiration > first.expiration


@pytest.mark.parametrize("without", ["profile", "role", "trust"])
def test_an_instance_without_a_role_has_no_credentials(yard: Yard, without: str) -> None:
    iam = yard.cloud.client("iam")
    yard.profile()
    machine = yard.machine(
        yard.launch(**({} if without == "profile" else {"IamInstanceProfile": {"Name": "machine"}}))[0]
    )
    if without == "role":
        iam.remove_role_from_instance_profile(InstanceProfileName="machine", RoleName="machine")
    if without == "trust":
        nobody = trust_in({"Service": "codebuild.amazonaws.com"})
        iam.update_assume_role_policy(RoleName="machine", PolicyDocument=json.dumps(nobody))
    with pytest.raises(NoProfileError):
        machine.credentials()
    ending, written = yard.run(machine, "aws sts get-caller-identity")
    assert (ending.status != 0, "Unable to locate credentials" in written) == (True, True)


def test_a_profile_that_comes_later_counts(yard: Yard) -> None:
    yard.profile()
    [instance] = yard.launch()
    machine = yard.machine(instance)
    with pytest.raises(NoProfileError):
        machine.credentials()
    yard.ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "machine"})
    assert machine.credentials().access_key_id


# --- what an instance can see and change


def test_an_instance_sees_nothing_of_the_learner(
    yard: Yard, bubblewrap: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaked-secret")
    (tmp_path / "secret").write_text("secret")
    yard.profile()
    machine = yard.machine(yard.launch(IamInstanceProfile={"Name": "machine"})[0])
    names = set(yard.says(machine, "python3 -I -S -c 'import os; print(*os.environ)'").split())
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "HOME",
        "INSTANCE_ROOT",
        "LANG",
        "PATH",
        "PORT",
        "TZ",
    }
    assert "leaked-secret" not in yard.says(machine, "cat /proc/[0-9]*/environ")
    assert yard.run(machine, f"cat {tmp_path}/secret")[0].status != 0
    assert yard.run(machine, f"kill -0 {os.getpid()}")[0].status != 0
    home = yard.says(machine, "find /root /home /tmp -type f 2>/dev/null | grep -v -e /.venv/ -e /.pyenv/ | xargs")
    assert home == "", "a home folder may lead to the interpreter, and to nothing else"


def test_an_instance_sees_no_other_instance_and_no_file_of_the_cloud(yard: Yard, bubblewrap: None) -> None:
    mine, other = (yard.machine(each) for each in yard.launch(2))
    yard.says(other, "echo secret >/root/secret")
    assert (other.root / "root" / "secret").is_file()
    assert yard.says(mine, "find / -xdev -name secret 2>/dev/null | xargs") == ""
    for folder in (yard.cloud.core.root, other.root, other.root / "root"):
        assert yard.run(mine, f"ls {folder}")[0].status != 0


def test_what_an_instance_writes_stays_in_its_folder(yard: Yard, bubblewrap: None) -> None:
    machine = yard.machine(yard.launch()[0])
    before = listing(Path("/etc"))
    yard.says(machine, "mkdir -p /var/www /opt/app; echo x >/etc/app.conf; echo y >/var/www/index; echo z >/opt/app/z")
    assert listing(Path("/etc")) == before
    for name in ("etc/app.conf", "var/www/index", "opt/app/z"):
        assert (machine.root / name).is_file()
    assert not Path("/etc/app.conf").exists()


def test_links_that_an_instance_leaves_lead_nowhere_when_it_starts_again(
    yard: Yard, bubblewrap: None, tmp_path: Path
) -> None:
    for name in ("home", "hosts", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "tmp").chmod(0o700)
    [instance] = yard.launch()
    machine = yard.machine(instance)
    yard.says(
        machine,
        f"rm /etc/hosts /etc/passwd; ln -s {tmp_path}/file /etc/hosts; ln -s {tmp_path}/new /etc/passwd;"
        f"mv /tmp /tmp2; ln -s {tmp_path}/tmp /tmp; mv /root /root2; ln -s {tmp_path}/home /root;"
        # Where bwrap has the host's files while it sets up a root.
        f"mv /etc/ssl /etc/ssl2; ln -s /oldroot{tmp_path}/home /etc/ssl;"
        f"mv /run /run2; ln -s /oldroot{tmp_path}/home /run",
    )
    yard.ec2.stop_instances(InstanceIds=[instance])
    yard.ec2.start_instances(InstanceIds=[instance])
    again = yard.machine(instance)
    ending = again.script(["/bin/true"], "/", {}).run(timeout=30, linger=1, on_output=lambda *_: None)
    assert ending.status == 0
    assert (tmp_path / "file").read_text() == "mine"
    assert listing(tmp_path) == ["file", "home", "hosts", "tmp"]
    assert (tmp_path / "tmp").stat().st_mode & 0o777 == 0o700
