"""What a swept function does is told by everything of a user's own that it reads."""

import os
import subprocess
import sys

import numpy as np
import pytest

from quantumbattery.sweeps.identity import identity
from roads.users_modules import BEFORE, module, told

NUMBER = "1.0", "2.0"

# What a module holds, the value that run(x) gives, and what takes the place of %s.
CASES = {
    "constant in a comprehension": ("", "[%s for _ in range(1)]", NUMBER),
    "text in a comprehension": ("", "[x[%s] for _ in range(1)]", ("'a'", "'b'")),
    "text in a generator": ("", "sum(x[%s] for _ in range(1))", ("'a'", "'b'")),
    "text in a lambda": ("f = lambda x: x[%s]", "f(x)", ("'a'", "'b'")),
    "attribute of a function": ("def f(x): return f.y\nf.y = %s", "f(x)", NUMBER),
    "cached property": (
        "class K:\n    @functools.cached_property\n    def y(self): return %s",
        "K().y",
        NUMBER,
    ),
    "cached method": (
        "class K:\n    @functools.lru_cache\n    def y(self): return %s",
        "K().y()",
        NUMBER,
    ),
    "cached class method": (
        "class K:\n    @classmethod\n    @functools.cache\n    def y(cls): return %s",
        "K.y()",
        NUMBER,
    ),
    "partial method": (
        "class K:\n    def f(self, y): return y\n    y = functools.partialmethod(f, %s)",
        "K().y()",
        NUMBER,
    ),
    "descriptor": (
        "class D:\n    def __get__(self, *_): return %s\nclass K:\n    y = D()",
        "K.y",
        NUMBER,
    ),
    "metaclass": (
        "class M(type):\n    @property\n    def y(cls): return %s\nclass K(metaclass=M): pass",
        "K.y",
        NUMBER,
    ),
    "base of another name": ("class A:\n    y = %s\nclass K(A): pass", "K.y", NUMBER),
    "abstract base": ("class A(abc.ABC):\n    y = %s\nclass K(A): pass", "K.y", NUMBER),
    "enumeration": ("class K(enum.Enum):\n    Y = %s", "K.Y.value", NUMBER),
    "enumeration of numbers": ("class K(float, enum.Enum):\n    Y = %s", "x * K.Y", NUMBER),
    "class in a class": ("class K:\n    class J:\n        y = %s", "K.J.y", NUMBER),
    "fraction in a class": ("class K:\n    y = fractions.Fraction(%s)", "K.y", ("1", "2")),
    "decimal in a class": ("class K:\n    y = decimal.Decimal(%s)", "K.y", ("1", "2")),
    "names in a class": ("class K:\n    y = types.SimpleNamespace(z=%s)", "K.y.z", NUMBER),
    "polynomial in a class": ("class K:\n    y = np.poly1d([%s, 0.0])", "K.y(x)", NUMBER),
    "call in a class": (
        "def f(self, x, y): return y\nclass K:\n    __call__ = functools.partialmethod(f, y=%s)",
        "K()(x)",
        NUMBER,
    ),
    "class that is made": (
        "K = dataclasses.make_dataclass('K', [('y', float, dataclasses.field(default=%s))])",
        "K().y",
        NUMBER,
    ),
    "class of types": ("K = types.new_class('K', (), {}, lambda c: c.update(y=%s))", "K.y", NUMBER),
    "set of a class of its own": ("class S(set): pass\nY = S({'a', 'b', %s})", "x in Y", NUMBER),
    "set in a class": ("class K:\n    y = frozenset({%s})", "K.y", NUMBER),
    "list in a class": ("class K:\n    y = [%s]", "K.y[0]", NUMBER),
    "list that is only read": ("Y = [%s]", "Y[0] * x", NUMBER),
    "dictionary that is only read": ("Y = {'a': %s}", "Y['a'] * x", NUMBER),
    "set that is only read": ("Y = {%s}", "x in Y", NUMBER),
    "vectorized function": ("def f(x): return %s\nF = np.vectorize(f)", "F(x)", NUMBER),
    "function in names": (
        "def f(x): return %s\nN = types.SimpleNamespace(g=f)",
        "N.g(x)",
        NUMBER,
    ),
    "function in an object": (
        "def f(x): return %s\n@dataclasses.dataclass\nclass K:\n    g: object\nk = K(f)",
        "k.g(x)",
        NUMBER,
    ),
    "object in an object": (
        "class J:\n    y = %s\n@dataclasses.dataclass\nclass K:\n    g: object\nk = K(J())",
        "k.g.y",
        NUMBER,
    ),
    "factory": (
        "@dataclasses.dataclass\n"
        "class K:\n    y: float = dataclasses.field(default_factory=lambda: %s)",
        "K().y",
        NUMBER,
    ),
    "object with slots": (
        "@dataclasses.dataclass(frozen=True, slots=True)\nclass K:\n    y: float = %s\nk = K()",
        "k.y",
        NUMBER,
    ),
    "function in a tuple": ("def f(x): return %s\nF = (f,)", "F[0](x)", NUMBER),
    "partial function": (
        "def f(x, y): return y\nF = functools.partial(f, y=%s)",
        "F(x)",
        NUMBER,
    ),
    "method of a dictionary": ("look = {'a': %s}.get", "look('a')", NUMBER),
    "method of a text": ("join = %s.join", "join('ab')", ("'-'", "'+'")),
    "method of a generator": ("draw = np.random.default_rng(%s).normal", "draw()", ("1", "2")),
    "kind of an array": ("M = np.%s([[1.0, 2.0], [3.0, 4.0]])", "M * M", ("array", "ma.array")),
    "mask": ("M = np.ma.array([1.0, 2.0], mask=%s)", "M.mean()", ("[0, 1]", "[0, 0]")),
    "array of objects": ("A = np.array([%s, 'x'], dtype=object)", "A[0]", NUMBER),
    "read-only view": ("Y = types.MappingProxyType({'y': %s})", "Y['y']", NUMBER),
    "queue": ("Y = collections.deque([%s])", "Y[0]", NUMBER),
    "named tuple": ("K = collections.namedtuple('K', 'y')\nk = K(%s)", "k.y", NUMBER),
    "what is enclosed, beside a name of an inner function": (
        "def make(k):\n    def h(x):\n        def g():\n            k = [0]\n"
        "            return lambda: k\n        return g, k\n    return h\nh = make(%s)",
        "h(x)",
        NUMBER,
    ),
    "library by another name": ("import numpy.%s as m", "m.ifft(x)", ("fft", "linalg")),
    "range": ("R = range(%s)", "len(R)", ("1", "2")),
    "operator": ("G = operator.attrgetter(%s)", "G(x)", ("'a'", "'b'")),
    "attributes of an axis": ("A = xr.DataArray([1.0], attrs={'y': %s})", "A.attrs['y']", NUMBER),
    "one function of several": (
        "@functools.singledispatch\ndef f(x): return x\n@f.register\ndef _(x: float): return %s",
        "f(x)",
        NUMBER,
    ),
    "decorator": (
        "def by(y):\n    def d(f):\n"
        "        @functools.wraps(f)\n        def g(x): return f(x) * y\n"
        "        return g\n    return d\n@by(%s)\ndef h(x): return x",
        "h(x)",
        NUMBER,
    ),
    "envelope": (
        "def pulse(t): return %s * t\nD = qb.drive('a', 1.0, 1.0, envelope=pulse)",
        "D",
        NUMBER,
    ),
    "end of what is tried": (
        "def f(x):\n    try:\n        y = 1 / x\n%s    except ZeroDivisionError:\n"
        "        y = 0\n    return y",
        "f(x)",
        ("        y = y / x\n", "    finally:\n        y = 1\n    try:\n        y = y / x\n"),
    ),
}


@pytest.mark.parametrize(("held", "value", "each"), CASES.values(), ids=CASES)
def test_what_is_read_counts(held, value, each):
    one, other = ((held.replace("%s", y), value.replace("%s", y)) for y in each)
    assert told(*one) == told(*one)
    assert told(*one) != told(*other)


@pytest.mark.parametrize(
    "reduce",
    [
        np.mean,
        np.add,
        np.linalg.norm,
        str.upper,
        dict.fromkeys,
        len,
        np.random.default_rng(1).normal,
    ],
)
def test_functions_of_libraries_are_told_by_name(reduce):
    def made(by):
        return lambda x: by(x)

    assert identity(made(reduce)) == identity(made(reduce))
    assert identity(made(reduce)) != identity(made(np.max))


def test_other_modules_count_unless_they_are_libraries():
    def made(number):
        module(f"y = {number}\nTABLE = {{'a': {number}}}\ndef f(x): return y", "users_other")
        return told("import users_other", "users_other.f(x)"), told(
            "from users_other import f", "f(x)"
        )

    one, other, again = made("1.0"), made("2.0"), made("1.0")
    assert one == again
    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize(
    "held",
    [
        "def make(m):\n    return lambda x: m.f(x)\nh = make(users_other)",
        "h = functools.partial(lambda m, x: m.f(x), users_other)",
        "def h(x, m=users_other): return m.f(x)",
        "def h(x): return h.m.f(x)\nh.m = users_other",
        "class K:\n    m = users_other\n    def f(self, x): return self.m.f(x)\nh = K().f",
        "D = {'m': users_other}\ndef h(x): return D['m'].f(x)",
    ],
)
def test_modules_that_are_handed_on_count_as_a_whole(held):
    def made(number):
        module(f"y = {number}\ndef f(x): return y", "users_other")
        return told(f"import users_other\n{held}", "h(x)")

    assert made("1.0") == made("1.0")
    assert made("1.0") != made("2.0")


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("import users_pack.deep", "users_pack.deep.f(x)"),
        ("import users_pack", "users_pack.deep.f(x)"),
        ("import users_pack", "users_pack.g(x)"),
        ("def h(x):\n    import users_pack.deep\n    return users_pack.deep.f(x)", "h(x)"),
        ("def h(x):\n    from users_pack.deep import f\n    return f(x)", "h(x)"),
        ("def h(x):\n    import users_pack as p\n    return [p.deep.f(y) for y in [x]]", "h(x)"),
        ("import users_pack", "users_pack.made_when_asked"),
        (
            "class K:\n    def __call__(self, x):\n        from users_pack import g\n"
            "        return g(x)\nk = K()",
            "k(x)",
        ),
    ],
)
def test_packages_and_what_is_brought_in_later(before, value):
    def made(number):
        pack = module(f"def __getattr__(name): return {number}", "users_pack")
        pack.__path__ = []
        pack.deep = module(f"def f(x): return {number}", "users_pack.deep")
        deeper = module(f"def f(x): return {number}", "users_pack.deep.er")
        pack.g = lambda x: deeper.f(x)
        return told(before, value)

    assert made(1.0) == made(1.0)
    assert made(1.0) != made(2.0)


def test_comments_and_docstrings_do_not_count():
    plain = module("def run(x):\n    'What it does.'\n    return x").run
    other = module("def run(x):\n    'What it gives.'\n    # a remark\n    return x").run
    assert identity(plain) == identity(other)
    nothing = module("def run(x):\n    return x").run
    assert identity(nothing) == identity(plain)
    classes = [
        module(f"def run(x):\n{before}    class K:\n        {said}y = 1.0\n    return K.y * x").run
        for before, said in (("", ""), ("    # a remark\n", ""), ("", "'Said.'\n        "))
    ]
    assert len({identity(each) for each in classes}) == 1


def test_circles_of_functions_and_objects_come_to_an_end():
    calls = "\n".join(
        f"def f{i}(x): return {' + '.join(f'f{j}(x)' for j in range(30))}" for i in range(30)
    )
    held = f"""
{calls}
class K: pass
a, b = K(), K()
a.other, b.other, a.me, a.number = b, {{a}}, [a], %s
Y = [1.0]; Y.append(Y)
D = {{}}; D['D'] = D
a.D, a.f, a.run = D, f0, lambda x: a
"""
    assert told(held % "1.0", "a, Y, f0(x)") == told(held % "1.0", "a, Y, f0(x)")
    assert told(held % "1.0", "a, Y, f0(x)") != told(held % "2.0", "a, Y, f0(x)")


def test_it_is_the_same_in_every_process(tmp_path):
    """Whatever the seed of hashes, and whether its module was compiled or read."""
    cases = [(h.replace("%s", y[0]), v.replace("%s", y[0])) for h, v, y in CASES.values()]
    body = "\n".join(
        f"def make{k}():\n    T = (1, 'a', ('b', 2)), {{'a', 'b'}}\n"
        + "\n".join(f"    {line}" for line in f"{h}\ndef run(x): return {v}, T".split("\n"))
        + "\n    return run"
        for k, (h, v) in enumerate(cases)
    )
    (tmp_path / "users_own.py").write_text(BEFORE + body)
    script = "import users_own\nfrom quantumbattery.sweeps.identity import identity\n" + "".join(
        f"print(identity(users_own.make{k}()))\n" for k in range(len(cases))
    )

    def run(seed):
        path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": path}
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    first = run(1)
    assert len(first.split()) == len(cases)
    assert all(run(seed) == first for seed in (2, 3))


def test_objects_that_raise_or_answer_everything_are_refused():
    class Raises:
        def __call__(self, x):
            return x

        @property
        def fingerprint(self):
            raise RuntimeError("no")

    with pytest.raises(ValueError, match=r"the same next time \(no\)"):
        identity(Raises())

    class Broken:
        def __reduce__(self):
            raise ValueError("no")

        def __repr__(self):
            raise RuntimeError("no repr")

    broken = Broken()
    with pytest.raises(ValueError, match="run holds an object of Broken, of which nobody"):
        identity(lambda x: (x, broken))
    deep = 1.0
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError, match="nobody can tell whether it is the same"):
        identity(lambda x: (x, deep))
