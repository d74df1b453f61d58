"""A proxy between a site and its store's server, which counts how often the site waits for an answer."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

HANDSHAKES = (b"hello", b"isMaster")
"""MongoDB's drivers ask a server how it does, now and then, on connections of their own."""


class CountingProxy:
    """Counts round trips: something sent, however long, and then answered."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.round_trips = 0
        self.lock = threading.Lock()
        self.open: list[socket.socket] = [self.listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for connection in self.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.open.append(end)
                asked = threading.Event()
                for carry in (self._carry_requests, self._carry_answers):
                    threading.Thread(target=carry, args=(client, server, asked), daemon=True).start()

    def _carry_requests(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        with suppress(OSError):
            while part := client.recv(1 << 16):
                # The rest of a long request is no other one.
                if not asked.is_set() and not any(word in part for word in HANDSHAKES):
                    with self.lock:
                        self.round_trips += 1
                asked.set()
                server.sendall(part)
            server.shutdown(socket.SHUT_WR)

    def _carry_answers(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        with suppress(OSError):
            while part := server.recv(1 << 16):
                asked.clear()
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
