from concurrent.futures import ThreadPoolExecutor

from cicdlab.cloud.ids import Ids


def test_ids_are_the_same_in_every_run_and_differ_from_each_other():
    def draw():
        ids = Ids()
        return [ids.uuid("build", "demo"), ids.uuid("build", "demo"), ids.uuid("build", "other")]

    assert draw() == draw()
    assert len(set(draw())) == 3


def test_parallel_work_draws_the_same_ids_in_any_order():
    ids = Ids()
    with ThreadPoolExecutor(8) as pool:
        drawn = dict(pool.map(lambda n: (n, ids.uuid("build", f"project-{n}")), range(50)))
    again = Ids()
    assert drawn == {n: again.uuid("build", f"project-{n}") for n in reversed(range(50))}


def test_numbers_count_per_name_and_start_again_after_a_reset():
    ids = Ids()
    assert [ids.number("build", "a"), ids.number("build", "a"), ids.number("build", "b")] == [1, 2, 1]
    ids.reset()
    assert ids.number("build", "a") == 1
