"""Everything that some release let people import can be imported from us."""

from __future__ import annotations

import json
import subprocess

import pytest

from compat.conftest import interpreter

BACKENDS = {"redis": "Redis", "filesystem": "FileSystem", "cachelib": "CacheLib", "mongodb": "MongoDB"}
SINCE_0_8 = [
    *(
        f"flask_session.{module}{place}:{name}Session{kind}"
        for module, name in (("dynamodb", "DynamoDB"), ("sqlalchemy", "SqlAlchemy"))
        for place in ("", f".{module}")
        for kind in ("", "Interface")
    ),
    "flask_session.sqlalchemy.sqlalchemy:create_session_model",
]

SINCE_0_7 = [
    "flask_session:Session",
    "flask_session:__version__",
    *(
        f"flask_session.base:{name}"
        for name in ("ServerSideSession", "ServerSideSessionInterface", "Serializer", "MsgSpecSerializer")
    ),
    "flask_session.defaults:Defaults",
    "flask_session._utils:total_seconds",
    "flask_session._utils:retry_query",
    *(f"flask_session.{name}:{BACKENDS[name]}Session" for name in BACKENDS),
    *(f"flask_session.{name}:{BACKENDS[name]}SessionInterface" for name in BACKENDS),
    *(f"flask_session.{name}.{name}:{BACKENDS[name]}SessionInterface" for name in BACKENDS),
]
UNTIL_0_6 = [
    "flask_session:Session",
    *(
        f"flask_session.sessions:{name}"
        for name in (
            "SessionInterface",
            "NullSessionInterface",
            "ServerSideSession",
            "RedisSession",
            "FileSystemSession",
            "SqlAlchemySession",
            "SqlAlchemySessionInterface",
            "RedisSessionInterface",
            "FileSystemSessionInterface",
        )
    ),
    "flask_session:NullSessionInterface",
    "flask_session:RedisSessionInterface",
    "flask_session:FileSystemSessionInterface",
]
IMPORTABLE_IN = {
    "0.8.0": [*SINCE_0_7, *SINCE_0_8],
    "0.7.0": SINCE_0_7,
    "0.6.0": UNTIL_0_6,
    "0.5.0": UNTIL_0_6,
    "0.4.0": UNTIL_0_6,
}
PROBE = """
import importlib, json, sys
missing = []
for place in sys.argv[1:]:
    module, _, name = place.partition(":")
    try:
        getattr(importlib.import_module(module), name)
    except Exception as error:
        missing.append(f"{place}: {error!r}")
print(json.dumps(missing))
"""


def missing(release: str, places: list[str]) -> list[str]:
    command = [interpreter(release), "-W", "ignore", "-c", PROBE, *places]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize(("release", "places"), IMPORTABLE_IN.items())
def test_the_list_is_true_of_the_release(release: str, places: list[str]) -> None:
    assert not missing(release, places)


def test_all_of_them_are_importable_from_us() -> None:
    assert not missing("ours", sorted({*SINCE_0_7, *SINCE_0_8, *UNTIL_0_6}))
