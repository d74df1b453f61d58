"""The database servers of `dev/servers` with a user, a password and TLS; and they can be restarted."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certificates import make_certificates
from started_server import StartedServer

if TYPE_CHECKING:
    from typing_extensions import Self


class DatabaseServer:
    """One server. Stopped and started again, it has its data and listens on the same port.

    `sessions` with the password `secret` may do everything, over TCP, with TLS for who asks for it.
    """

    script: str
    scheme: str
    """What SQLAlchemy calls the database and its driver."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="database-for-tests-"))
        make_certificates(self.folder)
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self.server: StartedServer | None = None
        self.database = ""

    @property
    def authority(self) -> str:
        """The file that clients should trust."""
        return str(self.folder / "ca.pem")

    def arguments(self) -> list[str]:
        """What turns TLS on."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Makes the user, at the first start."""
        raise NotImplementedError

    def connect(self, database: str = "") -> Any:
        """A connection of the driver's, in which each statement is committed by itself."""
        raise NotImplementedError

    def start(self) -> Self:
        self.server = StartedServer(self.script, "--in", str(self.folder), *self.arguments())
        self.port = self.server.port
        if not self.database:
            self.prepare()
            self.database = self.new_database()
        return self

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

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
    script = "postgresql"
    scheme = "postgresql+psycopg2"

    def arguments(self) -> list[str]:
        folder = self.folder
        return ["ssl=on", f"ssl_cert_file={folder}/server.pem", f"ssl_key_file={folder}/server.key"]

    def prepare(self) -> None:
        import psycopg2

        assert self.server is not None
        connection = psycopg2.connect(self.server.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE sessions SUPERUSER LOGIN PASSWORD 'secret'")
            cursor.execute("CREATE ROLE only_encrypted SUPERUSER LOGIN")
            # From now on everybody needs a password.
            (self.folder / "data" / "pg_hba.conf").write_text(
                "local all all trust\n"
                "hostnossl all only_encrypted 127.0.0.1/32 reject\n"
                "host all all 127.0.0.1/32 scram-sha-256\n"
            )
            cursor.execute("SELECT pg_reload_conf()")
        connection.close()

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
    script = "mysql"
    scheme = "mysql+pymysql"

    def arguments(self) -> list[str]:
        return [f"--ssl-cert={self.folder}/server.pem", f"--ssl-key={self.folder}/server.key"]

    def prepare(self) -> None:
        import pymysql

        with pymysql.connect(host="127.0.0.1", port=self.port, user="app", password="app") as connection:
            connection.cursor().execute("CREATE USER sessions@'127.0.0.1' IDENTIFIED BY 'secret'")
            connection.cursor().execute("GRANT ALL ON *.* TO sessions@'127.0.0.1' WITH GRANT OPTION")

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
