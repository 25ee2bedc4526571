from latentrelay.worker.watchdog import GRACE_SECONDS, Bark, Watchdog, bark


class Kennel:
    """A watchdog whose clock stands where it is put, and whether there is work."""

    def __init__(self) -> None:
        self.now = 0.0
        self.work = True
        self.dog = Watchdog(lambda: self.work, seconds=60, clock=lambda: self.now)

    def look(self, after: float = 0.0) -> Bark:
        self.now += after
        return self.dog.look()


def test_a_process_that_starves_for_too_long_is_barked_at_once_the_time_is_over() -> None:
    kennel = Kennel()
    assert [kennel.look(), kennel.look(59), kennel.look(1)] == [Bark.NOTHING, Bark.NOTHING, Bark.END]


def test_a_hint_or_an_empty_queue_begins_the_time_anew() -> None:
    kennel = Kennel()
    kennel.look()
    with kennel.dog.fed():
        pass
    assert kennel.look(60) is Bark.NOTHING
    kennel.work = False
    assert kennel.look(60) is Bark.NOTHING
    kennel.work = True
    assert [kennel.look(60), kennel.look(60)] == [Bark.NOTHING, Bark.END]


def test_a_busy_process_is_never_barked_at_and_nobody_asks_whether_it_starves() -> None:
    def fail() -> bool:
        raise AssertionError("asked")

    dog = Watchdog(fail, seconds=0)
    with dog.fed():
        assert dog.look() is Bark.NOTHING


def test_a_hint_that_comes_while_the_queue_is_asked_counts() -> None:
    def fed_meanwhile() -> bool:
        eating.__enter__()
        return True

    dog = Watchdog(fed_meanwhile, seconds=0)
    eating = dog.fed()
    assert dog.look() is Bark.NOTHING


def test_a_worker_that_was_told_to_end_and_does_not_is_killed() -> None:
    assert bark(60, 60) is Bark.END
    assert bark(60 + GRACE_SECONDS, 60) is Bark.KILL
