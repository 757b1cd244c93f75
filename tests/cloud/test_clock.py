from datetime import timedelta
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from cicdlab.cloud.clock import EPOCH, Clock


def test_an_instant_clock_stands_at_the_epoch_until_something_happens():
    clock = Clock()
    assert clock.now() == EPOCH == clock.now()


def test_work_takes_fixed_steps_in_instant_mode():
    clock = Clock()
    timeline = clock.timeline()
    timeline.work(2)
    timeline.work(3)
    assert timeline.now() == EPOCH + timedelta(seconds=5) == clock.now()


def test_parallel_runs_do_not_change_each_others_durations():
    clock = Clock()
    one, other = clock.timeline(), clock.timeline()
    one.work(100)
    other.work(1)
    assert other.now() - EPOCH == timedelta(seconds=1)
    assert clock.now() - EPOCH == timedelta(seconds=100)


def test_a_machine_wait_is_skipped_in_instant_mode():
    clock = Clock()
    timeline = clock.timeline()
    timeline.wait(86400)
    assert timeline.now() == clock.now() == EPOCH + timedelta(days=1)


def test_a_machine_wait_passes_scaled():
    clock = Clock("60x")
    timeline = clock.timeline()
    before = clock.now()
    timeline.wait(6)
    assert clock.now() - before >= timedelta(seconds=6)


def test_under_hold_a_wait_lasts_until_time_was_advanced_far_enough():
    clock = Clock()
    clock.hold()
    timeline = clock.timeline()
    waiting = Thread(target=timeline.wait, args=(300,), daemon=True)
    waiting.start()
    clock.advance(299)
    waiting.join(0.05)
    assert waiting.is_alive()
    clock.advance(1)
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_release_ends_the_wait():
    clock = Clock()
    clock.hold()
    waiting = Thread(target=clock.timeline().wait, args=(300,), daemon=True)
    waiting.start()
    clock.release()
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_held_clock_stands_still_in_every_mode():
    for mode in ("instant", "60x", "real"):
        clock = Clock(mode)
        clock.hold()
        assert clock.now() == clock.now()


def test_time_never_goes_back():
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="warp"):
        Clock("warp")


def order(endpoint, body):
    with urlopen(Request(f"{endpoint}/_cicdlab/clock", data=body, method="POST")) as answer:
        return answer.read()


def test_the_endpoint_moves_time(cloud):
    assert b"2026-11-02T09:05:00" in order(cloud.endpoint, b'{"advance": 300}')
    assert b'"held": true' in order(cloud.endpoint, b'{"hold": true}')
    assert b'"held": false' in order(cloud.endpoint, b'{"hold": false}')


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"advance": -1}', b'{"advance": true}', b'{"advance": 1e400}'])
def test_a_wrong_order_to_the_clock_is_an_error_that_changes_nothing(cloud, body):
    with pytest.raises(HTTPError) as refused:
        order(cloud.endpoint, body)
    assert refused.value.code == 400
    assert cloud.core.clock.now() == EPOCH
