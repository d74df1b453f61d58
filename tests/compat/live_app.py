"""The fixed small app of one release, kept alive and asked request by request, in lines of JSON.

Tasks: {"open": settings} makes an app, {"cookie": ..., "run": ..., "answer": ...} is one request to it,
{"keys": [...]} are its secret keys from now on, the current one first. Each is answered by one line.

Runs on 0.8.0 and on ours, and imports nothing of the tests but its neighbours.
"""

import json
import sys
import traceback
import types

from flask import request
from scenario_app import NAMES, make_app
from scenario_clients import disconnect_database

import flask_session._utils


class Text(str):
    """Text of a class of the application's own."""


class Live:
    """An app that keeps running between tasks."""

    def __init__(self):
        self.app = None

    def perform(self, task):
        if "open" in task:
            if self.app is not None:
                disconnect_database(self.app)
            self.app = make_app(task["open"], None)
            return {}
        if "keys" in task:
            self.app.secret_key, *self.app.config["SECRET_KEY_FALLBACKS"] = task["keys"]
            return {}
        return self.requested(task)

    def requested(self, task):
        """One request, and what could be seen of it but for the store."""
        headers = {"Cookie": task["cookie"]} if task["cookie"] else {}
        outer = self.app.extensions.get("observed")
        observed = self.app.extensions["observed"] = {}
        client = self.app.test_client(use_cookies=False)
        try:
            response = client.post("/", headers=headers, json={"run": task["run"], "answer": task["answer"]})
        finally:
            self.app.extensions["observed"] = outer
        return {
            "status": response.status_code,
            "body": response.get_data(as_text=True) if response.status_code == 200 else "",
            "cookies": response.headers.getlist("Set-Cookie"),
            "vary": sorted(response.vary),
            **observed,
        }

    def meanwhile(self, run):
        """Another request with the same cookie, which begins and ends within the view of this one."""
        task = {"cookie": request.headers.get("Cookie"), "run": run, "answer": None}
        self.app.extensions["observed"]["meanwhile"] = self.requested(task)


def main():
    # 0.8.0 tries a database again after each error, and waits between.
    flask_session._utils.time = types.SimpleNamespace(sleep=lambda _seconds: None)
    live = Live()
    NAMES.update(meanwhile=live.meanwhile, Text=Text)
    for line in sys.stdin:
        try:
            answer = live.perform(json.loads(line))
        except Exception:
            answer = {"failed": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
