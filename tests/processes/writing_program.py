"""Writes keys of its own into a session that other processes write to at the same time.

Usage: writing_program.py SETTINGS-AS-JSON COOKIE NAME ROUNDS. Begins when a line arrives on standard input.
"""

import json
import sys

from flask import Flask, session

from flask_session import Session


def main():
    settings, cookie, name, rounds = sys.argv[1:]
    app = Flask("writing")
    app.config.update(json.loads(settings))
    Session(app)

    @app.route("/<key>")
    def put(key):
        session[key] = key
        return "ok"

    client = app.test_client(use_cookies=False)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(int(rounds)):
        answer = client.get(f"/{name}-{number}", headers={"Cookie": f"session={cookie}"})
        assert answer.status_code == 200, answer.status


if __name__ == "__main__":
    main()
