"""The containers: a valid file, pinned images, nothing published beyond loopback, the usual ports."""

import inspect
import json
import re
from importlib import resources
from typing import Any

import check_jsonschema
import jsonschema
import pytest
import yaml

from cicdlab import cli
from cicdlab.lab.places import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+\.\d+[\w.-]*")


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    text = (
        resources.files(check_jsonschema)
        .joinpath("builtin_schemas/vendor/compose-spec.json")
        .read_text(encoding="utf-8")
    )
    schema = json.loads(text)
    return jsonschema.validators.validator_for(schema)(schema)


def test_it_follows_the_compose_specification(validator: Any) -> None:
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_schema_finds_a_mistake(validator: Any) -> None:
    wrong = {**COMPOSE, "services": {**SERVICES, "book": {**SERVICES["book"], "port": ["127.0.0.1:1:1"]}}}
    assert not validator.is_valid(wrong)


def test_the_four_services_are_there() -> None:
    assert set(SERVICES) == {"localstack", "engine", "jupyterlab", "book"}
    assert SERVICES["localstack"]["image"] == "localstack/localstack:4.14.0"


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_the_image_that_ours_is_made_from_is_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert bases
    assert all(PINNED.fullmatch(base) for base in bases)


def test_ports_are_those_of_cicdlab_start_on_loopback_only() -> None:
    defaults = {name: each.default for name, each in inspect.signature(cli.start).parameters.items()}
    options = {"localstack": "cloud_port", "engine": "engine_port", "jupyterlab": "lab_port", "book": "book_port"}
    wanted = {name: [f"127.0.0.1:{defaults[option]}:{defaults[option]}"] for name, option in options.items()}
    assert {name: service["ports"] for name, service in SERVICES.items()} == wanted


@pytest.mark.parametrize("name", SERVICES)
def test_each_says_when_it_is_healthy_and_waits_only_for_such(name: str) -> None:
    port = SERVICES[name]["ports"][0].rsplit(":", 1)[1]
    assert f":{port}/" in str(SERVICES[name]["healthcheck"]["test"])
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        assert how == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", ["engine", "jupyterlab", "book"])
def test_ours_run_without_root_and_privileges(name: str) -> None:
    assert SERVICES[name]["user"] == "1000:1000"
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "privileged" not in SERVICES[name]


def test_no_container_gets_the_docker_socket_or_a_folder_of_this_machine() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert mounts
    assert all(mount.split(":")[0] in COMPOSE["volumes"] for mount in mounts)
