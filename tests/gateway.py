"""
A real HTTP server that does as it is told: takes, refuses, falls silent, hangs up, answers nonsense.

`taken` is its own record: every call whose body has arrived and that was not refused, whatever was answered.
"""

import json
import socket
import threading
import time
from dataclasses import dataclass
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

UNAVAILABLE = 503  # "not now": whoever says so has taken nothing
SILENCE, HANG_UP, HALF, NONSENSE = "silence", "hang up", "half an answer", "nonsense"


@dataclass
class Call:
    """What came in: the path without its query, headers, and the body as it was."""

    method: str
    path: str
    headers: object
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def fields(self):
        """What a form has sent, of either encoding."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/"):
            return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}
        parts = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        told = ((part.get_param("name", header="content-disposition"), part) for part in parts.get_payload())
        return {name: part.get_payload(decode=True).decode() for name, part in told}


class Gateway:
    """
    Listens on a free port of loopback. Use as a context manager.

    `usual(call)` gives what a yes looks like there: a status and something for JSON, or text. `on(text,
    answer)` changes that for calls whose body holds `text`: an answer like it, or one of the words above.
    """

    def __init__(self, usual=lambda call: (200, {})):
        self.usual = usual
        self.calls, self.taken = [], []
        self.before_answer = None
        self._answers = []
        self._silenced = threading.Event()

    def on(self, text, answer, *, times=None, headers=None):
        self._answers.append([text.encode(), answer, times, headers or {}])

    def clear(self):
        self._answers.clear()

    def answer_to(self, call):
        for entry in self._answers:
            text, answer, times, headers = entry
            if text in call.body and times != 0:
                if times is not None:
                    entry[2] -= 1
                return answer, headers
        return self.usual(call), {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        gateway = self

        class Handler(_Handler):
            pass

        Handler.gateway = gateway
        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._silenced.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing: who talks to it hangs up now and then, and so does it."""


class _Handler(BaseHTTPRequestHandler):
    gateway = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_POST(self):
        self._serve()

    def do_GET(self):
        self._serve()

    def _serve(self):
        size = int(self.headers.get("Content-Length") or 0)
        call = Call(self.command, urlsplit(self.path).path, self.headers, self.rfile.read(size))
        self.gateway.calls.append(call)
        answer, headers = self.gateway.answer_to(call)
        if isinstance(answer, str) or not (400 <= answer[0] < 500 or answer[0] == UNAVAILABLE):
            self.gateway.taken.append(call)
        if self.gateway.before_answer:
            self.gateway.before_answer(call)
        if isinstance(answer, str):
            self._misbehave(answer)
            return
        status, told = answer
        body = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _misbehave(self, how):
        self.close_connection = True
        match how:
            case "silence":
                self.gateway._silenced.wait(60)
            case "half an answer":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            case "nonsense":
                self.wfile.write(b"220 this is no HTTP\r\n\r\n")
        self.connection.shutdown(socket.SHUT_RDWR)


def free_port():
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
