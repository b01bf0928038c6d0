"""A client of the served page that is no browser."""

import http.client
import json
import os
import time

SLOW = {"model": "dicke", "values": {"cells": "60", "start.n": "60"}, "last": "300"}


def request(server, method, path, body=None, headers=None, kind="application/json"):
    """One request as it is given: status, headers, text."""
    asked = http.client.HTTPConnection(*server.server_address[:2], timeout=60)
    given = {} if body is None else {"Content-Type": kind}
    asked.request(method, path, body, given | (headers or {}))
    answer = asked.getresponse()
    text = answer.read().decode()
    asked.close()
    return answer.status, answer.headers, text


def lines(server, path, page="a", **asked):
    """All lines of an answer."""
    status, _, text = request(server, "POST", path, json.dumps({"page": page, **asked}))
    assert status == 200, text
    return [json.loads(line) for line in text.splitlines()]


def lives(process):
    """Whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def until(true):
    """Wait for what must become true."""
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("this never became true")


def ready(browser):
    """Wait for the certified best times."""
    browser.until(
        "return document.getElementById('field-certified').textContent.startsWith('Certified')"
        "&& document.getElementById('field-progress').textContent === ''"
    )
