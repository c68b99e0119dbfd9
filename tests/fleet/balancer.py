"""One address for several web servers: each request goes to the next one that answers."""

import http.client
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_OURS = ("connection", "transfer-encoding", "content-length", "server", "date")


class Balancer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ports: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.ports = ports
        self.served = dict.fromkeys(ports, 0)
        self.patience_seconds = 60.0
        """How long one may think before the next is asked."""
        self._turn = itertools.count()

    def in_turn(self) -> list[int]:
        """The ports in the order in which this request tries them."""
        first = next(self._turn) % len(self.ports)
        return self.ports[first:] + self.ports[:first]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Request(BaseHTTPRequestHandler):
    server: Balancer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for port in self.server.in_turn():
            try:
                answer, content = self._forwarded(port, body)
            except OSError:
                continue  # That one is gone: the next.
            self.server.served[port] += 1
            self._answer(answer.status, content, answer.getheaders())
            return
        self._answer(502, b"", [])

    do_GET = do_POST  # noqa: N815 - the library's name

    def _forwarded(self, port: int, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        patience = self.server.patience_seconds
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, content: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _OURS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@contextmanager
def balancing(ports: list[int]) -> Iterator[Balancer]:
    server = Balancer(ports)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
