import threading
from pathlib import Path

import quantumbattery
from quantumbattery.quantities.cached import cached_property


class Slow:
    def __init__(self, wait=None):
        self.wait, self.asked = wait, 0

    @cached_property
    def value(self):
        self.asked += 1
        if self.wait is not None:
            self.begun.set()
            self.wait.wait(5)
        return object()

    begun = threading.Event()


def test_once_for_each_instance():
    one, other = Slow(), Slow()
    assert one.value is one.value is not other.value
    assert (one.asked, other.asked) == (1, 1)
    assert Slow.__dict__["value"].__get__(None, Slow) is Slow.__dict__["value"]


def test_nobody_waits_for_another_instance():
    """A lock that all share is what a process forked meanwhile would wait for, for ever."""
    go = threading.Event()
    slow, quick = Slow(go), Slow()
    first = threading.Thread(target=lambda: slow.value, daemon=True)
    first.start()
    assert Slow.begun.wait(5)
    second = threading.Thread(target=lambda: quick.value, daemon=True)
    second.start()
    second.join(3)
    waited = second.is_alive()
    go.set()
    assert not waited


def test_every_room_has_those_without_a_lock():
    folder = Path(quantumbattery.__file__).parent
    files = [p for p in folder.rglob("*.py") if p.name != "cached.py"]
    found = [p.name for p in files if "functools import cached_property" in p.read_text("utf-8")]
    assert len(files) > 100
    assert not found
