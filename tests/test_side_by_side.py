"""Descriptions that are copied and sent, and charges beside each other in threads and forks."""

import copy
import os
import pickle
import threading
import time

import numpy as np
import pytest

import quantumbattery as qb

TIMES = np.linspace(0.0, 2.0, 21)
OF_THEIR_OWN = [
    qb.QubitPair(charger_loss=[0.0, 0.5]),
    qb.bloch([1.0, 2.0]),
    qb.fock(2),
    qb.coherent(1.5),
    qb.thermal(0.5),
    qb.squeezed(0.4),
    qb.state(np.eye(2) / 2),
    qb.gibbs(0.3),
]
KINDS = [
    lambda: qb.models.tavis_cummings(cells=3, charger_loss=0.1).charge(qb.coherent(1.0), TIMES),
    lambda: qb.models.chain(couplings=[1.0, 0.5, 1.0]).charge(qb.fock(1), TIMES),
    lambda: qb.models.oscillator_pair().charge(qb.coherent(2.0), TIMES),
]


def models():
    return [getattr(qb.models, name)() for name in qb.models.__all__]


@pytest.mark.parametrize(
    "again",
    [lambda each: pickle.loads(pickle.dumps(each)), copy.deepcopy, copy.copy],
    ids=["pickled", "deep", "shallow"],
)
def test_what_is_copied_is_the_same(again):
    for each in [*OF_THEIR_OWN, *models()]:
        other = again(each)
        assert other == each
        assert repr(other) == repr(each)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_threads_and_forks_charge_as_if_alone():
    alone, wrong = [kind() for kind in KINDS], []

    def work(first):
        for k in range(first, first + 4):
            if not KINDS[k % 3]().identical(alone[k % 3]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for each in threads:
        each.start()
    for k in range(3):
        child = os.fork()
        if not child:
            os._exit(0 if KINDS[k]().identical(alone[k]) else 1)
        assert ended(child) == 0
    for each in threads:
        each.join()
    assert wrong == []


def ended(child, patience=60.0):
    """The exit code of a child; None of one that waits for ever."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None
