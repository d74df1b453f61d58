"""Session files: cachelib's pickles on 0.8.0's side, records of our own on ours."""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachelib import FileSystemCache

from compat.differential.backends import LIFE, SIDES, Backend, Side, Stored

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = struct.Struct("<4sHHQQI")


class Files(Backend):
    name = "filesystem"
    pickled = True

    def __init__(self, folder: Path) -> None:
        self.folders = {side: folder / ("theirs" if side == "0.8.0" else "ours") for side in SIDES}
        self.cache = FileSystemCache(str(self.folders["0.8.0"]))

    def settings(self, side: Side) -> dict[str, Any]:
        return {
            "SESSION_TYPE": "filesystem",
            "SESSION_FILE_DIR": str(self.folders[side]),
            # Else each side removes expired files once it believes to have 500, many sequences later.
            "SESSION_FILE_THRESHOLD": 1_000_000,
        }

    def path(self, side: Side, key: str) -> Path:
        if side == "0.8.0":
            return Path(self.cache._get_filename(key))
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folders[side] / "sessions" / name[:2] / name

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        found = {}
        for key in keys:
            path = self.path(side, key)
            if not path.exists():
                continue
            content = path.read_bytes()
            if side == "0.8.0":
                expiry, payload = struct.unpack("I", content[:4])[0], content[4:]
            else:
                head = HEAD.unpack(content[: HEAD.size])
                expiry, payload = head[3] / 1000, content[HEAD.size + head[2] :]
            found[key] = Stored(payload, expiry - time.time())
        return found

    def put(self, side: Side, key: str, payload: bytes) -> None:
        path = self.path(side, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if side == "0.8.0":
            path.write_bytes(struct.pack("I", int(time.time()) + LIFE) + payload)
            return
        expiry = int((time.time() + LIFE) * 1000)
        start = HEAD.pack(b"FSRS", 1, len(key.encode()), expiry, 1, 0)
        body = key.encode() + payload
        checksum = zlib.crc32(start[:8] + start[16:24] + body)
        path.write_bytes(HEAD.pack(b"FSRS", 1, len(key.encode()), expiry, 1, checksum) + body)

    def age(self, side: Side, key: str, seconds: int) -> None:
        path = self.path(side, key)
        if not path.exists():
            return
        moment = time.time() + seconds
        with path.open("r+b") as file:
            if side == "0.8.0":
                file.write(struct.pack("I", int(moment)))
            else:
                file.seek(8)
                file.write(struct.pack("<Q", int(moment * 1000)))

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        for key in keys:
            self.path(side, key).unlink(missing_ok=True)
