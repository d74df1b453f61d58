"""A 0.8 interface, made by hand, subclassed, with a serializer and ids of the application's own."""

import os
import pickle

from flask import Flask, session
from redis import Redis

from flask_session.base import ServerSideSession
from flask_session.redis import RedisSessionInterface

client = Redis(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]), db=int(os.environ["REDIS_DATABASE"]))
calls = []


class OwnSession(ServerSideSession):
    def user(self):
        return self.get("user", "nobody")


class Reversed:
    """Not a subclass of Serializer, as many aren't."""

    def encode(self, held):
        return pickle.dumps(dict(held))[::-1]

    def decode(self, payload):
        return pickle.loads(payload[::-1])


class OwnInterface(RedisSessionInterface):
    session_class = OwnSession

    def _generate_sid(self, length):
        calls.append(("generate", length))
        return f"fixed-{len(calls)}-session-id"

    def _retrieve_session_data(self, store_id):
        calls.append(("retrieve", store_id))
        return super()._retrieve_session_data(store_id)

    def _upsert_session(self, session_lifetime, session, store_id):
        calls.append(("upsert", store_id))
        super()._upsert_session(session_lifetime, session, store_id)

    def _delete_session(self, store_id):
        calls.append(("delete", store_id))
        super()._delete_session(store_id)


app = Flask(__name__)
app.session_interface = OwnInterface(app, client, "own:", False, True, 16)
app.session_interface.serializer = Reversed()
app.config["SESSION_KEY_PREFIX"] = "own:"


@app.route("/set")
def put():
    session["user"] = "ann"
    return "ok"


@app.route("/get")
def get():
    return session.user()


@app.route("/clear")
def clear():
    session.clear()
    return "ok"


@app.route("/calls")
def told():
    return repr([call for call in calls if call[0] != "generate"] + [("generate", calls[0][1])])


REQUESTS = [{"path": path} for path in ("/set", "/get", "/clear", "/calls")]
