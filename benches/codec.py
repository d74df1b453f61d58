"""Our codec beside msgspec, alternating, on nested sessions of three sizes.

Runs in the benchmarks' environment, with ours in PYTHONPATH, and prints lines of JSON: the processor time of
each round in microseconds. Ours also finds out what must be noted on types.
"""

from __future__ import annotations

import gc
import json
import time
from typing import TYPE_CHECKING

import msgspec
from payloads import SIZES, session

from flask_session._core import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 41
BYTES_A_ROUND = 200_000


def rounds(functions: dict[str, Callable[[], object]], repeat: int) -> dict[str, list[float]]:
    """Microseconds of one call of each, in each round."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.process_time()
            for _ in range(repeat):
                function()
            times[name].append((time.process_time() - start) / repeat * 1e6)
    return times


def main() -> None:
    """Prints one line for each format and size."""
    gc.disable()
    for name, module in (("msgpack", msgspec.msgpack), ("json", msgspec.json)):
        codec, encoder, decoder = Codec(name), module.Encoder(), module.Decoder()
        for size in SIZES:
            data = session(size)
            payload = encoder.encode(data)
            if codec.encode(data) != payload or codec.decode(payload) != data:
                raise SystemExit("the codec and msgspec disagree")
            functions: dict[str, Callable[[], object]] = {
                "encode_theirs": lambda encoder=encoder, data=data: encoder.encode(data),
                "encode_ours": lambda codec=codec, data=data: codec.encode(data),
                "decode_theirs": lambda decoder=decoder, payload=payload: decoder.decode(payload),
                "decode_ours": lambda codec=codec, payload=payload: codec.decode(payload),
            }
            found = rounds(functions, max(1, BYTES_A_ROUND // len(payload)))
            for verb in ("encode", "decode"):
                times = {"ours": found[f"{verb}_ours"], "msgspec": found[f"{verb}_theirs"]}
                print(json.dumps({"format": name, "bytes": len(payload), "verb": verb, **times}))


if __name__ == "__main__":
    main()
