"""Forks while other threads use sessions with large values; each child then uses such a session itself.

Usage: forking_among_threads.py SETTINGS-AS-JSON. A child that hangs is ended by its alarm, and fails.
"""

import faulthandler
import json
import os
import signal
import sys
import threading

from flask import Flask, session

from flask_session import Session

CHILDREN = 30
THREADS = 3
LIMIT = 120


def main():
    # Threads take turns as often as possible, so that a fork meets them anywhere.
    sys.setswitchinterval(1e-6)
    app = Flask("forking")
    app.config.update(json.loads(sys.argv[1]))
    Session(app)

    @app.route("/fill")
    def fill():
        session.update({f"large-{number}": list(range(500)) for number in range(5)})
        return "ok"

    @app.route("/look")
    def look():
        return str(sum(len(session[f"large-{number}"]) for number in range(5)))

    client = app.test_client()
    cookie = client.get("/fill").headers["Set-Cookie"].partition(";")[0]
    done = threading.Event()

    def use():
        own = app.test_client(use_cookies=False)
        while not done.is_set():
            assert own.get("/look", headers={"Cookie": cookie}).text == "2500"

    threads = [threading.Thread(target=use) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    statuses = []
    for _ in range(CHILDREN):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                faulthandler.dump_traceback_later(LIMIT - 2)
                signal.alarm(LIMIT)
                answer = app.test_client(use_cookies=False).get("/look", headers={"Cookie": cookie})
                status = 0 if answer.text == "2500" else 2
            finally:
                os._exit(status)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        if statuses[-1] != 0:
            break
    done.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * CHILDREN, statuses


if __name__ == "__main__":
    main()
