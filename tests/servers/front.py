"""An HTTP server that lets other processes answer: a pool of multiprocessing, or a worker of Celery.

Usage: front.py fork|spawn|celery PORT
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from counting_app import visit

PROCESSES = 2
LIMIT = 120


def by_pool(kind):
    pool = multiprocessing.get_context(kind).Pool(PROCESSES)
    return lambda *request: pool.apply(visit, request), pool.terminate


def by_celery():
    import redis
    from tasks import perform

    broker = redis.Redis.from_url(os.environ["BROKER"])
    command = [sys.executable, "-m", "celery", "--app", "tasks", "worker", "--pool", "prefork"]
    command += [
        "--concurrency",
        str(PROCESSES),
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    worker = subprocess.Popen(command)

    def ask(*request):
        reply_to = uuid.uuid4().hex
        perform.delay(*request, reply_to)
        answered = broker.blpop([reply_to], timeout=LIMIT)
        assert answered is not None, "no worker answered"
        return json.loads(answered[1])

    def stop():
        worker.terminate()
        worker.wait(LIMIT)

    return ask, stop


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, text, cookie = self.server.ask(self.path, self.headers["Cookie"])
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_request(self, *_):
        pass


def leave(*_):
    raise SystemExit


def main():
    kind, port = sys.argv[1:]
    ask, stop = by_celery() if kind == "celery" else by_pool(kind)
    signal.signal(signal.SIGTERM, leave)
    try:
        with ThreadingHTTPServer(("127.0.0.1", int(port)), Handler) as server:
            server.ask = ask
            server.serve_forever()
    finally:
        stop()


if __name__ == "__main__":
    main()
