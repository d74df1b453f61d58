"""A TCP proxy that stands still when told to: what clients send is kept, and nothing is answered."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class StallingProxy:
    """Listens on a port of its own in front of a server on 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.behind = port
        self.moving = threading.Event()
        self.moving.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.sockets: list[socket.socket] = [self.listener]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.behind))
                self.sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.moving.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def stall(self) -> None:
        self.moving.clear()

    def go_on(self) -> None:
        self.moving.set()

    def close(self) -> None:
        self.go_on()
        for each in self.sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
