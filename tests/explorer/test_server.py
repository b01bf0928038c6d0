"""The server without a browser: whom it answers, and what."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import quantumbattery as qb
from explorer.asking import SLOW, lines, lives, request, until
from quantumbattery.explorer.catalogue import catalogue
from quantumbattery.explorer.jobs import Jobs
from quantumbattery.explorer.server import Server, _why_not, serve


def test_the_page_is_served_and_may_ask_its_server_alone(server):
    status, headers, text = request(server, "GET", "/")
    assert status == 200
    assert text.startswith("<!DOCTYPE html>")
    assert "connect-src 'self'" in text
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert "{{" not in text
    assert headers["X-Frame-Options"] == "DENY"
    assert all(f'"{name}"' in text for name in qb.models.__all__)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/?theta=1", 200),
        ("HEAD", "/", 200),
        ("HEAD", "/etc/passwd", 404),
        ("GET", "/etc/passwd", 404),
        ("GET", "/../pyproject.toml", 404),
        ("GET", "/system", 404),
        ("POST", "/", 404),
        ("PUT", "/system", 501),
        ("OPTIONS", "/system", 501),
    ],
)
def test_only_known_paths_are_answered(server, method, path, expected):
    assert request(server, method, path, "{}" if method == "POST" else None)[0] == expected


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:{port}", "127.0.0.1:1", "192.168.1.1:{port}", "", "a b"),
        "127.0.0.1:" + 5000 * "9",
    ],
    ids=lambda host: host[:24],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_name_for_this_address_gets_nothing(server, host, method):
    given = {"Host": host.format(port=server.server_address[1])}
    status, _, text = request(server, method, "/" if method == "GET" else "/system", None, given)
    assert status == 403
    assert "DOCTYPE" not in text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_names_of_this_machine_are_known(server, host):
    given = {"Host": f"{host}:{server.server_address[1]}"}
    assert request(server, "GET", "/", None, given)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_get_nothing(server, headers):
    body = json.dumps({"page": "a", "model": "qubit_pair"})
    status, _, text = request(server, "POST", "/system", body, headers)
    assert status == 403
    assert "table" not in text


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("{}", "text/plain", 415),
        ("{}", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ("{}", "application/json", 400),
        ('{"page": "<b>"}', "application/json", 400),
        ("[" * 9000, "application/json", 400),
        ('{"page": "' + "a" * 20000 + '"}', "application/json", 413),
    ],
)
def test_what_is_no_question_is_refused(server, body, kind, expected):
    assert request(server, "POST", "/system", body, None, kind)[0] == expected


def test_the_address_says_who_may_ask():
    with pytest.raises(ValueError, match="address of this machine"):
        Server("192.0.2.1", 0)
    with pytest.raises(ValueError, match="from 0 to 65535"):
        serve(port=70000)


def test_an_empty_address_is_not_everywhere(monkeypatch):
    monkeypatch.setattr(Server, "serve_forever", lambda _: pytest.fail("it listens"))
    with pytest.raises(ValueError, match="the address to listen at is empty"):
        serve("", port=0, browser=False)


@pytest.mark.parametrize("name", list(catalogue()))
def test_numbers_are_those_of_the_library(server, name):
    curves, best, *rest = lines(server, "/system", model=name, points="31")
    assert rest == []
    space = {}
    exec(best.get("code", curves["code"]).replace("print(table)\nprint(best)\n", ""), space)
    table = space["table"]
    for measure, values in curves["table"].items():
        if measure == "charger_energy":
            continue  # given by name only
        shown = np.array(values, dtype=float)
        # With the charger's energy a driven cavity is solved in another frame.
        np.testing.assert_allclose(shown, table[measure].values, rtol=1e-12, atol=1e-13)
    if "certified" in best:
        for measure, found in best["certified"].items():
            np.testing.assert_array_equal(float(found["time"]), space["best"][f"{measure}_time"])
            np.testing.assert_array_equal(float(found["max"]), space["best"][f"{measure}_max"])
    else:
        assert "certified optimum needs" in best["uncertified"]


@pytest.mark.parametrize(
    ("asked", "where", "said"),
    [
        (
            {"values": {"coupling": "strong"}},
            "coupling",
            "Coupling must be a number such as 1.0, 1/3 or pi/2; got 'strong'.",
        ),
        ({"values": {"coupling": "__import__('os')"}}, "coupling", "must be a number"),
        ({"values": {"cells": "0"}}, "cells", "whole number of at least 1"),
        ({"values": {"cells": "2.5"}}, "cells", "whole number"),
        ({"values": {"cells": "1e8"}}, "cells", "Cells may be 1,000,000 at most on this page"),
        ({"model": "star", "values": {"chargers": "1e4"}}, "chargers", "1,000 at most"),
        ({"model": "qubit_pair", "values": {"detuning": "-2"}}, "detuning", "Detuning must be ab"),
        ({"model": "jaynes_cummings", "values": {"detuning": "-pi"}}, "detuning", "above -1"),
        ({"values": {"charger_loss": "-1"}}, "charger_loss", "zero or positive"),
        ({"values": {"normalised": "perhaps"}}, "normalised", "true or false"),
        ({"values": {"start.n": "-1"}}, "start.n", "zero or positive"),
        ({"values": {"frequency": ["1"]}}, "frequency", "a text"),
        ({"state": "coherent", "values": {"start.alpha": "1+"}}, "start.alpha", "such as 2 or"),
        ({"state": "asleep"}, "state", "state is one of fock"),
        ({"last": "-3"}, "last", "positive"),
        ({"points": "1e9"}, "points", "from 2 to"),
        ({"disconnect": "-1"}, "disconnect", "zero or positive, or never"),
        ({"disconnect": "1:2:11"}, "disconnect", "one time"),
        ({"extraction": "magic"}, "extraction", "global, collective"),
        ({"model": "os.system"}, "", "There is no model"),
        (
            {"model": "spin_chain", "values": {"cells": "26"}},
            "",
            "Too large: at least 67,108,864 levels",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_beside_its_control(server, asked, where, said):
    (answer,) = lines(server, "/system", **{"model": "tavis_cummings"} | asked)
    assert list(answer) == ["refused"]
    assert list(answer["refused"]) == [where]
    assert said in answer["refused"][where]


def test_several_values_are_refused_at_once(server):
    (answer,) = lines(server, "/system", model="dicke", values={"cells": "x", "coupling": "y"})
    assert set(answer["refused"]) == {"cells", "coupling"}


def test_two_pages_at_once_do_not_disturb_each_other(server):
    with ThreadPoolExecutor() as pool:
        asked = [(f"page-{i}", str(0.5 + i)) for i in range(6)]
        found = list(
            pool.map(
                lambda each: lines(
                    server, "/system", each[0], model="star", values={"coupling": each[1]},
                    points="5",
                ),
                asked,
            )
        )  # fmt: skip
    for (_, coupling), answer in zip(asked, found, strict=True):
        star = qb.models.star(coupling=float(coupling))
        table = star.charge(qb.bloch(np.pi), np.linspace(0, 6, 5), ["energy"])
        assert answer[0]["table"]["energy"] == table.energy.values.tolist()


@pytest.mark.parametrize("forks", [True, False])
def test_a_superseded_computation_is_gone(forks):
    with closing(Jobs(forks=forks)) as jobs:
        slow = jobs.answers("a", SLOW | {"work": "system"})
        other = jobs.answers("b", SLOW | {"work": "system"})
        first, second = next(slow)["process"], next(other)["process"]
        assert lives(first)
        quick = {"work": "system", "model": "qubit_pair", "points": "3"}
        answers = list(jobs.answers("a", quick))
        assert "table" in answers[1]
        assert list(slow) == [{"dropped": "superseded"}]
        until(lambda: not lives(first))
        assert lives(second)
        other.close()
        until(lambda: not lives(second))


def test_a_warm_process_that_was_killed_is_replaced():
    quick = {"work": "system", "model": "qubit_pair", "points": "3"}
    with closing(Jobs(forks=True)) as jobs:
        process = next(jobs.answers("a", quick))["process"]
        until(lambda: not lives(process))
        os.kill(jobs.warm, signal.SIGKILL)
        until(lambda: "table" in str(list(jobs.answers("a", quick))))


def test_what_takes_too_long_is_stopped_in_words():
    with closing(Jobs(seconds=1.5)) as jobs:
        process, said = jobs.answers("a", SLOW | {"work": "system"})
        assert "This takes more than 1.5 s" in said["refused"][""]
        until(lambda: not lives(process["process"]))


def test_more_pages_than_there_is_room_for_are_told_to_wait(monkeypatch, server):
    monkeypatch.setattr("quantumbattery.explorer.jobs._MOST", 0)
    (said,) = lines(server, "/system", model="qubit_pair")
    assert "Too many pages" in said["refused"][""]


def test_a_page_that_is_closed_needs_no_answer(server):
    body = json.dumps({"page": "gone", **SLOW})
    asked = socket.create_connection(server.server_address[:2])
    asked.sendall(
        f"POST /system HTTP/1.1\r\nHost: 127.0.0.1:{server.server_address[1]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    until(lambda: server.jobs.pages() == ["gone"])
    asked.close()
    until(lambda: server.jobs.pages() == [])


# --- the command ---------------------------------------------------------------------------------


def explore(*words, **options):
    command = [sys.executable, "-m", "quantumbattery", "explore", "--no-browser", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def test_the_command_serves_until_it_is_interrupted():
    # Whatever runs the tests may ignore Ctrl-C, as a shell does of what it leaves behind.
    heeds = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    running = explore("--port", "0", **heeds)
    said = running.stdout.readline()
    assert "http://127.0.0.1:" in said
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    warm = children.read_text().split() if children.exists() else []
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    assert "ended" in out
    until(lambda: not any(lives(int(each)) for each in warm))


def test_a_taken_port_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = explore("--port", str(taken.getsockname()[1]))
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "is taken" in err
    assert err.count("\n") == 1


def test_beyond_the_last_port_there_is_none():
    taken = OSError(errno.EADDRINUSE, "taken")
    assert "--port 65534, or" in _why_not("127.0.0.1", 65535, taken)
    assert "--port 8643, or" in _why_not("127.0.0.1", 8642, taken)


def test_a_file_and_a_server_are_not_asked_for_together(tmp_path):
    running = explore("--export", str(tmp_path / "battery.html"))
    _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "leave out" in err
    assert list(tmp_path.iterdir()) == []
