"""What a swept function writes to while it runs makes no other study of it, and hides none."""

import os
import subprocess
import sys

import pytest

from quantumbattery.sweeps.identity import identity
from roads.users_modules import module, told


def test_what_is_written_to_does_not_count():
    source = """
LOG, CACHE, COUNTS = [], {}, collections.Counter()
class K:
    kept = {}
    def y(self, x): self.kept[x] = 1; return x
class Model:
    def __init__(self, y): self.y, self.seen = y, {}
    @functools.cached_property
    def square(self): return self.y**2
    def __call__(self, x): self.seen[x] = self.square; return x
model = Model(2.0)
def note(x): LOG.append(x)
def kept(x):
    if x not in CACHE: CACHE[x] = (x, x)[0]
    return CACHE[x]
def memoize(f):
    cache = {}
    def g(x):
        if (x, 1) not in cache: cache[x, 1] = f(x)
        return cache[x, 1]
    return g
@memoize
def h(x): return x
def run(x):
    run.calls = getattr(run, "calls", 0) + 1
    note(x)
    return len(LOG) * 0 + K().y(x) + kept(x) + h(x) + model(x)
"""
    made = module(source)
    before = identity(made.run)
    made.run(1.0)
    assert (made.LOG, made.CACHE, made.K.kept) == ([1.0], {1.0: 1.0}, {1.0: 1})
    assert made.model.seen == {1.0: 4.0}
    assert identity(made.run) == before
    made.model.y = 3.0
    assert identity(made.run) != before


HIDING = [
    "h[int(x > 0)] = Y['a']",
    "h[i] = Y['a']",
    "h[0 if x > 1 else 1] = Y['a']",
    "h[int(x) or 1] = Y['a']",
    "g[0][0] = Y['a']",
    "dict(g=h).update(Y)",
    "o.Y = {}; o.Y['a'] = Y['a']",
    "t = xr.Dataset({'Y': ('x', [0.0])}); t.Y.attrs['Y'] = 1; t.Y.values[0] = Y['a']",
]


@pytest.mark.parametrize("line", HIDING)
def test_what_else_is_written_to_hides_no_table_that_is_read(line):
    held = f"""
Y, o = {{'a': %s}}, types.SimpleNamespace()
class K:
    def __init__(self): self.Y = {{}}
    def y(self): self.Y['b'] = 1
def unrelated():
    Y = {{}}
    def inner(): Y['b'] = 1
    return inner
def f(x):
    h, g, i = np.zeros(2), [[0.0]], 0
    K().y(), unrelated()()
    {line}
    return h, g
"""
    assert told(held % "1.0", "f(x)") != told(held % "2.0", "f(x)")


FILLED = [
    "class K:\n    def __init__(self): self.y = np.zeros(2); self.y[0] = %s\nk = K()",
    "class K:\n    def __init__(self): self.y = []; self.add(%s)\n"
    "    def add(self, y): self.y.append(y)\nk = K()",
    "class K:\n    def __init__(self): self.y = {}\n    def set(self, y): self.y.update(y)\n"
    "k = K()\nk.set({'a': %s})",
    "class K:\n    y = []\n    def add(self, y): self.y.append(y)\nk = K()\nk.add(%s)",
    "@dataclasses.dataclass\nclass K:\n    y: dict\n    def __post_init__(self): self.y['b'] = 1\n"
    "k = K({'a': %s})",
]


@pytest.mark.parametrize("held", FILLED)
def test_what_objects_are_filled_with_before_counts(held):
    def made(number):
        return told(f"{held % number}\ndef f(x): return k.y", "f(x)")

    assert made("1.0") == made("1.0")
    assert made("1.0") != made("2.0")


RUNNING = {
    "memo in a default": ("def f(x, memo={}):\n    memo[x] = x\n    return x", "f(x)"),
    "list that a method writes to": (
        "LOG = []\nclass M:\n    def note(self, x): LOG.append(x)\nm = M()",
        "m.note(x), len(LOG)",
    ),
    "counter of another function": (
        "n = 0\ndef bump():\n    global n\n    n += 1",
        "(bump(), n)[0]",
    ),
    "count of another function": ("def f(x): return x\nf.n = 0\ndef g(): f.n += 1", "(g(), f(x))"),
    "attribute of another function": (
        "def f(x): return x\ndef note(x): f.last = x",
        "note(x), f(x)",
    ),
    "counter that is enclosed": (
        "def make():\n    n = 0\n    def g(x):\n        nonlocal n\n        n += 1\n"
        "        return x\n    return g\ng = make()",
        "g(x)",
    ),
    "array that is filled": ("B = np.zeros(3)\ndef f(x): B[0] = x; return B.sum()", "f(x)"),
    "queue": ("Q = collections.deque()\ndef f(x): Q.append(x)", "f(x)"),
    "counts": ("N = collections.Counter()\ndef f(x): N[x] += 1", "f(x)"),
    "cached property": (
        "class K:\n    @functools.cached_property\n    def y(self): return 2.0\nk = K()",
        "k.y * x",
    ),
    "generator of a library": ("from numpy.random import random", "random() * x"),
    "distribution of a library": ("from scipy.stats import norm", "norm.rvs() * x"),
    "frozen distribution": ("from scipy.stats import norm\nn = norm(1.0, 2.0)", "n.rvs() * x"),
    "matrix of QuTiP": ("import qutip\nq = qutip.Qobj([[0, 1], [1, 0]])", "q.isherm"),
    "sparse matrix": (
        "import scipy.sparse\ns = scipy.sparse.csr_matrix(np.eye(3)[::-1])",
        "s.has_canonical_format, s.sum()",
    ),
    "name of an attribute": (
        "energy = None\ndef f(x): return xr.Dataset({'energy': x})",
        "f(x).energy.values",
    ),
}


@pytest.mark.parametrize(("held", "value"), RUNNING.values(), ids=RUNNING)
def test_running_changes_nothing(held, value):
    made = module(f"{held}\ndef run(x): return {value}")
    before = identity(made.run)
    made.run(1.0)
    if "energy" in vars(made):
        made.energy = [made.run(1.0)]
    assert identity(made.run) == before


@pytest.mark.parametrize(
    "held",
    [
        "class T(dict): __getattr__ = dict.__getitem__\nY = T(a=1.0)",
        "class T:\n    def __getattr__(self, name): raise RuntimeError('no')\nY = T()",
        "class T:\n    def __getattr__(self, name): return self\nY = T()",
    ],
)
def test_objects_that_make_attributes_of_their_own_are_told_or_refused(held):
    def outcome():
        try:
            return told(held, "Y, x")
        except ValueError as error:
            return str(error)

    assert len(outcome()) == 64 or "give run an attribute `fingerprint`" in outcome()


AS_A_PROGRAM = """
import dataclasses, functools, logging
LOG = logging.getLogger(__name__)
class Counted:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f = f
    def __call__(self, x): return self.f(x)
@Counted
def f(x): return x
@dataclasses.dataclass
class P:
    y: float = 1.0
p = P()
def run(x):
    class K:
        y = 1.0
    LOG.info(__name__)
    return f(x) * K.y * p.y
"""


def test_a_program_is_the_same_when_it_is_imported(tmp_path):
    (tmp_path / "users_program.py").write_text(
        f"{AS_A_PROGRAM}\nfrom quantumbattery.sweeps.identity import identity\nprint(identity(run))"
    )

    def said(*given):
        path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | {"PYTHONPATH": path}
        command = [sys.executable, *given]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    first = said(str(tmp_path / "users_program.py"))
    assert said("-c", "import users_program") == first
    assert said("-m", "users_program") == first
    assert said("-m", "cProfile", "-o", os.devnull, str(tmp_path / "users_program.py")) == first
