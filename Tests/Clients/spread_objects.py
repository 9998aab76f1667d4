"""Stages on several processes or a cluster, from objects to objects: the same bytes as from one process.

    python Tests/Clients/spread_objects.py [path of the lightbox program] [options of the runner]

The runner is `--runner processes` unless told; an S3 (moto) is started here, on loopback.
"""
import atexit
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import boto3

from support import PROGRAM, ROOT, check, free_port

WORK = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-spread-"))
atexit.register(shutil.rmtree, WORK, True)
BASE = "s3://films"
SECRET = "test-secret-key"
port = free_port()
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"}
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(("AWS_", "STORAGE_", "GOOGLE_", "LIGHTBOX_"))} | KEYS
SHARED = WORK / "shared"
home = WORK / "home"
RUNNER = (sys.argv[2:] or ["--runner", "processes", "--workers", "2"]) + [
    "--images-per-task", "7", "--shared-folder", str(SHARED)]
NETWORK = ["--network", "tiny", "--untrained", "--precision", "f32"]


def run(*arguments, code=(0, 3)):
    done = subprocess.run([PROGRAM, *map(str, arguments), "--home", home], env=ENVIRONMENT, timeout=600,
                          capture_output=True, text=True)
    if done.returncode not in code:
        raise SystemExit(f"lightbox {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout if 0 in code else done.stderr


log = open(WORK / "moto.log", "wb")
moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log,
                        cwd=WORK)
atexit.register(moto.kill)
for _ in range(300):
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        break
    except OSError:
        time.sleep(0.1)
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="test",
                  aws_secret_access_key=SECRET, region_name="us-east-1")
s3.create_bucket(Bucket="films")


def objects(prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="films", Prefix=prefix)
    return {item["Key"][len(prefix):]: s3.get_object(Bucket="films", Key=item["Key"])["Body"].read()
            for page in pages for item in page.get("Contents", [])}


def both(stage, outputs, *arguments, target="--output", ending=""):
    """Runs a stage from one process and spread, and compares what stands in the bucket then."""
    reports = []
    for name, options in [("one", []), ("many", RUNNER)]:
        text = run(*arguments, target, f"{BASE}/{stage}-{name}" + ending, *options, "--json", "--quiet")
        reports.append(json.loads(text))
    one, many = (objects(f"{stage}-{name}/") for name in ("one", "many"))
    check(sorted(one) == sorted(many) and len(many) >= outputs, f"{stage}: the same {len(many)} names")
    wrong = [name for name in one if one[name] != many[name]]
    check(not wrong, f"{stage}: the same bytes {wrong[:3]}")
    facts = [{name: report[name] for name in ("written", "skipped", "problems")} for report in reports]
    check(facts[0] == facts[1], f"{stage}: the same report {facts if facts[0] != facts[1] else ''}")
    left = list(SHARED.iterdir()) if SHARED.exists() else []
    check(not left, f"{stage}: nothing stays in the shared folder {left}")


run("phantoms", "--patients", "6", "--output", WORK / "phantoms", "--quiet")
films = sorted((WORK / "phantoms").rglob("*.dcm"))
for number, film in enumerate(films):
    s3.put_object(Bucket="films", Key=f"in/{number % 3} ü+&%2F/{number}.dcm", Body=film.read_bytes())
# A key that nobody writes by hand, and a file that nobody reads.
s3.put_object(Bucket="films", Key="in//%/.. 'x'?a=b#.dcm", Body=films[0].read_bytes())
s3.put_object(Bucket="films", Key="in/cut.dcm", Body=films[0].read_bytes()[:3000])
run("dicom", "import", BASE + "/in", "--store", "films", "--quiet")
both("export", len(films), "dicom", "export", "--store", "films", target="--to")
s3.put_object(Bucket="films", Key="export-one/0/no picture.png", Body=b"no picture")
for form in ("jsonl", "npy"):
    both("embed-" + form, 1, "embed", *NETWORK, "--input", BASE + "/export-one", ending="/v." + form)
both("dicom", 1, "embed", *NETWORK, "--input", BASE + "/in", ending="/v.jsonl")
both("records", 3, "records", "write", "--images", BASE + "/export-one", "--shape", "32,32,1", "--shards", "3", ending="/r")
both("records-again", 1, "embed", *NETWORK, "--input", BASE + "/records-one/r-*.tfrecord", ending="/v.jsonl")

# A store whose files stand in the bucket: workers, of homes of their own, find them by their addresses.
home, ENVIRONMENT["LIGHTBOX_FILES"] = WORK / "sharing", BASE + "/service"
run("dicom", "import", BASE + "/in", "--store", "films", "--quiet")
check(len(objects("service/dicom/")) >= len(films), "the store's files are objects")
both("shared-export", len(films), "dicom", "export", "--store", "films", target="--to")
both("shared-embed", 1, "embed", *NETWORK, "--input", "dicom:films", ending="/v.jsonl")
home = WORK / "home"
ENVIRONMENT.pop("LIGHTBOX_FILES")

table = "path,label\n" + "".join(f"{name},x\n" for name in objects("export-one/") if name.endswith(".png"))
s3.put_object(Bucket="films", Key="export-one/labels.csv", Body=table.encode())
model = ROOT / "Tests/Reference/keras-models/densenet_k3.h5"
for name, options in [("one", []), ("many", RUNNER)]:
    run("predict-set", "--model", model, "--labels", "chexpert14", "--scaling", "minus-one-to-one", "--images",
        BASE + "/export-one/labels.csv", "--table", name, *options, "--quiet")
rows = [run("query", f"SELECT * FROM {name} ORDER BY path", "--json") for name in ("one", "many")]
check(rows[0] == rows[1] and len(json.loads(rows[0])) >= len(films), "predict-set: the same rows")

# Where workers are to meet has to be a folder.
text = run("embed", *NETWORK, "--input", BASE + "/in", "--output", BASE + "/x.jsonl", *RUNNER[:-2], code=(2,))
check("--shared-folder" in text and "home/objects" not in text, "a bucket is no place to meet: " + text.strip())
# A run that cannot deliver leaves its plan, for the next: addresses, and nothing of a key.
text = run("embed", *NETWORK, "--input", BASE + "/in", "--output", "s3://nosuch/x.jsonl", *RUNNER, "--quiet", code=(1, 4))
plan = [path.read_bytes() for path in SHARED.rglob("*") if path.is_file()]
check(any(b"s3://films/in/" in text for text in plan) and not any(SECRET.encode() in text for text in plan),
      "the plan names objects and no secret")
shutil.rmtree(SHARED)
# What was listed is what is read.
ENVIRONMENT.pop("AWS_ENDPOINT_URL_S3")
text = run("embed", *NETWORK, "--input", BASE + "/in", "--output", WORK / "x.jsonl", *RUNNER, "--quiet", code=(1, 2, 4))
check("s3://films/in" in text, "without a service there is no object: " + text.strip())
