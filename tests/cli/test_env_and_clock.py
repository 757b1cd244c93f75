"""`cicdlab env` in a real shell, and `cicdlab clock` on a real cloud."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicdlab.cloud.clients import Keys
from cicdlab.commands.clock import seconds
from cicdlab.commands.console import CommandError

from .support import CICDLAB, is_one_sentence

HOSTILE = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_CODEBUILD": "http://127.0.0.1:9",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}


def in_shell(cicdlab, script, **more):
    return subprocess.run(
        ["/bin/sh", "-euc", script],
        env=cicdlab.environ | more,
        cwd=cicdlab.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_after_eval_aws_calls_the_cloud_whatever_the_shell_had_set(cicdlab, cloud):
    script = f'eval "$({CICDLAB} env)"; aws s3 mb s3://made-in-a-shell; aws codebuild list-projects --output text'

    done = in_shell(cicdlab, script, CICDLAB_ENDPOINT=cloud.endpoint, **HOSTILE)

    assert done.returncode == 0, done.stderr
    assert [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["made-in-a-shell"]


def test_values_with_signs_of_the_shell_arrive_as_they_are(cicdlab):
    folder = cicdlab.folder / 'it\'s $HOME; `echo` "quoted"'

    done = in_shell(cicdlab, f'eval "$({CICDLAB} env)"; printf %s "$CICDLAB_WORKSPACE"', CICDLAB_WORKSPACE=str(folder))

    assert done.stdout == str(folder)


def test_beside_localstack_our_services_and_the_others_have_their_own_addresses(cicdlab):
    script = f'eval "$({CICDLAB} env --target localstack)"; echo "$AWS_ENDPOINT_URL $AWS_ENDPOINT_URL_CODEBUILD"'

    assert in_shell(cicdlab, script).stdout == "http://127.0.0.1:4566 http://127.0.0.1:4567\n"


def test_a_wrong_target_is_one_sentence_and_sets_nothing(cicdlab):
    done = cicdlab("env", "--target", "aws")

    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_sentence(done.stderr)
    assert "embedded or localstack" in done.stderr


def test_the_clock_is_shown_advanced_held_and_released(cicdlab, cloud):
    before = cloud.core.clock.now()

    shown = cicdlab("clock", CICDLAB_ENDPOINT=cloud.endpoint)
    advanced = cicdlab("clock", "advance", "1h30m", CICDLAB_ENDPOINT=cloud.endpoint)

    assert shown.stdout == f"{before:%Y-%m-%d %H:%M:%S} UTC, instant\n"
    assert cloud.core.clock.now() - before == timedelta(minutes=90)
    assert datetime.strptime(advanced.stdout[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) == cloud.core.clock.now()
    held = cicdlab("clock", "hold", CICDLAB_ENDPOINT=cloud.endpoint)
    assert held.stdout.endswith("instant, held\n")
    assert cloud.core.clock.held
    cicdlab("clock", "release", CICDLAB_ENDPOINT=cloud.endpoint)
    assert not cloud.core.clock.held


def test_a_secured_clock_moves_for_its_administrator_only(cicdlab, start_cloud):
    cloud = start_cloud(administrator=Keys("AKIAADMINISTRATOR", "of-the-administrator"))
    before = cloud.core.clock.now()

    stranger = cicdlab("clock", "advance", "5m", CICDLAB_ENDPOINT=cloud.endpoint, AWS_SECRET_ACCESS_KEY="test")
    assert stranger.returncode == 1
    assert is_one_sentence(stranger.stderr)
    assert cloud.core.clock.now() == before

    keys = {"AWS_SECRET_ACCESS_KEY": "of-the-administrator"}
    assert cicdlab("clock", "advance", "5m", CICDLAB_ENDPOINT=cloud.endpoint, **keys).returncode == 0
    assert cloud.core.clock.now() - before == timedelta(minutes=5)


@pytest.mark.parametrize("wrong", ["", "5", "m", "-5m", "5x", "5m 3s", "1.5h", "0s", "367d", "٣m"])
def test_what_is_no_duration_moves_nothing(cicdlab, cloud, wrong):
    before = cloud.core.clock.now()

    with pytest.raises(CommandError, match="is no duration"):
        seconds(wrong)
    if wrong == "5x":
        done = cicdlab("clock", "advance", wrong, CICDLAB_ENDPOINT=cloud.endpoint)
        assert done.returncode == 1
        assert is_one_sentence(done.stderr)
    assert cloud.core.clock.now() == before


@given(st.integers(0, 20), st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_the_parts_of_a_duration_add_up(days, hours, minutes, rest):
    assert seconds(f"{days}d{hours}h{minutes}m{rest}s") == days * 86400 + hours * 3600 + minutes * 60 + rest


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_one_sentence(text):
    try:
        assert 0 < seconds(text) <= 366 * 86400
    except CommandError as error:
        assert repr(text) in str(error)
