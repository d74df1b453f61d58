"""What of a response and of the store is compared, with what is random or a date replaced by a name."""

import math
import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

EXPIRES = re.compile(r"(?<=Expires=)[^;]+")
SLACK = timedelta(seconds=20)


class Names:
    """Gives session ids names in the order in which they appear: `<sid 1>`, `<sid 2>`."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.known = []

    def learn(self, sid):
        if len(sid) >= 8 and sid not in self.known and not sid.startswith("fixed"):
            self.known.append(sid)

    def learn_cookie(self, value):
        self.learn(value.partition(".")[0])

    def learn_key(self, key):
        self.learn(key[len(self.prefix) :])

    def sid(self, number):
        return self.known[number - 1]

    def resolve(self, text):
        """The other way round: `<sid 1>` becomes the id that was seen first."""
        return re.sub(r"<sid (\d+)>", lambda match: self.sid(int(match[1])), text)

    def applied_to(self, value):
        if isinstance(value, dict):
            return {self.applied_to(key): self.applied_to(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.applied_to(entry) for entry in value]
        if isinstance(value, str):
            for number, sid in enumerate(self.known, 1):
                value = re.sub(re.escape(sid) + r"\.[A-Za-z0-9_-]{27}", f"<sid {number}>.<signature>", value)
                value = value.replace(sid, f"<sid {number}>")
        return value


def normalised_cookie(text, lifetime):
    """A Set-Cookie header whose expiry, if it is the session's lifetime from now, says so."""

    def named(match):
        distance = parsedate_to_datetime(match[0]) - datetime.now(timezone.utc)
        return "<lifetime from now>" if abs(distance - lifetime) < SLACK else match[0]

    return EXPIRES.sub(named, text)


def stored(store, names):
    """Every key of the database with its payload and the seconds that it has left."""
    found = {}
    for key in sorted(store.keys("*")):
        names.learn_key(key.decode())
        found[key.decode()] = {"payload": store.get(key).hex(), "seconds": math.ceil(store.pttl(key) / 1000)}
    return found
