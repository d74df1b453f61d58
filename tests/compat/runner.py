"""Plays scenarios and programs, and tells what could be observed.

Reads tasks from standard input and writes one answer for each, as lines of JSON. By hand:

    echo '{"url": "redis://127.0.0.1:6379/9", "scenario": "tests/compat/scenarios/flashes.toml"}' |
        .cache/compat/0.8.0/bin/python tests/compat/runner.py

Runs on every release since Flask 2.2 and imports nothing of the tests but its neighbours. The database is
emptied before each variant of a scenario, unless the task says "keep".
"""

import importlib
import json
import sys
import traceback
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


def played(task):
    """What the task's program, its scenario file (all variants) or its own requests did."""
    store = redis.Redis.from_url(task["url"])
    cookie = task.get("cookie")
    if "program" in task:
        path = Path(task["program"])
        sys.path.insert(0, str(path.parent))
        program = importlib.import_module(path.stem)
        return play(program.app, program.REQUESTS, store, cookie)
    if "requests" in task:
        scenario = {"requests": task["requests"]}
    else:
        scenario = tomllib.loads(Path(task["scenario"]).read_text(encoding="utf-8"))
    result = {}
    for variant, settings in scenario.get("variants", {"default": {}}).items():
        if not task.get("keep"):
            store.flushdb()
        config = {**scenario.get("config", {}), **settings, **task.get("settings", {})}
        result[variant] = play(make_app(config, store), scenario["requests"], store, cookie)
    store.close()
    return result


def main():
    for line in sys.stdin:
        try:
            answer = played(json.loads(line))
        except Exception:
            answer = {"failed": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
