"""Makes one virtual environment per original Flask-Session release, for tests/compat.

Usage: python dev/compat_environments.py [VERSION ...]     (default: all of RELEASES)

An environment is made once, below .cache/compat/<version>, and made anew when its requirements change.
"""

import argparse
import subprocess
import sys

import environments

DIRECTORY = environments.CACHE / "compat"

MEMCACHED = ["python-memcached==1.62", "pymemcache==4.0.0", "pylibmc==1.6.3"]
DATABASES = ["psycopg2-binary==2.9.13", "pymysql==1.2.4"]

# Flask 2.3 removed what 0.4 to 0.6 read the cookie's name from; their cachelib wrote md5 names. 0.4 and 0.5
# call what pymongo 4 removed.
OF_ITS_TIME = [
    *["flask==2.2.5", "werkzeug==2.2.3", "redis==4.6.0", "pymongo==3.13.0", *MEMCACHED],
    *["flask-sqlalchemy==2.5.1", "sqlalchemy==1.4.54", *DATABASES],
    *["pytz==2025.2", "python-dateutil==2.9.0.post0"],
]

RELEASES = {
    "0.8.0": [
        *["flask-session==0.8.0", "flask==3.1.3", "msgspec==0.22.0", "redis==8.1.0", "cachelib==0.17.0"],
        *["boto3==1.44.5", "mypy-boto3-dynamodb==1.43.124", "pymongo==4.20.0", *MEMCACHED],
        *["flask-sqlalchemy==3.1.1", "sqlalchemy==2.1.9", *DATABASES],
    ],
    "0.7.0": [
        *["flask-session==0.7.0", "flask==3.0.3", "msgspec==0.18.6", "redis==5.0.8", "cachelib==0.13.0"],
        *["pymongo==4.20.0", *MEMCACHED, "flask-sqlalchemy==3.1.1", "sqlalchemy==2.0.44", *DATABASES],
    ],
    "0.6.0": ["flask-session==0.6.0", *OF_ITS_TIME, "cachelib==0.10.2"],
    "0.5.0": ["flask-session==0.5.0", *OF_ITS_TIME, "cachelib==0.6.0"],
    "0.4.0": ["flask-session==0.4.0", *OF_ITS_TIME, "cachelib==0.4.1"],
}


def make(versions: list[str]) -> int:
    """Makes each release's environment, whatever becomes of the others. Returns how many failed."""
    failed = 0
    for version in versions:
        try:
            environments.make(DIRECTORY / version, RELEASES[version])
        except subprocess.CalledProcessError:
            print(f"no environment with flask-session {version}", file=sys.stderr)
            failed += 1
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("versions", nargs="*", default=list(RELEASES), metavar="VERSION")
    versions = parser.parse_args().versions
    for version in versions:
        if version not in RELEASES:
            parser.error(f"unknown release {version}; known: {', '.join(RELEASES)}")
    return 1 if make(versions) else 0


if __name__ == "__main__":
    sys.exit(main())
