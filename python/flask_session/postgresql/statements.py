"""What is said to PostgreSQL. ``{table}`` and ``{here}`` are filled in by the store."""

HERE = "session_id = %(key)s AND (expiry IS NULL OR expiry > %(now)s)"
"""The live row of a key."""

LOAD = "SELECT data FROM {table} WHERE {here}"
EXAMINE = "SELECT data, expiry FROM {table} WHERE {here}"
PAGE = """
SELECT session_id FROM {table} WHERE session_id > %(after)s AND left(session_id, %(length)s) = %(prefix)s
AND (expiry IS NULL OR expiry > %(now)s) ORDER BY session_id LIMIT %(limit)s
"""
CLOCK = "SELECT EXTRACT(EPOCH FROM clock_timestamp()) AS seconds"
REFRESH = "UPDATE {table} SET expiry = %(expiry)s WHERE {here} RETURNING data"
TOUCH = "UPDATE {table} SET expiry = %(expiry)s WHERE {here}"

PUT = """
INSERT INTO {table} (session_id, data, expiry) VALUES (%(key)s, %(data)s, %(expiry)s)
ON CONFLICT (session_id) DO UPDATE SET data = EXCLUDED.data, expiry = EXCLUDED.expiry
"""
SAVE_NEW = """
INSERT INTO {table} AS stored (session_id, data, expiry) VALUES (%(key)s, %(data)s, %(expiry)s)
ON CONFLICT (session_id) DO UPDATE SET data = EXCLUDED.data, expiry = EXCLUDED.expiry
WHERE stored.expiry <= %(now)s
"""
SAVE = "UPDATE {table} SET data = %(data)s, expiry = %(expiry)s WHERE {here} AND data = %(revision)s"

DELETE = "DELETE FROM {table} WHERE {here}"
DELETE_REVISION = "DELETE FROM {table} WHERE {here} AND data = %(revision)s"
SWEEP = """
DELETE FROM {table} WHERE session_id IN
(SELECT session_id FROM {table} WHERE expiry <= %(now)s LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

MAKE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS {schema}"
# One lock for all the workers that may try at once: IF NOT EXISTS alone is not safe.
MAKE_TABLE = """
SELECT pg_advisory_xact_lock(hashtext('flask_session table'));
CREATE TABLE IF NOT EXISTS {table} (
    session_id VARCHAR(255) NOT NULL PRIMARY KEY,
    created TIMESTAMP WITHOUT TIME ZONE DEFAULT (NOW() AT TIME ZONE 'utc'),
    data BYTEA,
    expiry TIMESTAMP WITHOUT TIME ZONE
);
CREATE INDEX IF NOT EXISTS {index} ON {table} (expiry);
"""
