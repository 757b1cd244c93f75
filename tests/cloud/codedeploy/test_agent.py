"""What the agent keeps on its instance, which revision's scripts it runs, and whose permissions it uses."""

import shutil
from pathlib import Path

import pytest

from cicdlab.cloud.codedeploy.agent import INSTRUCTIONS, ROOT, LifecycleError
from cicdlab.cloud.codedeploy.model import LIFECYCLE_EVENTS

from .conftest import Bench, found, place, states
from .site import GROUP, Site, spec

EMPTY = {"appspec.yml": spec()}


def test_a_revision_is_kept_where_the_agent_keeps_it(site: Site) -> None:
    deployment = site.deploy({**site.hooks(AfterInstall="echo hello"), "page.html": "hello"})
    folder = site.host(site.folder(deployment))
    assert sorted(each.name for each in folder.iterdir()) == ["bundle.tar", "deployment-archive", "logs"]
    assert (folder / "deployment-archive" / "page.html").read_text() == "hello"
    assert "[stdout]hello\n" in (folder / "logs" / "scripts.log").read_text()
    notes = {each.name: each.read_text() for each in site.host(INSTRUCTIONS).iterdir()}
    assert set(notes) == {
        f"{GROUP}_last_successful_install",
        f"{GROUP}_most_recent_install",
        f"{GROUP}-cleanup",
        f"{GROUP}-install.json",
    }
    assert notes[f"{GROUP}_last_successful_install"] == site.folder(deployment)


def test_the_most_recent_revision_is_noted_when_it_was_downloaded(site: Site) -> None:
    good = site.deploy(EMPTY)
    bad = site.agent()
    site.put(site.hooks(AfterInstall="exit 1"))
    with pytest.raises(LifecycleError):
        for event in LIFECYCLE_EVENTS:
            bad.run(event)
    notes = site.host(INSTRUCTIONS)
    assert (notes / f"{GROUP}_most_recent_install").read_text() == site.folder(bad.assignment.deployment_id)
    assert (notes / f"{GROUP}_last_successful_install").read_text() == site.folder(good)


def test_five_revisions_are_kept_and_the_last_successful_one_always(site: Site) -> None:
    good = site.deploy(EMPTY)
    failing = site.hooks(ValidateService="exit 1")
    for _ in range(6):
        site.fails(failing)
    kept = sorted(each.name for each in site.host(f"{ROOT}/{GROUP}").iterdir())
    assert kept == [good, "d-000000004", "d-000000005", "d-000000006", "d-000000007"]


def test_revisions_of_other_groups_stay(site: Site) -> None:
    site.deploy(EMPTY, group_id="another")
    for _ in range(6):
        site.deploy(EMPTY)
    assert len(list(site.host(f"{ROOT}/another").iterdir())) == 1
    assert len(list(site.host(f"{ROOT}/{GROUP}").iterdir())) == 5


def test_nothing_is_stopped_at_the_first_deployment_to_an_instance(site: Site) -> None:
    deployment = site.deploy(site.hooks(ApplicationStop="exit 1", AfterInstall="true"))
    assert "ApplicationStop" not in site.log(deployment)


def test_the_last_successful_revision_stops_the_application(site: Site) -> None:
    site.deploy(site.hooks(ApplicationStop="echo one stops"))
    site.fails(site.hooks(ApplicationStop="echo two stops", ValidateService="exit 1"))
    deployment = site.deploy(site.hooks(ApplicationStop="echo three stops"))
    assert "[stdout]one stops\n" in site.log(deployment)
    assert "two" not in site.log(deployment)
    assert "three" not in site.log(deployment)


def test_each_group_stops_its_own_revision(site: Site) -> None:
    site.deploy(site.hooks(ApplicationStop="exit 1"), group_id="another")
    deployment = site.deploy(site.hooks(AfterInstall="true"))
    assert "ApplicationStop" not in site.log(deployment)


@pytest.mark.parametrize("note", ["/etc", "", "/opt/codedeploy-agent/deployment-root/another/d-1", "\0\xff"])
def test_a_note_that_a_script_has_changed_stops_nothing_else(site: Site, note: str) -> None:
    site.deploy(site.hooks(ApplicationStop="exit 1"))
    site.host(f"{INSTRUCTIONS}/{GROUP}_last_successful_install").write_text(note)
    site.deploy(EMPTY)


def test_links_that_scripts_put_in_the_agents_way_lead_nowhere_else(site: Site, tmp_path: Path) -> None:
    site.deploy(EMPTY)
    shutil.rmtree(site.host("/opt"))
    site.host("/opt").symlink_to(tmp_path)
    assert site.fails(EMPTY).message == "File exists - /opt"
    site.host("/opt").unlink()
    site.host("/opt").symlink_to("../../../tmp")
    deployment = site.deploy(site.hooks(AfterInstall="echo hello"))
    assert site.host(site.folder(deployment).replace("/opt", "/tmp")).is_dir()
    assert not list(tmp_path.iterdir())


def test_a_pipe_in_place_of_a_note_does_not_make_the_agent_wait(site: Site) -> None:
    lines = f"cd $INSTANCE_ROOT{INSTRUCTIONS} && rm -f *_install && mkfifo {GROUP}_last_successful_install"
    site.deploy(site.hooks(ValidateService=lines))
    assert "regular file" in site.fails(EMPTY).message


# --- whose permissions


def test_the_bundle_is_downloaded_with_the_instances_permissions(fleet: Bench) -> None:
    fleet.launch()
    fleet.allow("machine", ("s3:ListBucket", "*"))
    target = fleet.target(fleet.deploy()["deploymentId"])
    assert states(target)["DownloadBundle"] == "Failed"
    assert "s3:GetObject" in found(target, "DownloadBundle")["message"]
    assert "assumed-role/machine/i-" in found(target, "DownloadBundle")["message"]
    fleet.allow("machine", ("s3:GetObject", "arn:aws:s3:::bundles/*"))
    assert fleet.deploy()["status"] == "Succeeded"


def test_a_profile_without_a_role_downloads_nothing(fleet: Bench) -> None:
    fleet.launch()
    fleet.client("iam").remove_role_from_instance_profile(InstanceProfileName="machine", RoleName="machine")
    target = fleet.target(fleet.deploy()["deploymentId"])
    assert "has no role that trusts ec2.amazonaws.com" in found(target, "DownloadBundle")["message"]


def test_what_s3_does_not_have_is_named(fleet: Bench) -> None:
    fleet.launch()
    target = fleet.target(fleet.deploy(place("gone.zip"))["deploymentId"])
    diagnostics = found(target, "DownloadBundle")
    assert (diagnostics["errorCode"], diagnostics["message"]) == ("UnknownError", "The specified key does not exist.")


# --- which object


def test_a_revisions_version_is_deployed(site: Site) -> None:
    s3 = site.bench.client("s3")
    s3.put_bucket_versioning(Bucket="bundles", VersioningConfiguration={"Status": "Enabled"})
    site.put(site.hooks(AfterInstall="echo old $BUNDLE_VERSION"))
    version = s3.head_object(Bucket="bundles", Key="app.zip")["VersionId"]
    site.put(site.hooks(AfterInstall="echo new $BUNDLE_VERSION"))
    newest = s3.head_object(Bucket="bundles", Key="app.zip")["VersionId"]
    assert f"[stdout]old {version}\n" in site.log(site.deploy(version=version))
    assert f"[stdout]new {newest}\n" in site.log(site.deploy())


def test_another_object_than_the_revisions_etag_names_is_refused(site: Site) -> None:
    site.put(EMPTY)
    etag = site.bench.client("s3").head_object(Bucket="bundles", Key="app.zip")["ETag"].strip('"')
    site.deploy(etag=etag)
    site.put({**EMPTY, "more.txt": "more"})
    message = site.fails(etag=etag).message
    assert message.startswith(f"Expected deployment artifact bundle etag {etag} but was actually ")


# --- the AppSpec file


@pytest.mark.parametrize("name", ["appspec.yml", "appspec.yaml"])
def test_the_appspec_file_has_one_of_two_names(site: Site, name: str) -> None:
    site.deploy({name: spec()})


def test_a_revision_without_an_appspec_file_fails_at_its_first_script(site: Site) -> None:
    site.put({"readme.txt": "nothing"})
    agent = site.agent()
    agent.run("ApplicationStop")
    agent.run("DownloadBundle")
    with pytest.raises(LifecycleError, match="did not find an AppSpec file") as error:
        agent.run("BeforeInstall")
    assert f'"{site.folder(agent.assignment.deployment_id)}/deployment-archive/appspec.yml"' in error.value.message


def test_an_unknown_event_fails_the_installation(site: Site) -> None:
    site.put({"appspec.yml": spec(hooks={"AfterLunch": [{"location": "nap.sh"}]})})
    agent = site.agent()
    agent.run("DownloadBundle")
    agent.run("BeforeInstall")
    with pytest.raises(LifecycleError) as error:
        agent.run("Install")
    assert error.value.message == 'appspec.yml file contains unknown lifecycle events: ["AfterLunch"]'


# --- stopping


def test_a_stopped_agent_does_nothing_more(site: Site) -> None:
    site.put(EMPTY)
    agent = site.agent()
    agent.stop()
    with pytest.raises(LifecycleError, match="stopped"):
        agent.run("DownloadBundle")
    assert not site.host(site.folder(agent.assignment.deployment_id)).exists()


def test_an_instance_that_was_stopped_runs_nothing(site: Site) -> None:
    site.put(EMPTY)
    agent = site.agent()
    agent.run("DownloadBundle")
    site.bench.ec2.stop_instances(InstanceIds=[site.machine.instance.id])
    with pytest.raises(LifecycleError, match=site.machine.instance.id):
        agent.run("Install")
