"""Requests in greenlets, one of which waits for a store that stands still: the others must be answered.

Usage: greenlets_program.py gevent|eventlet|preloaded SETTINGS-AS-JSON. It says on standard output what the
store shall do next, and waits until a line on standard input says that this is done. `preloaded` is gevent,
which patches only when the sessions have been used, as in a worker of `gunicorn --preload`.
"""

import importlib
import json
import sys

LIBRARY = sys.argv[1]


def patch():
    if LIBRARY == "eventlet":
        importlib.import_module("eventlet").monkey_patch()
    else:
        importlib.import_module("gevent.monkey").patch_all()


if LIBRARY != "preloaded":
    patch()

import threading  # noqa: E402

from flask import Flask, session  # noqa: E402

from flask_session import Session  # noqa: E402

OTHERS = 100


def tell(store_shall):
    sys.stdout.write(f"{store_shall}\n")
    sys.stdout.flush()
    assert sys.stdin.readline() == "done\n"


def main():
    app = Flask("greenlets")
    app.config.update(json.loads(sys.argv[2]))
    Session(app)
    arriving = []

    @app.route("/count")
    def count():
        for event in arriving:
            event.set()
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @app.route("/plain")
    def plain():
        return "plain"

    client = app.test_client()
    cookie = client.get("/count").headers["Set-Cookie"].partition(";")[0]
    assert client.get("/count").text == "2"
    if LIBRARY == "preloaded":
        patch()

    answers, others = [], []

    def wait_for_the_store():
        answers.append(app.test_client(use_cookies=False).get("/count", headers={"Cookie": cookie}).text)

    tell("stall")
    arriving.append(threading.Event())
    waiting = threading.Thread(target=wait_for_the_store)
    waiting.start()
    arriving[0].wait()
    for _ in range(OTHERS):
        other = threading.Thread(target=lambda: others.append(app.test_client().get("/plain").text))
        other.start()
        other.join()
    assert others == ["plain"] * OTHERS
    assert answers == [], "the store never stood still, or stopped the others"
    tell("go on")
    waiting.join()
    assert answers == ["3"], answers


if __name__ == "__main__":
    main()
