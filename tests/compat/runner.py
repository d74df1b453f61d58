"""Plays a scenario (all its variants) or a program, and prints what could be observed, as JSON.

Usage: runner.py (--scenario FILE | --program FILE) --url redis://... [--cookie TEXT] [--keep]
       [--settings JSON]
Runs on every release since Flask 2.2 and imports nothing of the tests but its neighbour `scenario_app`.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

import redis
from observation import Names, normalised_cookie, stored
from scenario_app import make_app

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib


def play(app, requests, store, cookie):
    """Sends the requests one after the other, keeping cookies as a browser would, and reports on each."""
    client = app.test_client(use_cookies=False)
    name = app.config.get("SESSION_COOKIE_NAME", "session")
    jar = cookie
    names = Names(app.config.get("SESSION_KEY_PREFIX", "session:"))
    if jar:
        names.learn_cookie(jar)
    reports = []
    for number, request in enumerate(requests):
        if "before" in request:
            exec(request["before"], {"redis": store, "app": app, "keys": store.keys, "sid": names.sid})
        sent = jar
        if "cookie" in request:
            sent = names.resolve(request["cookie"]) or None
        headers = {"Cookie": f"{name}={sent}"} if sent is not None else {}
        app.extensions["observed"] = {}
        path = request.get("path", "/")
        script = {"run": request.get("run", ""), "answer": request.get("answer")}
        options = {} if "path" in request else {"json": script}
        response = client.open(
            path, method="GET" if "path" in request else "POST", headers=headers, **options
        )
        cookies = response.headers.getlist("Set-Cookie")
        for text in cookies:
            value = text.partition(";")[0].partition("=")[2]
            names.learn_cookie(value)
            if "cookie" not in request or request.get("keep"):
                jar = value or None
        report = {
            "name": request.get("name", str(number + 1)),
            "status": response.status_code,
            "body": response.get_data(as_text=True) if response.status_code == 200 else "",
            "cookies": [normalised_cookie(text, app.permanent_session_lifetime) for text in cookies],
            "vary": sorted(response.vary),
            **app.extensions["observed"],
            "stored": stored(store, names),
        }
        reports.append(names.applied_to(report))
    return {"exchanges": reports, "cookie": jar}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", type=Path)
    parser.add_argument("--program", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON, on top of the scenario's")
    parser.add_argument("--cookie", help="the value that the browser has already")
    parser.add_argument("--keep", action="store_true", help="don't empty the database first")
    arguments = parser.parse_args()
    store = redis.Redis.from_url(arguments.url)
    if arguments.program:
        sys.path.insert(0, str(arguments.program.parent))
        program = importlib.import_module(arguments.program.stem)
        result = play(program.app, program.REQUESTS, store, arguments.cookie)
    else:
        read = json.loads if arguments.scenario.suffix == ".json" else tomllib.loads
        scenario = read(arguments.scenario.read_text(encoding="utf-8"))
        result = {}
        for variant, settings in scenario.get("variants", {"default": {}}).items():
            if not arguments.keep:
                store.flushdb()
            app = make_app({**scenario.get("config", {}), **settings, **arguments.settings}, store)
            result[variant] = play(app, scenario["requests"], store, arguments.cookie)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
