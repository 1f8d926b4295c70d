"""Small programs for the supervisor's tests: `python children.py MODE ...`. Each prints `up PID` when it runs."""

import http.server
import os
import signal
import subprocess
import sys


def serve(port: str) -> None:
    """Answers every GET with 200."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


def wait() -> None:
    signal.pause()


def stubborn() -> None:
    """Ignores polite requests."""
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)
    while True:
        signal.pause()


def family() -> None:
    """Has a child in its group, and one that went into a session of its own."""
    for apart in (False, True):
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=apart)
        print(f"child {child.pid}", flush=True)
    print("family complete", flush=True)
    signal.pause()


def crash(code: str) -> None:
    print("about to crash", flush=True)
    sys.exit(int(code))


def environment(*names: str) -> None:
    for name in names:
        print(f"{name}={os.environ.get(name)}", flush=True)
    signal.pause()


if __name__ == "__main__":
    print(f"up {os.getpid()}", flush=True)
    globals()[sys.argv[1]](*sys.argv[2:])
