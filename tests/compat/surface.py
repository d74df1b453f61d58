"""Prints the names that the installed Flask-Session offers; given some in its input, those that it lacks.

Runs on every release. A name, `module:Class.attribute`, counts where it is defined and where a package
exports it, not where a module happens to import it. Only instances that need no server are looked at.
"""

import importlib
import inspect
import json
import pkgutil
import sys
import tempfile

import cachelib
import flask
import redis

import flask_session

OPTIONS = {
    "redis": {"SESSION_REDIS": redis.Redis()},
    "filesystem": {"SESSION_FILE_DIR": tempfile.mkdtemp()},
    "cachelib": {"SESSION_CACHELIB": cachelib.SimpleCache()},
}


def attributes(place, value):
    """Without what Python itself adds, and without what only the class can reach."""
    return {
        f"{place}.{name}"
        for name in dir(value)
        if "__" not in name and not name.startswith(("_abc_", "_is_protocol", "_is_runtime"))
    }


def defined(module):
    """What the module defines or, if it is a package, exports; and the attributes of its classes."""
    found = set()
    for name, value in vars(module).items():
        home = getattr(value, "__module__", None) or ""
        here = home.startswith("flask_session") if hasattr(module, "__path__") else home == module.__name__
        if not here or name.startswith("__"):
            continue
        place = f"{module.__name__}:{name}"
        found.add(place)
        if inspect.isclass(value):
            found |= attributes(place, value)
    return found


def modules():
    yield flask_session
    for found in pkgutil.walk_packages(flask_session.__path__, "flask_session.", onerror=lambda name: None):
        try:
            yield importlib.import_module(found.name)
        except ImportError:  # the driver isn't installed beside this release
            continue


def instances():
    """Interfaces, their serializers and sessions, by names that are the same in every release."""
    found = {}
    for kind, options in OPTIONS.items():
        app = flask.Flask("surface")
        app.config.update(options, SESSION_TYPE=kind)
        try:
            flask_session.Session(app)
        except ValueError:  # unknown to this release
            continue
        found[f"{kind} interface"] = app.session_interface
        found[f"{kind} serializer"] = getattr(app.session_interface, "serializer", None)
        with app.test_request_context():
            found["session"] = flask.session._get_current_object()
    # Up to 0.6 it was the module pickle.
    return {name: value for name, value in found.items() if value is not None and not inspect.ismodule(value)}


def has(name, made):
    place, _, path = name.partition(":")
    try:
        value = made[place] if place in made else importlib.import_module(place)
        for attribute in path.lstrip(".").split("."):
            value = getattr(value, attribute)
    except (AttributeError, ImportError):
        return False
    return True


def main():
    made = instances()
    asked = json.loads(sys.stdin.read() or "null")
    if asked is not None:
        answer = [name for name in asked if not has(name, made)]
    else:
        places = {f"{name}:" for name in made}
        found = [*(defined(module) for module in modules())]
        found += [attributes(place, made[place[:-1]]) for place in places]
        answer = sorted(set().union(*found))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
