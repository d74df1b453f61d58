"""Starts both halves of the shared example: axum on the given port, Flask behind it.

Usage: python examples/shared/run.py [--port PORT] [--store URL]
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    while True:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--store", default=f"file:{HERE / 'flask_session_data'}", help="SESSION_URL of both")
    arguments = parser.parse_args()
    port, behind = arguments.port or free_port(), free_port()
    build = ["cargo", "build", "--quiet", "--locked", "--package=axum-app"]
    subprocess.run(build, check=True, cwd=ROOT)
    settings = {
        "FLASK_SESSION_URL": arguments.store,
        "FLASK_SECRET_KEY": secrets.token_hex(),
        "FLASK_SESSION_COOKIE_SAMESITE": "Lax",
    }
    environment = {**settings, **os.environ}
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    flask = [sys.executable, "-m", "flask", "--app", HERE / "pages.py", "run", "--port", str(behind)]
    axum = [target / "debug" / "axum-app", f"127.0.0.1:{port}", f"127.0.0.1:{behind}"]
    processes = []
    # As Ctrl-C, so that both halves are ended with this program.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for command, at in ((flask, behind), (axum, port)):
            processes.append(subprocess.Popen(command, env=environment))
            wait_for(at, processes[-1])
        said = f"http://127.0.0.1:{port}/ is Flask, http://127.0.0.1:{port}/api/cart is axum"
        print(said, flush=True)  # noqa: T201
        processes[-1].wait()
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


if __name__ == "__main__":
    main()
