"""A small reverse proxy that gives one request after the other to the next of several servers."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass


@dataclass
class Message:
    """A request or a response: its first line, its headers in small letters, and its body."""

    start: str
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str | None:
        """The last header of that name."""
        return dict(self.headers).get(name)

    def encoded(self) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return f"{self.start}\r\n{head}\r\n".encode("latin-1") + self.body


async def received(reader: asyncio.StreamReader) -> Message | None:
    """The next message with a Content-Length; None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    start, *lines = head.rstrip("\r\n").split("\r\n")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = int(dict(headers).get("content-length", "0"))
    return Message(start, headers, await reader.readexactly(length))


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


class RoundRobin:
    """Listens on a free port of the loopback; each request is a connection to its server."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = itertools.cycle(ports)
        self.port = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.served: dict[int, int] = dict.fromkeys(ports, 0)

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while (request := await received(reader)) is not None:
                port = next(self.ports)
                self.served[port] += 1
                writer.write((await self.forwarded(port, request)).encoded())
                await writer.drain()
        finally:
            await closed(writer)

    async def forwarded(self, port: int, request: Message) -> Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request.encoded())
            response = await received(reader)
        finally:
            await closed(writer)
        assert response is not None, "a server ended its connection"
        return response

    async def stop(self) -> None:
        """Waits for the clients to go."""
        self.server.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)
