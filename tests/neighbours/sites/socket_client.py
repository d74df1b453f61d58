"""A Socket.IO client, `python socket_client.py URL COOKIE TRANSPORT`: emits its input, prints the answers."""

import json
import sys

import socketio

LIMIT = 60


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    url, cookie, transport = sys.argv[1:]
    client = socketio.Client(reconnection=False)
    try:
        client.connect(url, headers={"Cookie": cookie}, transports=[transport], wait_timeout=LIMIT)
    except socketio.exceptions.ConnectionError:
        say("refused")
        return
    say("connected")
    for line in sys.stdin:
        say(client.call(line.strip(), timeout=LIMIT))
    client.disconnect()


if __name__ == "__main__":
    main()
