"""Uses sessions, forks, uses them in parent and children at once. Exits with 0 if each saw only its own.

Usage: forking_program.py SETTINGS-AS-JSON
"""

import json
import os
import sys

from flask import Flask, session

from flask_session import Session

CHILDREN = 4
ROUNDS = 100


def make_app(settings):
    app = Flask("forking")
    app.config.update(settings)
    Session(app)

    @app.route("/set/<owner>")
    def put(owner):
        session["owner"] = owner
        session["count"] = 0
        return owner

    @app.route("/count")
    def count():
        session["count"] += 1
        return f"{session['owner']} {session['count']}"

    return app


def use(app, owner):
    """Answers that belong to anybody else, or that come from an older state, end the process."""
    client = app.test_client()
    assert client.get(f"/set/{owner}").text == owner
    for number in range(1, ROUNDS + 1):
        answer = client.get("/count").text
        assert answer == f"{owner} {number}", f"{owner} got {answer!r}"
    return client


def main():
    app = make_app(json.loads(sys.argv[1]))
    before = use(app, "parent-before")
    children = []
    for number in range(CHILDREN):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                inherited = before.get("/count").text
                assert inherited.startswith("parent-before "), inherited
                use(app, f"child-{number}")
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        children.append(child)
    use(app, "parent-after")
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert statuses == [0] * CHILDREN, statuses


if __name__ == "__main__":
    main()
