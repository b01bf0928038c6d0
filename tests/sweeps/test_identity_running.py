"""What a swept function writes to while it runs makes no other study of it, and hides none."""

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
