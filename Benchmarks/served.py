"""Programs that are measured while they serve."""
import re
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A server of one's own on a free port of loopback, ended with the block."""

    def __init__(self, command, path, **settings):
        self.port = free_port()
        self.process = subprocess.Popen(command(self.port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **settings)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.1)
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def load(self, name, body, connections, seconds=8):
        """Requests a second, milliseconds of the slowest in a hundred, and on the average; GET without a body."""
        options = []
        if body:
            script = body + ".lua"
            with open(script, "w") as file:
                file.write(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
                           f"wrk.body = io.open('{body}', 'rb'):read('*a')\n")
            options = ["-s", script]
        url = f"http://127.0.0.1:{self.port}{self.path(name)}"
        measure = lambda duration: subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--latency", "--timeout", "30", *options, url],
            check=True, capture_output=True, text=True).stdout
        measure(2)
        output = measure(seconds)
        if failed := re.search(r"Non-2xx.*|Socket errors.*", output):
            sys.exit(f"{url}: {failed.group(0)}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
        return rate, float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit], 1e3 * connections / rate
