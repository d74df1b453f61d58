"""What a process of one side is told to do. A task is a line of JSON on standard input, its answer another.

The task's first word is its verb. `{"open": NAME, ...}` makes what is measured, and is answered by `{}`; each
other verb does something with what was opened under the name that follows it. `"processor": NUMBER` says
where a measurement by one thread begins.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Opened = TypeVar("Opened")
Task = dict[str, Any]


def move(task: Task) -> None:
    """Has this thread go on on the task's processor, which it may leave again.

    A round has the same one for all sides: what keeps one processor busy would else slow one side down.
    """
    number = task.get("processor", 0)
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(every)[number % len(every)]})
    os.sched_setaffinity(0, every)


def answer(
    opening: Callable[[Task], Opened], verbs: dict[str, Callable[[Opened, Task], dict[str, float]]]
) -> None:
    """Answers until standard input ends."""
    opened: dict[str, Opened] = {}
    for line in sys.stdin:
        task: Task = json.loads(line)
        verb, name = next(iter(task.items()))
        found: dict[str, float] = {}
        if verb == "open":
            opened[name] = opening(task)
        else:
            found = verbs[verb](opened[name], task)
        print(json.dumps(found), flush=True)
