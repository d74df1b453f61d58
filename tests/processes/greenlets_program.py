"""Requests in greenlets, three of which wait for a store that stands still: the others must be answered.

Usage: greenlets_program.py gevent|eventlet|preloaded PLACE-AS-JSON. It says on standard output what the store
shall do next, and waits until a line on standard input says that this is done. `preloaded` is gevent, which
patches in a child when the sessions have been used, as in a worker of `gunicorn --preload`.
"""

import importlib
import json
import os
import signal
import sys

LIBRARY = sys.argv[1]
LIMIT = 240


def patch():
    if LIBRARY == "eventlet":
        importlib.import_module("eventlet").monkey_patch()
    else:
        importlib.import_module("gevent.monkey").patch_all()


if LIBRARY != "preloaded":
    patch()

import threading  # noqa: E402

from flask import Flask, session  # noqa: E402

from configured import CONFIGURED  # noqa: E402
from flask_session import Session  # noqa: E402

WAITING = 3
ROUNDS = 40
OTHERS = 100


def tell(store_shall):
    sys.stdout.write(f"{store_shall}\n")
    sys.stdout.flush()
    assert sys.stdin.readline() == "done\n"


def main():
    signal.alarm(LIMIT)
    place = json.loads(sys.argv[2])
    app = Flask("greenlets")
    app.config.update(CONFIGURED[place["store"]](place))
    Session(app)
    arriving = []

    @app.route("/set/<owner>")
    def put(owner):
        session["owner"], session["count"] = owner, 0
        return "ok"

    @app.route("/count")
    def count():
        if arriving:
            arriving.pop().set()
        session["count"] += 1
        return f"{session['owner']} {session['count']}"

    @app.route("/plain")
    def plain():
        return "plain"

    clients = [app.test_client() for _ in range(WAITING)]
    for number, client in enumerate(clients):
        client.get(f"/set/{number}")
        assert client.get("/count").text == f"{number} 1"
    if LIBRARY == "preloaded":
        if (child := os.fork()) != 0:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        signal.alarm(LIMIT)
        patch()

    answers, others = {}, []

    def wait_for_the_store(number):
        answers[number] = [clients[number].get("/count").text for _ in range(ROUNDS)]

    tell("stall")
    threads = []
    for number in range(WAITING):
        arrived = threading.Event()
        arriving.append(arrived)
        threads.append(threading.Thread(target=wait_for_the_store, args=[number]))
        threads[-1].start()
        arrived.wait()
    for _ in range(OTHERS):
        other = threading.Thread(target=lambda: others.append(app.test_client().get("/plain").text))
        other.start()
        other.join()
    assert others == ["plain"] * OTHERS
    assert answers == {}, "the store never stood still, or stopped the others"
    tell("go on")
    for thread in threads:
        thread.join()
    for number in range(WAITING):
        assert answers[number] == [f"{number} {count}" for count in range(2, ROUNDS + 2)], answers


if __name__ == "__main__":
    main()
