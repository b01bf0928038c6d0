"""The page served to a browser on this machine, which asks it for what only Python works out.

A page of another site must get nothing here: the name in Host has to be ours (else a name that
somebody points at this address would do), an Origin has to be our own, and what is asked comes as
JSON, which no form can send. Nothing that comes is evaluated: `points` reads numbers.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import re
import select
import socket
import sys
import threading
import webbrowser
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from quantumbattery.explorer.export import page
from quantumbattery.explorer.jobs import Jobs

PORT = 8642
HOST = "127.0.0.1"
_LONGEST = 1 << 14  # bytes of what a page asks
_KINDS = {"/system": "system", "/map": "map"}
_PAGE = re.compile(r"[\w-]{1,64}")
_NAMED = "this server has another name: open it by its address, or start it with --host NAME"
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Server(ThreadingHTTPServer):
    """The page and what it asks for, at an address. `close` ends it and all its work."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would share a port that is taken

    def __init__(self, host: str = HOST, port: int = PORT, jobs: Jobs | None = None) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.named = host
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise ValueError(_why_not(host, port, error)) from None
        self.text = page(served=True).encode()
        self.jobs = Jobs() if jobs is None else jobs

    @property
    def address(self) -> str:
        """Where the page is."""
        host = f"[{self.named}]" if ":" in self.named else self.named
        return f"http://{host}:{self.server_address[1]}/"

    def server_bind(self) -> None:
        """Without looking for the machine's name, which may take seconds."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address)
        )
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.named, self.server_address[1]

    def close(self) -> None:
        """Stop listening, and end all work."""
        self.server_close()
        self.jobs.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of pages that go in the middle of a word."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def knows(self, host: str) -> bool:
        """Whether a Host is this server: an address, or a name that only this machine has."""
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?", host)
        if match is None or int(match[2] or 80) != self.server_address[1]:
            return False
        name = match[1].strip("[]").lower()
        if name in ("localhost", self.named.lower()):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False  # of a name anybody may say where it leads
        return address.is_loopback or not _loopback(self.named)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    server_version, sys_version = "quantumbattery", ""
    timeout = 20  # seconds that a request may take to arrive

    def do_GET(self) -> None:
        """The page."""
        if not self._is_ours():
            return
        if self.path.split("?")[0] == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", self.server.text)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is one page, at /")

    do_HEAD = do_GET  # noqa: N815 - as http.server looks for it; `_send` leaves the page out

    def do_POST(self) -> None:
        """Numbers, as lines of JSON."""
        if not self._is_ours():
            return
        kind = _KINDS.get(self.path)
        if kind is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"only {' and '.join(_KINDS)} are asked")
            return
        asked = self._asked()
        if asked is not None:
            self._answer({**asked, "work": kind})

    def _is_ours(self) -> bool:
        """Whether the request comes from our own page or from no page; else it is refused."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site") if self.command == "POST" else None
        if not self.server.knows(host):
            self._refuse(HTTPStatus.FORBIDDEN, _NAMED)
            return False
        if origin not in (None, f"http://{host}") or site not in (None, "same-origin"):
            self._refuse(HTTPStatus.FORBIDDEN, "pages of other sites get nothing here")
            return False
        return True

    def _asked(self) -> Mapping[str, Any] | None:
        """What the page asks for; None if it was refused."""
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        length = self.headers.get("Content-Length", "")
        if kind != "application/json" or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "ask in JSON")
        elif not re.fullmatch(r"\d{1,9}", length):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "say how long it is")
        elif int(length) > _LONGEST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"ask in {_LONGEST} bytes at most")
        else:
            try:
                asked = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                asked = None
            page_of = asked.get("page") if isinstance(asked, dict) else None
            if isinstance(page_of, str) and _PAGE.fullmatch(page_of):
                return dict(asked)
            self._refuse(HTTPStatus.BAD_REQUEST, "ask in a JSON object that names its page")
        return None

    def _answer(self, asked: Mapping[str, Any]) -> None:
        """Line by line, as they are worked out; to a page that is gone nothing more."""
        self._head(HTTPStatus.OK, "application/x-ndjson", None)
        answers = self.server.jobs.answers(str(asked["page"]), asked, self._is_gone)
        try:
            for answer in answers:
                if "process" not in answer:
                    self.wfile.write(json.dumps(answer).encode() + b"\n")
        except OSError:
            pass  # it has asked for something else meanwhile
        finally:
            answers.close()  # type: ignore[attr-defined]

    def _is_gone(self) -> bool:
        """Whether the page has closed the connection."""
        try:
            ready, _, _ = select.select([self.connection], [], [], 0)
            return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, kind, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in _SAFE.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: whoever runs it sees the page."""


def serve(host: str = HOST, port: int = PORT, browser: bool = True) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    host : str
        The address to listen at; by default only this machine can reach it.
    port : int
        Its port; 0 for any that is free.
    browser : bool
        Whether to open the page in the browser.

    Raises
    ------
    ValueError
        If the port is taken, or the address is none of this machine.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"a port is a number from 0 to 65535; got {port}")
    if not host.strip():  # of a variable that is not set; a socket would listen everywhere
        raise ValueError("the address to listen at is empty: give one, or leave out --host")
    server = Server(host, port)
    try:
        print(f"The page is at {server.address}\nCtrl-C ends it.", flush=True)
        if not _loopback(host):
            print("Whoever reaches this address may let this machine compute.", flush=True)
        if browser:
            threading.Thread(target=_open, args=(server.address,), daemon=True).start()
        server.serve_forever()
    except KeyboardInterrupt:
        print("\nended")
    finally:
        server.close()


def _open(address: str) -> None:
    """Open the page, where there is a browser with windows: others would take the terminal."""
    try:
        known = webbrowser.get()
    except webbrowser.Error:
        return
    if type(known) is not webbrowser.GenericBrowser:
        known.open(address)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", None)):
        other = port + 1 if port < 65535 else port - 1
        return f"port {port} of {host} is taken: give another, as in --port {other}, or --port 0"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights: give one above 1023, as in --port {PORT}"
    return (
        f"nothing can listen at {host} ({error.strerror or error}): give an address of this machine"
    )
