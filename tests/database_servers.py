"""Real database servers of the tests' own: loopback, a free port, a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis_server import free_port

if TYPE_CHECKING:
    from typing_extensions import Self

START_LIMIT = 60.0


class DatabaseServer:
    """One server process. Stopped and started again, it has its data and listens on the same port."""

    program: str
    scheme: str
    """What SQLAlchemy calls the database and its driver."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="database-for-tests-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.user: dict[str, Any] = {}
        self.database = ""
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.make()

    def make(self) -> None:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def connect(self, database: str = "") -> Any:
        """A connection of the driver's, in which each statement is committed by itself."""
        raise NotImplementedError

    def run(self, *command: str) -> None:
        environment = {**os.environ, "HOME": str(self.folder), "LC_ALL": "C"}
        subprocess.run(
            command, check=True, capture_output=True, cwd=self.folder, env=environment, **self.user
        )

    def start(self) -> Self:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.folder, **self.user
            )
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                self.connect().close()
            except Exception:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.05)
                continue
            if not self.database:
                self.database = self.new_database()
            return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT if self.scheme.startswith("post") else signal.SIGKILL)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """Makes an empty database and returns its name."""
        name = f"tests_{uuid.uuid4().hex[:12]}"
        self.execute("", f"CREATE DATABASE {name}")
        return name

    def execute(self, database: str, *statements: str) -> list[Any]:
        """Performs statements and returns the rows of the last one."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def url(self, database: str) -> str:
        return f"{self.scheme}://sessions:secret@127.0.0.1:{self.port}/{database}"


class PostgresqlServer(DatabaseServer):
    program = "postgres"
    scheme = "postgresql+psycopg2"

    def folder_of_programs(self) -> Path:
        on_path = shutil.which("postgres")
        if on_path:
            return Path(on_path).parent
        versions = Path("/usr/lib/postgresql").glob("*/bin")
        return max(versions, key=lambda path: int(path.parent.name))

    def make(self) -> None:
        programs = self.folder_of_programs()
        password = self.folder / "password"
        password.write_text("secret")
        password.chmod(0o644)
        self.run(
            str(programs / "initdb"),
            "--pgdata=data",
            "--username=sessions",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-sync",
        )

    def command(self) -> list[str]:
        options = ["-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder), "-F"]
        return [str(self.folder_of_programs() / "postgres"), *options]

    def connect(self, database: str = "") -> Any:
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user="sessions",
            password="secret",
            dbname=database or "postgres",
        )
        connection.autocommit = True
        return connection


class MariadbServer(DatabaseServer):
    program = "mariadbd"
    scheme = "mysql+pymysql"

    def make(self) -> None:
        self.run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        )
        (self.folder / "begin.sql").write_text(
            "CREATE USER IF NOT EXISTS sessions@'127.0.0.1' IDENTIFIED BY 'secret';\n"
            "GRANT ALL ON *.* TO sessions@'127.0.0.1';\n"
        )

    def command(self) -> list[str]:
        program = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
        options = {
            "datadir": self.folder / "data",
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "init-file": self.folder / "begin.sql",
            "innodb-flush-log-at-trx-commit": 2,
            "innodb-buffer-pool-size": "32M",
            "innodb-log-file-size": "16M",
            "skip-name-resolve": 1,
        }
        return [str(program), "--no-defaults", *(f"--{name}={value}" for name, value in options.items())]

    def connect(self, database: str = "") -> Any:
        import pymysql

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="sessions",
            password="secret",
            database=database or None,
            autocommit=True,
        )
