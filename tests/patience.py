"""URLs whose operations may take two minutes, for tests where nothing breaks and the machine may be busy."""

from __future__ import annotations

from urllib.parse import urlsplit

OPTIONS = {
    "redis": "socket_timeout=120&socket_connect_timeout=120",
    "memcached": "timeout=120&connect_timeout=120",
    "mongodb": "timeoutMS=120000&directConnection=true",
    "postgresql": "timeout=120&connect_timeout=120",
    "mysql": "timeout=120&connect_timeout=120",
    "sqlite": "timeout=120",
}


def patient(url: str, port: int | None = None) -> str:
    """The URL with these options; with another port, if one is given."""
    parts = urlsplit(url)
    if port is not None:
        url = url.replace(f":{parts.port}", f":{port}")
    return f"{url}?{OPTIONS[parts.scheme.partition('+')[0]]}"
