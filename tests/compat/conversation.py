"""One browser and one store, whose requests are answered by Flask-Session 0.8.0 or by us."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from compat.conftest import interpreter

PROBE = """
import json, sys
from flask import Flask, session
from flask_session import Session

client_of, place, config, cookie, deed, look = json.loads(sys.argv[1])
known = {}
exec(client_of, known)
app = Flask("shared")
client, settings = known["open_client"](*place)
app.config.update(config, **settings)
Session(app)

@app.get("/")
def view():
    exec(deed)
    return repr(eval(look))

headers = {"Cookie": f"session={cookie}"} if cookie else {}
response = app.test_client(use_cookies=False).get("/", headers=headers)
cookies = response.headers.getlist("Set-Cookie")
sent = cookies[-1].partition(";")[0].partition("=")[2] if cookies else cookie
getattr(client, "close", lambda: None)()
print(json.dumps([response.status_code, response.text, sent]))
"""


class Conversation:
    """``client_of`` is the source of a function ``open_client``: given ``place``, a client and settings."""

    def __init__(self, client_of: str, place: list[Any], config: dict[str, Any]) -> None:
        self._client_of, self._place, self._config = client_of, place, config
        self.cookie: str | None = None

    def ask(self, release: str, deed: str, look: str = "None") -> str:
        """What ``look`` is after ``deed``, in a view that ``release`` serves."""
        task = json.dumps([self._client_of, self._place, self._config, self.cookie, deed, look])
        command = [interpreter(release), "-W", "ignore", "-c", PROBE, task]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        status, body, self.cookie = json.loads(done.stdout)
        assert status == 200, body
        return body

    def goes_back_and_forth(self, stored: Any) -> None:
        """A session that both change in turn. ``stored`` gives the record, without its end, or None."""
        self.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
        first, theirs = self.cookie, stored()
        assert self.ask("ours", 'session["user"] = "ann"', 'session["user"]') == "'ann'"
        # The same record: what nothing changed is not even written, but for its life.
        assert stored() == theirs
        self.ask("ours", 'session["cart"].append({"ink": 2})')
        assert self.ask("0.8.0", 'session["count"] = 1', 'session["cart"]') == "[{'pen': 1}, {'ink': 2}]"
        left = repr(["_permanent", "count", "user"])
        assert self.ask("ours", 'session.pop("cart")', "sorted(session)") == left
        assert self.ask("0.8.0", "", "sorted(session)") == left
        assert self.cookie == first
        self.ask("ours", "session.clear()")
        assert not self.cookie
        assert stored() is None
