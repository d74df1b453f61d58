"""One site on a place that fails and recovers, without a restart. Exits with 0 if all of it went as it must.

Usage: disk_faults_program.py FAULT URL FOLDER [USER]

FAULT: `full` (FOLDER is on a small file system), `limited` (files may not grow), `unwritable` (the process
gives up root for USER, and FOLDER is made unwritable), `read_only` (FOLDER is mounted read-only),
`descriptors` (no file can be opened).
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import flask_sqlalchemy
from flask import Flask, session

from flask_session import Session, StoreFailure

LARGE = 200_000


def put(user, size):
    session.update(user=user, x="x" * size)
    return "ok"


def make_site(url):
    app = Flask("site")
    # Not extended by visits, so that a read is a read.
    app.config.update(SESSION_TOUCH_INTERVAL=1000)
    if url.startswith("client:"):
        app.config["SQLALCHEMY_DATABASE_URI"] = url.removeprefix("client:")
        app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=flask_sqlalchemy.SQLAlchemy(app))
    else:
        app.config["SESSION_URL"] = url
    Session(app)
    errors = []

    @app.errorhandler(500)
    @app.errorhandler(StoreFailure)
    def failed(error):
        errors.append(getattr(error, "original_exception", None) or error)
        return "failed", 503

    app.add_url_rule(
        "/put/<user>/<int:size>", "put", lambda user, size: session.update(user=user, x="x" * size) or "ok"
    )
    app.add_url_rule("/see", "see", lambda: session.get("user", "nobody"))
    return app, errors


@contextlib.contextmanager
def full(folder):
    """Fills the file system."""
    with (folder / "filling").open("wb", buffering=0) as filling:
        for size in (65536, 1024, 1):
            with contextlib.suppress(OSError):
                while True:
                    filling.write(b"x" * size)
    yield
    (folder / "filling").unlink()


@contextlib.contextmanager
def limited(folder):
    """No file may become larger than 4 kB."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def unwritable(folder):
    places = [folder, *folder.rglob("*")]
    modes = [place.stat().st_mode for place in places]
    for place in reversed(places):
        place.chmod(0o500 if place.is_dir() else 0o400)
    yield
    for place, mode in zip(places, modes, strict=True):
        place.chmod(mode)


@contextlib.contextmanager
def read_only(folder):
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


@contextlib.contextmanager
def descriptors(folder):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    taken = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    yield
    for descriptor in taken:
        os.close(descriptor)


FAULTS = {fault.__name__: fault for fault in (full, limited, unwritable, read_only, descriptors)}


def main():
    fault, url, folder, *user = sys.argv[1:]
    folder = Path(folder)
    if user:
        # Modules that are imported on the way may lie where only root may read.
        with tempfile.TemporaryDirectory() as elsewhere:
            make_site(url.replace(str(folder), elsewhere))[0].test_client().get("/put/root/1")
        os.setgid(int(user[0]))
        os.setuid(int(user[0]))
    app, errors = make_site(url)
    ann, bob, new = (app.test_client() for _ in range(3))
    assert ann.get("/put/ann/10").text == "ok", errors
    assert bob.get("/put/bob/10").text == "ok", errors
    with FAULTS[fault](folder):
        reads = fault != "descriptors"
        for browser in (ann, new):
            answer = browser.get(f"/put/eve/{LARGE}")
            assert answer.status_code == 503, answer.text
            assert "Set-Cookie" not in answer.headers
        if reads:
            assert ann.get("/see").text == "ann", errors
            assert bob.get("/see").text == "bob", errors
        for error in errors:
            assert isinstance(error, StoreFailure), repr(error)
            assert not any(word in str(error) for word in ("eve", "xxx", str(folder))), str(error)
        told = sorted({str(error) for error in errors})
    for browser, name in ((ann, "ann"), (bob, "bob"), (new, "nobody")):
        assert browser.get("/see").text == name
    assert ann.get(f"/put/ann2/{LARGE}").text == "ok", errors
    assert new.get("/put/new/10").text == "ok", errors
    assert [browser.get("/see").text for browser in (ann, bob, new)] == ["ann2", "bob", "new"]
    assert not list(folder.rglob("*.tmp"))
    sys.stdout.write("\n".join(told))


if __name__ == "__main__":
    main()
