"""A server that is killed in the middle of a batch job: started again, the results hold each record once."""
import json
import pathlib
import signal
import time

import requests

from support import Lightbox, check, doubling_onnx

RECORDS = 600_000
server = Lightbox()
server.command("models", "create", "doubling")
server.command("versions", "create", "v1", "--model", "doubling", "--origin",
               doubling_onnx(pathlib.Path(server.home) / "doubling.onnx"))
bucket = pathlib.Path(server.home) / "buckets/data"
bucket.mkdir(parents=True)
(bucket / "rows.json").write_text("".join(f"[{n}, 0, 0, 0]\n" for n in range(RECORDS)))
jobs = server.address + "/v1/projects/p/jobs"
made = requests.post(jobs, json={"jobId": "batch", "predictionInput": {
    "dataFormat": "JSON", "inputPaths": ["gs://data/rows.json"], "outputPath": "gs://data/out", "region": "r",
    "batchSize": 8, "modelName": "projects/p/models/doubling"}})
check(made.status_code == 200, "the job is queued")


def count():
    return int(requests.get(jobs + "/batch").json().get("predictionOutput", {}).get("predictionCount", 0))


for _ in range(1000):
    if count() > 0:
        break
    time.sleep(0.02)
before = count()
server.stop(signal.SIGKILL)
check(0 < before < RECORDS, f"killed after {before} of {RECORDS} records")
start = time.time()
server.start()
while True:
    job = requests.get(jobs + "/batch").json()
    if job["state"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
        break
    check(time.time() - start < 120, "") if time.time() - start > 120 else time.sleep(0.2)
check(job["state"] == "SUCCEEDED", f"taken up again and ended after {time.time() - start:.0f} s")
lines = [json.loads(line)["y"][0] for path in (bucket / "out").glob("prediction.results-*")
         for line in path.read_text().splitlines()]
check(sorted(lines) == [2.0 * n for n in range(RECORDS)], "each record has its result once")
check(job["predictionOutput"]["predictionCount"] == str(RECORDS), "and was counted once")
