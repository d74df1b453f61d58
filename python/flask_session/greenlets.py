"""Whether sockets belong to greenlets."""

from __future__ import annotations

import sys


def under_greenlets() -> bool:
    """Whether sockets are gevent's or eventlet's: a wait in native code would then stop every greenlet."""
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("socket"):
        return True
    eventlet = sys.modules.get("eventlet.patcher")
    return eventlet is not None and bool(eventlet.is_monkey_patched("socket"))
