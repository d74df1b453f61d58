"""The sessions that are measured: a shop's, of three sizes in msgpack."""

from __future__ import annotations

import random
from typing import Any

import msgspec

SMALL, MEDIUM, LARGE = 200, 2_000, 64_000
SIZES = (SMALL, MEDIUM, LARGE)


def session(size: int) -> dict[str, Any]:
    """A few short values, and carts that grow until all is about ``size`` bytes in msgpack."""
    chance = random.Random(size)
    found: dict[str, Any] = {
        "_permanent": True,
        "_user_id": "42",
        "visits": 0,
        "csrf_token": f"{chance.getrandbits(160):040x}",
    }
    number = 0
    while len(msgspec.msgpack.encode(found)) < size - 30:
        # Ten items to a cart: a session of 64 kB has some hundred keys, as one that grew over time.
        cart = found.setdefault(f"cart-{number // 10}", {})
        cart[f"item-{number}"] = {
            "sku": f"SKU-{chance.randrange(10**6):06d}",
            "count": chance.randrange(1, 9),
            "price": chance.randrange(10**4) / 100,
            "tags": ["new", "blue"],
        }
        number += 1
    return found
