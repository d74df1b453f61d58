"""Our codec beside msgspec, alternating, on nested sessions of three sizes.

Build with ``maturin develop --release`` first, then ``python benches/codec.py``. Times are medians of
processor time in microseconds; a ratio above 1 means that ours is the faster. Ours includes what msgspec
doesn't do: splitting a payload into entries, each with its bytes to compare with.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from typing import TYPE_CHECKING, Any

import msgspec

from flask_session._core import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = [200, 2_000, 64_000]
ROUNDS = 41
BYTES_A_ROUND = 200_000


def session(size: int) -> dict[str, Any]:
    """A shop's session: a few short values and a cart that grows to about ``size`` bytes."""
    chance = random.Random(size)
    found: dict[str, Any] = {
        "_permanent": True,
        "_user_id": "42",
        "csrf_token": f"{chance.getrandbits(160):040x}",
    }
    cart = found["cart"] = {}
    while len(msgspec.msgpack.encode(found)) < size:
        number = len(cart)
        cart[f"item-{number}"] = {
            "sku": f"SKU-{chance.randrange(10**6)}",
            "quantity": chance.randrange(9),
            "price": chance.random() * 100,
            "tags": ["a", "new", f"t{number % 7}"],
            "gift": number % 3 == 0,
            "note": None if number % 2 else "größe ok",
        }
    return found


def medians(functions: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Microseconds of one call of each."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.process_time()
            for _ in range(repeat):
                function()
            times[name].append((time.process_time() - start) / repeat)
    return {name: statistics.median(found) * 1e6 for name, found in times.items()}


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
            found = medians(functions, max(1, BYTES_A_ROUND // len(payload)))
            for verb in ("encode", "decode"):
                ours, theirs = found[f"{verb}_ours"], found[f"{verb}_theirs"]
                what = f"{name:8}{len(payload):>7} B  {verb}"
                print(f"{what}  {ours:8.2f} us, msgspec {theirs:8.2f} us: {theirs / ours:.2f}x")


if __name__ == "__main__":
    main()
