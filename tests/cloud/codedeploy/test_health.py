"""How many instances a deployment takes at once: AWS's examples, and what holds for every number."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cicdlab.cloud.codedeploy import configurations, health
from cicdlab.cloud.codedeploy.model import InstanceHealth, MinimumHealthyHosts, Revision


def minimum(kind: str, value: int) -> MinimumHealthyHosts:
    return MinimumHealthyHosts(type=kind, value=value)


def predefined(name: str) -> MinimumHealthyHosts:
    found = configurations.predefined()[f"CodeDeployDefault.{name}"].minimum_healthy_hosts
    assert found
    return found


def run(setting: MinimumHealthyHosts, outcomes: list[bool]) -> tuple[bool, list[int]]:
    """Return whether a deployment on instances that end so succeeds, and the sizes of its batches."""
    tally = health.Tally(len(outcomes), health.required(setting, len(outcomes)))
    sizes = []
    while tally.possible and (size := tally.batch):
        begun = sum(sizes)
        ended = outcomes[begun : begun + size]
        sizes.append(size)
        tally = tally.after(ended.count(True), ended.count(False))
    return tally.success, sizes


def good(total: int) -> list[bool]:
    return [True] * total


@pytest.mark.parametrize(
    ("value", "sizes"), [(9, [1] * 10), (3, [7, 3]), (0, [10]), (10, []), (11, [])], ids=lambda value: str(value)
)
def test_the_minimum_of_ten_instances_decides_on_the_batches(value: int, sizes: list[int]) -> None:
    assert run(minimum("HOST_COUNT", value), good(10)) == (bool(sizes), sizes)


def test_six_of_nine_healthy_leave_three_at_a_time() -> None:
    assert run(minimum("HOST_COUNT", 6), good(9)) == (True, [3, 3, 3])


@pytest.mark.parametrize(
    ("percent", "total", "needed"), [(95, 10, 10), (40, 9, 4), (50, 9, 5), (50, 10, 5), (0, 9, 0), (1, 1, 1)]
)
def test_percentages_round_up(percent: int, total: int, needed: int) -> None:
    assert health.required(minimum("FLEET_PERCENT", percent), total) == needed


def test_ninety_five_percent_of_ten_can_not_begin() -> None:
    assert run(minimum("FLEET_PERCENT", 95), good(10)) == (False, [])
    assert not health.Tally(10, 10).possible


def test_half_of_nine_goes_in_batches_of_four_and_needs_five() -> None:
    half = predefined("HalfAtATime")
    assert run(half, good(9)) == (True, [4, 4, 1])
    assert run(half, [False] * 4 + good(5)) == (False, [4])
    assert run(half, [False] * 3 + good(6)) == (True, [4, 1, 1, 1, 1, 1])
    assert run(half, good(5) + [False] * 4) == (True, [4, 4, 1])


def test_all_at_once_needs_one_that_succeeds() -> None:
    everything = predefined("AllAtOnce")
    assert run(everything, [False] * 8 + [True]) == (True, [9])
    assert run(everything, [False] * 9) == (False, [9])


def test_one_at_a_time_forgives_the_last_one() -> None:
    one = predefined("OneAtATime")
    assert run(one, good(8) + [False]) == (True, [1] * 9)
    assert run(one, good(3) + [False] + good(5)) == (False, [1] * 4)
    assert run(one, [False]) == (False, [1])
    assert run(one, good(1)) == (True, [1])


SETTINGS = some.one_of(
    some.builds(minimum, some.just("HOST_COUNT"), some.integers(0, 40)),
    some.builds(minimum, some.just("FLEET_PERCENT"), some.integers(0, 100)),
    some.just(minimum("MOST_CONCURRENCY", 1)),
)
OUTCOMES = some.lists(some.booleans(), min_size=1, max_size=30)


@given(SETTINGS, OUTCOMES)
def test_the_minimum_always_stays_healthy(setting: MinimumHealthyHosts, outcomes: list[bool]) -> None:
    needed = health.required(setting, len(outcomes))
    success, sizes = run(setting, outcomes)
    begun = 0
    for size in sizes:
        failed = outcomes[:begun].count(False)
        assert len(outcomes) - failed - size >= needed  # what failed and what is out of service now
        begun += size
    reached = outcomes[:begun]
    assert success == (begun == len(outcomes) and reached.count(True) >= max(needed, 1))


@given(SETTINGS, OUTCOMES)
def test_it_goes_on_as_long_as_it_may_and_no_longer(setting: MinimumHealthyHosts, outcomes: list[bool]) -> None:
    needed = health.required(setting, len(outcomes))
    _, sizes = run(setting, outcomes)
    begun = sum(sizes)
    if begun < len(outcomes):
        assert len(outcomes) - outcomes[:begun].count(False) <= needed


@given(SETTINGS, some.integers(1, 30))
def test_without_failures_a_deployment_that_begins_succeeds(setting: MinimumHealthyHosts, total: int) -> None:
    success, sizes = run(setting, good(total))
    assert success == (sum(sizes) == total) == (health.required(setting, total) < total)


OLD: dict[str, Any] = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "old", "bundleType": "zip"}}


def test_unhealthy_instances_come_first_then_unknown_old_and_current_ones() -> None:
    old = Revision.model_validate(OLD)
    new = old.model_copy(update={"s3_location": old.s3_location.model_copy(update={"key": "new"})})
    known = {
        "i-1": InstanceHealth(True, new),
        "i-2": InstanceHealth(True, old),
        "i-3": InstanceHealth(True, None),
        "i-4": InstanceHealth(False, old),
        "i-6": InstanceHealth(True, old),
    }
    order = health.in_order(["i-6", "i-5", "i-4", "i-3", "i-2", "i-1"], known, new)
    assert order == ["i-4", "i-5", "i-3", "i-2", "i-6", "i-1"]
