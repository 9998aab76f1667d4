"""Two servers over one PostgreSQL and one home, behind HAProxy as deploy/haproxy.cfg sets it up: what one is told the other
knows, a job runs once, and restarting one after the other loses no request.

    python3 Tests/Clients/several_servers.py [path of the lightbox program]
"""
import json
import os
import subprocess

import support
from servers import FOLDER, Server, ask, balancer, check, postgres, rolling_restart, wait
from support import PROGRAM

BODY = json.dumps({"instances": [[1, 2, 3, 4]]}).encode()


def jobs(address):
    """Twelve jobs, handed to whoever takes them."""
    rows = FOLDER / "home/buckets/data"
    rows.mkdir(parents=True)
    (rows / "rows.json").write_text("".join(f"[{n}, 0, 0, 0]\n" for n in range(200)))
    names = [f"job_{number}" for number in range(12)]
    for name in names:
        work = {"dataFormat": "JSON", "region": "here", "modelName": "projects/p/models/doubling",
                "inputPaths": ["gs://data/rows.json"], "outputPath": f"gs://data/{name}"}
        status, _ = ask(address + "/v1/projects/p/jobs", json.dumps({"jobId": name, "predictionInput": work}).encode())
        check(status == 200, f"{name} is taken")

    def described(name):
        return json.loads(ask(f"{address}/v1/projects/p/jobs/{name}")[1])
    wait("the end of all jobs", lambda: all(described(name)["state"] == "SUCCEEDED" for name in names), 120)
    for name in names:
        lines = (rows / name / "prediction.results-00000-of-00001").read_text().splitlines()
        log = json.loads(subprocess.run([PROGRAM, "jobs", "describe", name, "--json"], env=ENVIRONMENT, check=True,
                                        capture_output=True).stdout)
        check(len(lines) == 200 and "taken up again" not in json.dumps(log), f"{name} was done once")


ENVIRONMENT = {**os.environ, "LIGHTBOX_HOME": str(FOLDER / "home"), "LIGHTBOX_DATABASE": postgres()}
servers = [Server(ENVIRONMENT), Server(ENVIRONMENT)]
address = balancer(servers)
support.doubling_onnx(FOLDER / "doubling.onnx")
first, second = servers
status, _ = ask(first.address + "/v1/projects/p/models", b'{"name": "doubling"}')
made = {"name": "v1", "deploymentUri": str(FOLDER / "doubling.onnx")}
status, answer = ask(first.address + "/v1/projects/p/models/doubling/versions", json.dumps(made).encode())
operation = json.loads(answer)["name"]
wait("the version", lambda: json.loads(ask(f"{second.address}/v1/{operation}")[1]).get("done"))
check(ask(second.address + "/v1/models/doubling:predict", BODY)[0] == 200, "a model made by one is served by the other")
subprocess.run([PROGRAM, "stores", "create", "ward/films"], env=ENVIRONMENT, check=True, capture_output=True)
subprocess.run([PROGRAM, "phantoms", "--patients", "3", "--output", FOLDER / "films"], env=ENVIRONMENT, check=True,
               capture_output=True)
for number, film in enumerate(sorted((FOLDER / "films").rglob("*.dcm")), 1):
    status, _ = ask(first.address + "/dicomweb/ward/films/studies", film.read_bytes(), kind="application/dicom")
    found = json.loads(ask(second.address + "/dicomweb/ward/films/instances")[1])
    check(status == 200 and len(found) == number, f"film {number} stored by one is found by the other at once")
jobs(address)


def predict(_):
    status, body = ask(address + "/v1/models/doubling:predict", BODY)
    return "right" if body == b'{"predictions": [[2.0, 4.0, 6.0, 8.0]]}' else "wrong" if status == 200 else status


rolling_restart(servers, predict)
