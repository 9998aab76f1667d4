"""Two servers as on two machines: each with a home of its own, one PostgreSQL and one bucket (moto) between them.

    python Tests/Clients/two_homes.py [path of the lightbox program]

What one takes in the other has at once: instances, models, jobs. Nothing that was acknowledged is lost by kill -9, by a storage
that goes away, or by restarting one after the other.
"""
import json
import os
import pathlib
import random
import shutil
import socket
import sys
import threading

import boto3

import support
from servers import FOLDER, PROGRAM, Server, ask, balancer, check, postgres, rolling_restart, start, wait
from support import free_port

BUCKET = "lightbox"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret-key", "AWS_REGION": "us-east-1"}
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LIGHTBOX_"))}


class Gate:
    """A way to the storage that can be shut."""

    def __init__(self, port):
        self.is_open = True
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            caller, _ = self.listener.accept()
            if not self.is_open:
                caller.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                caller.close()
                continue
            self.connections |= {caller, server}
            for one, other in ((caller, server), (server, caller)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        try:
            while data := one.recv(1 << 16):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            self.connections.discard(end)
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def shut(self):
        self.is_open = False
        for end in list(self.connections):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def moto():
    port = free_port()
    log = open(FOLDER / "moto.log", "wb")
    start(str(pathlib.Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port), stdout=log,
          stderr=log, env=PLAIN)
    wait("moto", lambda: ask(f"http://127.0.0.1:{port}/")[0] == 200)
    return port


port = moto()
gate = Gate(port)
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="test",
                  aws_secret_access_key="test-secret-key", region_name="us-east-1")
s3.create_bucket(Bucket=BUCKET)


def keys(prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", []))


SHARED = {**PLAIN, **KEYS, "LIGHTBOX_STORAGE_S3_ENDPOINT": gate.address, "LIGHTBOX_FILES": f"s3://{BUCKET}/ward",
          "LIGHTBOX_DATABASE": postgres(), "LIGHTBOX_CACHE": "500 MB"}
first, second = servers = [Server({**SHARED, "LIGHTBOX_HOME": str(FOLDER / name)}) for name in ("east", "west")]
address = balancer(servers)
STUDIES = "/dicomweb/ward/films/studies"

check(f"s3://{BUCKET}/ward, written and read" in first.command("doctor"), "doctor says that files can be kept there")
check(not keys("ward/.lightbox"), "and leaves nothing")

# Models.
support.doubling_onnx(FOLDER / "doubling.onnx")
BODY = json.dumps({"instances": [[1, 2, 3, 4]]}).encode()
RIGHT = b'{"predictions": [[2.0, 4.0, 6.0, 8.0]]}'
ask(first.address + "/v1/projects/p/models", b'{"name": "doubling"}')
made = {"name": "v1", "deploymentUri": str(FOLDER / "doubling.onnx")}
_, answer = ask(first.address + "/v1/projects/p/models/doubling/versions", json.dumps(made).encode())
operation = json.loads(answer)["name"]
wait("the version", lambda: json.loads(ask(f"{second.address}/v1/{operation}")[1]).get("done"))
check(ask(second.address + "/v1/models/doubling:predict", BODY) == (200, RIGHT), "a model made by one is served by the other")
check(keys("ward/models/") == ["ward/models/doubling/v1/doubling.onnx"], "its file stands in the bucket once")
second.command("versions", "create", "v2", "--model", "doubling", "--origin", FOLDER / "doubling.onnx")
check(ask(first.address + "/v1/models/doubling/versions/v2:predict", BODY) == (200, RIGHT)
      or ask(first.address + "/v1/projects/p/models/doubling/versions/v2:predict", BODY)[0] == 200,
      "one that a command made at one is served by the other")
second.command("versions", "delete", "v2", "--model", "doubling")
check(len(keys("ward/models/")) == 1, "a version that is deleted takes its objects along")

# Instances.
first.command("stores", "create", "ward/films")
first.command("phantoms", "--patients", "24", "--output", FOLDER / "films")
films = sorted((FOLDER / "films").rglob("*.dcm"))
half = len(films) // 2


def store(server, film):
    return ask(server + STUDIES, film.read_bytes(), kind="application/dicom")


def found(server):
    return {row["00080018"]["Value"][0]: row for row in json.loads(ask(server + "/dicomweb/ward/films/instances?limit=5000")[1] or b"[]")}


def fetch(server, row):
    path = "/".join(["studies", row["0020000D"]["Value"][0], "series", row["0020000E"]["Value"][0], "instances", row["00080018"]["Value"][0]])
    return ask(f"{server}/dicomweb/ward/films/{path}", accept="application/dicom; transfer-syntax=*")


def contents(server):
    """The bytes of all instances, as a server gives them."""
    answers = [fetch(server, row) for row in found(server).values()]
    assert all(status == 200 for status, _ in answers), answers
    return sorted(body for _, body in answers)


for number, film in enumerate(films[:6], 1):
    status, answer = store(first.address, film)
    check(status == 200 and len(found(second.address)) == number, f"film {number} stored by one is found by the other at once")
check(contents(second.address) == sorted(film.read_bytes() for film in films[:6]), "and has the bytes that were sent")
row = next(iter(found(second.address).values()))
place = "/".join(["studies", row["0020000D"]["Value"][0], "series", row["0020000E"]["Value"][0], "instances", row["00080018"]["Value"][0]])
status, frame = ask(f"{second.address}/dicomweb/ward/films/{place}/frames/1", accept="*/*")
check(status == 200 and len(frame) > 1000, "a frame is read by the other")
check(ask(f"{second.address}/dicomweb/ward/films/{place}", method="DELETE")[0] == 204, "the other deletes one")
check(fetch(first.address, row)[0] == 404 and len(keys("ward/dicom/")) == 5, "then it is gone for both, and from the bucket")
for film in films[:6]:
    store(second.address, film)
check(len(found(first.address)) == 6 and len(keys("ward/dicom/")) == 6, "sent again to the other, only what is missing is added")

def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


# C-STORE to a listener with the other home.
port = free_port()
listener = start(PROGRAM, "dicom", "listen", "--store", "ward/films", "--port", str(port), "--title", "WEST",
                 env=second.environment, stdout=open(FOLDER / "listen.log", "wb"), stderr=open(FOLDER / "listen.err", "wb"))
wait("the listener", lambda: listens(port))
first.command("dicom", "send", *films[6:half], "--to", f"WEST@127.0.0.1:{port}")
check(contents(first.address) == sorted(film.read_bytes() for film in films[:half]), "what one's listener took the other serves")

# The storage goes away and comes back.
gate.shut()
status, answer = store(first.address, films[half])
check(status == 409 and b"272" in answer and b"test-secret" not in answer, "without the storage an instance is refused with 0110H")
text = first.command("dicom", "send", films[half], "--to", f"WEST@127.0.0.1:{port}", fails=True)
check("A700" in text.upper(), "and a C-STORE with A700H")
check(len(found(first.address)) == half, "neither is in the index")
check("an archive request failed" in (FOLDER / f"server-{first.port}.log").read_text(), "the server's log says why")
gate.is_open = True
check(store(first.address, films[half])[0] == 200, "with the storage back it is taken")
listener.terminate()

# kill -9 in the middle of storing.
for round in range(3):
    acknowledged, stop = [], threading.Event()
    rest = films[half + 1:]

    def send():
        for film in rest:
            status, _ = store(first.address, film)
            if status == 200:
                acknowledged.append(film)
            if stop.is_set():
                return

    sender = threading.Thread(target=send)
    sender.start()
    wait("some instances", lambda: len(acknowledged) > random.randint(1, 6) or not sender.is_alive())
    first.kill()
    stop.set()
    sender.join()
    here = contents(second.address)
    check(all(film.read_bytes() in here for film in acknowledged), f"kill -9: all {len(acknowledged)} acknowledged are with the other")
    report = json.loads(second.command("dicom", "verify", "--store", "ward/films", "--read", "--json"))
    check(not report["missing"] and not report["changed"], f"the bucket is whole, {len(report['orphaned'])} objects without rows")
    first.start()
s3.put_object(Bucket=BUCKET, Key="ward/dicom/ward/films/instances/00/left.dcm", Body=b"left by a crash")
report = json.loads(second.command("dicom", "verify", "--store", "ward/films", "--remove-unknown", "--json"))
check(len(report["orphaned"]) >= 1, "verify tells and removes objects without rows")
check(len(keys("ward/dicom/")) == len(found(first.address)), "then every object has its row")

# Both store the same films again and again while both delete them: what the index names at the end is in the bucket.
def quarrel(server, seed):
    order = random.Random(seed)
    for _ in range(150):
        film = order.randrange(6)
        if order.random() < 0.5:
            outcomes.add(("store", store(server.address, films[film])[0]))
        else:
            outcomes.add(("delete", ask(f"{server.address}/dicomweb/ward/films/{places[film]}", method="DELETE")[0]))


names = {film.read_bytes(): film for film in films}
places = {}
for film in films[:6]:
    store(first.address, film)
for row in found(first.address).values():
    body = fetch(first.address, row)[1]
    if names[body] in films[:6]:
        places[films.index(names[body])] = "/".join(
            ["studies", row["0020000D"]["Value"][0], "series", row["0020000E"]["Value"][0], "instances", row["00080018"]["Value"][0]])
outcomes = set()
threads = [threading.Thread(target=quarrel, args=(server, seed)) for seed, server in enumerate((first, second, first, second))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check(outcomes == {("store", 200), ("delete", 204), ("delete", 404)}, f"storing and deleting the same films at once is answered: {sorted(outcomes)}")
report = json.loads(second.command("dicom", "verify", "--store", "ward/films", "--read", "--json"))
check(not report["missing"] and not report["changed"] and not report["orphaned"], f"and loses and leaves nothing: {report['intact']} intact")

# Jobs: inputs and outputs in the bucket, each done by one.
s3.put_object(Bucket=BUCKET, Key="data/rows.json", Body="".join(f"[{n}, 0, 0, 0]\n" for n in range(200)).encode())
names = [f"job_{number}" for number in range(12)]
for name in names:
    work = {"dataFormat": "JSON", "region": "here", "modelName": "projects/p/models/doubling",
            "inputPaths": [f"s3://{BUCKET}/data/rows.json"], "outputPath": f"s3://{BUCKET}/data/{name}"}
    status, answer = ask(address + "/v1/projects/p/jobs", json.dumps({"jobId": name, "predictionInput": work}).encode())
    check(status == 200, f"{name} is taken {answer if status != 200 else ''}")


def described(name):
    return json.loads(ask(f"{address}/v1/projects/p/jobs/{name}")[1])


wait("the end of all jobs", lambda: all(described(name)["state"] in ("SUCCEEDED", "FAILED") for name in names), 120)
for name in names:
    check(described(name)["state"] == "SUCCEEDED", f"{name} ended well {described(name).get('errorMessage', '')}")
    lines = s3.get_object(Bucket=BUCKET, Key=f"data/{name}/prediction.results-00000-of-00001")["Body"].read().splitlines()
    check(len(lines) == 200, f"{name} was done once")


# One after the other is restarted under load.
sent = {}


def request(number):
    if number % 3 == 0:
        status, body = ask(address + "/v1/models/doubling:predict", BODY)
        return "right" if body == RIGHT else f"predict {status}"
    film = films[number // 3 % len(films)]
    if number % 3 == 1:
        status, _ = store(address, film)
        return "right" if status == 200 else f"store {status}"
    status, body = fetch(address, row_of[number % len(row_of)])
    return "right" if status == 200 and body in all_bytes else f"fetch {status}"


row_of = list(found(first.address).values())
all_bytes = {film.read_bytes() for film in films}
rolling_restart(servers, request)
check(set(contents(first.address)) == set(contents(second.address)) == all_bytes, "both serve every film that was sent")

# A home's files move to the bucket by copying the folder, and back.
local = {**PLAIN, **KEYS, "LIGHTBOX_HOME": str(FOLDER / "old"), "LIGHTBOX_STORAGE_S3_ENDPOINT": gate.address}
old = Server(local)
old.command("dicom", "import", *films[:10], "--store", "ward/films")
old.command("models", "create", "doubling")
old.command("versions", "create", "v1", "--model", "doubling", "--origin", FOLDER / "doubling.onnx")
old.kill()
for part in ("dicom", "models"):
    old.command("storage", "cp", "--recursive", FOLDER / "old" / part, f"s3://{BUCKET}/moved/{part}")
old.environment = {**local, "LIGHTBOX_FILES": f"s3://{BUCKET}/moved"}
shutil.rmtree(FOLDER / "old/dicom")
shutil.rmtree(FOLDER / "old/models")
old.start()
check(contents(old.address) == sorted(film.read_bytes() for film in films[:10]), "a home's instances moved to the bucket")
check(ask(old.address + "/v1/models/doubling:predict", BODY) == (200, RIGHT), "and its models")
check(json.loads(old.command("dicom", "verify", "--store", "ward/films", "--json"))["intact"] == 10, "none is missing")
old.kill()
old.environment = local
for part in ("dicom", "models"):
    old.command("storage", "cp", "--recursive", f"s3://{BUCKET}/moved/{part}", FOLDER / "old" / part)
old.start()
check(contents(old.address) == sorted(film.read_bytes() for film in films[:10]), "and back")
check(json.loads(old.command("dicom", "verify", "--store", "ward/films", "--json"))["intact"] == 10, "every file has its bytes")
for server in servers:
    text = (FOLDER / f"server-{server.port}.log").read_text()
    check("test-secret" not in text, "no secret stands in a log")
