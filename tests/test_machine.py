import os
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from quantumbattery import machine

THREADS_OF_A_FORK = """
import os, threading
from threadpoolctl import threadpool_info, threadpool_limits
import scipy.linalg
from quantumbattery.machine import limited

def threads():
    return {each["num_threads"] for each in threadpool_info()}

threadpool_limits(2)
inside, done = threading.Event(), threading.Event()

def work():
    with limited(1):
        inside.set()
        done.wait(20)

other = threading.Thread(target=work)
other.start()
inside.wait(20)
assert threads() == {1}, threads()
child = os.fork()
if not child:
    good = threads() == {2}
    with limited(1):
        good = good and threads() == {1}
    os._exit(0 if good and threads() == {2} else 1)
done.set()
other.join()
assert os.waitpid(child, 0)[1] == 0
assert threads() == {2}, threads()
"""


def threads():
    from threadpoolctl import threadpool_info

    return {each["num_threads"] for each in threadpool_info()}


def test_whoever_leaves_last_gives_the_threads_back():
    from threadpoolctl import threadpool_limits

    with threadpool_limits(2), ExitStack() as first, ExitStack() as second:
        first.enter_context(machine.limited(1))
        second.enter_context(machine.limited(1))
        assert threads() == {1}
        first.close()  # as a thread does that is done before another that began later
        assert threads() == {1}
        second.close()
        assert threads() == {2}


def test_charging_side_by_side_leaves_the_threads():
    """Two threads inside at once, of which the first to enter is the first to leave."""
    from threadpoolctl import threadpool_limits

    from quantumbattery.charging import solve

    entered, left = threading.Event(), threading.Event()

    def second():
        entered.wait(5)
        with solve.few_threads(2):
            left.wait(5)

    with threadpool_limits(2):
        other = threading.Thread(target=second)
        other.start()
        with solve.few_threads(2):
            entered.set()
            while machine._limit.entered < 2 and other.is_alive():
                pass
        left.set()
        other.join()
        assert threads() == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_a_fork_has_threads_of_its_own():
    command = [sys.executable, "-W", "ignore", "-c", THREADS_OF_A_FORK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no such thing here")
def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6})
    assert machine.cores() == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert machine.cores() == 2
    with machine.at_most(1):
        assert machine.cores() == 1


@pytest.mark.parametrize(
    ("error", "why"), [(MemoryError(), ""), (MemoryError("8 GiB"), r" \(8 GiB\)")]
)
def test_memory_that_runs_out_says_what_is_known(error, why):
    says = f"^too large for this machine{why}: use fewer"
    with pytest.raises(machine.TooLargeError, match=says), machine.at_work():
        raise error
