"""The whole walk through S3 (moto) and Google Cloud Storage (gcp-storage-emulator), compared byte by byte with local files.

    python Tests/Clients/object_storage.py [path of the lightbox program]

Both emulators and a proxy that stumbles are started here, on loopback.
"""
import atexit
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import boto3
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from support import PROGRAM, ROOT, check, free_port

WORK = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-storage-"))
atexit.register(shutil.rmtree, WORK, True)
BUCKET = "films"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret-key", "AWS_REGION": "us-east-1"}
PLAIN = {name: value for name, value in os.environ.items()
         if not name.startswith(("AWS_", "STORAGE_", "GOOGLE_", "LIGHTBOX_"))}


def start(*command):
    log = open(WORK / "servers.log", "ab")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=PLAIN, cwd=WORK)
    atexit.register(process.kill)
    return process


def wait_for(port):
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("an emulator did not start:\n" + (WORK / "servers.log").read_text())


class Proxy:
    """Hands requests on, except for those that `fault` deals with: it returns what to do, or None."""

    def __init__(self, upstream, fault):
        proxy = self
        self.count = 0
        self.faults = 0
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def deal(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with proxy.lock:
                    proxy.count += 1
                    number = proxy.count
                what = fault(number, self.command, self.path)
                if what:
                    with proxy.lock:
                        proxy.faults += 1
                if what == "busy":
                    self.send_response(503)
                    self.send_header("Retry-After", "0")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if what == "reset":
                    self.close_connection = True
                    return
                if what == "hang":
                    time.sleep(60)
                connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                answer = connection.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                if self.command == "HEAD":
                    return
                if what == "cut" and len(data) > 1000:
                    self.wfile.write(data[:len(data) // 2])
                    self.close_connection = True
                    return
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = deal

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # callers that were killed
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Place:
    """Where one walk reads and writes, and how its program is told so."""

    def __init__(self, name, base, environment):
        self.name, self.base = name, base
        self.home = WORK / ("home-" + name)
        self.environment = {**PLAIN, **environment}

    def run(self, *arguments, fails=False):
        done = subprocess.run([PROGRAM, *arguments, "--home", str(self.home), "--quiet"], env=self.environment,
                              capture_output=True, text=True, timeout=900)
        # 3: some files were left out, as on every walk.
        if (done.returncode not in (0, 3)) != fails:
            raise SystemExit(f"{self.name}: lightbox {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr


def walk(place):
    """DICOM in, pictures, records, vectors, a table, predictions; every output by its name."""
    out = place.base + "/out"
    texts = [
        place.run("dicom", "import", place.base + "/in", "--store", "films"),
        place.run("dicom", "export", "--store", "films", "--to", out + "/png"),
        place.run("records", "write", "--images", out + "/png", "--output", out + "/records/train", "--shards", "3",
                  "--shape", "96,96,1"),
        place.run("embed", "--network", "tiny", "--untrained", "--precision", "f32", "--input", out + "/records/train-*.tfrecord", "--output",
                  out + "/vectors.jsonl"),
        place.run("embed", "--network", "tiny", "--untrained", "--precision", "f32", "--input", out + "/png", "--output", out + "/png.npy"),
        place.run("load", out + "/vectors.jsonl", "--table", "features"),
        place.run("records", "show", out + "/records/train-*.tfrecord"),
    ]
    rows = place.run("query", "SELECT study, series, instance, feature_vector FROM features ORDER BY instance, frame", "--json")
    texts.append(rows if "error" in rows else "")
    return rows, texts


def main():
    moto, emulator = free_port(), free_port()
    scripts = pathlib.Path(sys.executable).parent
    start(str(scripts / "moto_server"), "-H", "127.0.0.1", "-p", str(moto))
    start(str(scripts / "gcp-storage-emulator"), "start", "-H", "127.0.0.1", "--port", str(emulator), "-q",
          "--in-memory", "--default-bucket", BUCKET)

    local = Place("local", str(WORK / "local"), {})
    local.run("phantoms", "--patients", "4", "--output", str(WORK / "phantoms"))
    inputs = sorted((WORK / "phantoms").rglob("*.dcm"))
    data = pathlib.Path(os.environ.get("LIGHTBOX_TEST_DATA") or ROOT / "../shared/data") / "dicom"
    inputs += sorted(data.rglob("*.dcm"))[:40] if data.is_dir() else []
    for number, path in enumerate(inputs):
        target = WORK / "local/in" / f"{number % 3} ü+&" / f"{number}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)

    wait_for(moto)
    wait_for(emulator)
    s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{moto}", aws_access_key_id="test",
                      aws_secret_access_key="test-secret-key", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{emulator}"
    gcs = storage.Client(project="test", credentials=AnonymousCredentials())
    bucket = gcs.bucket(BUCKET)

    def s3_objects(prefix=""):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
                for page in pages for item in page.get("Contents", [])}

    for prefix in ("a", "b"):
        for path in (WORK / "local/in").rglob("*.dcm"):
            s3.put_object(Bucket=BUCKET, Key=f"{prefix}/in/{path.relative_to(WORK / 'local/in')}", Body=path.read_bytes())
    for path in (WORK / "local/in").rglob("*.dcm"):
        bucket.blob(f"a/in/{path.relative_to(WORK / 'local/in')}").upload_from_string(path.read_bytes())

    expected_rows, _ = walk(local)
    out = WORK / "local/out"
    expected = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*")
                if path.is_file() and not path.name.startswith(".") and path.name != "errors.jsonl"}
    check(len(expected) > 10 and "vectors.jsonl" in expected, f"a local walk writes {len(expected)} files")

    def compare(place, objects, rows, texts):
        # Reports of what was left out name it, each in its own place.
        objects = {name: data for name, data in objects.items() if not name.endswith("errors.jsonl")}
        check(sorted(objects) == sorted(expected), f"{place.name}: the same {len(objects)} names")
        wrong = [name for name in expected if objects[name] != expected[name]]
        check(not wrong, f"{place.name}: every object has the bytes of the local file {wrong[:3]}")
        check(rows == expected_rows, f"{place.name}: the same rows in the table")
        text = "\n".join(texts)
        check(str(place.home) + "/objects" not in text and "cache/objects" not in text and place.base in text,
              f"{place.name}: reports speak of {place.base}")

    on_s3 = Place("s3", f"s3://{BUCKET}/a", {**KEYS, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{moto}"})
    rows, texts = walk(on_s3)
    compare(on_s3, {key[len("a/out/"):]: value for key, value in s3_objects("a/out/").items()}, rows, texts)

    on_gs = Place("gs", f"gs://{BUCKET}/a", {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{emulator}"})
    rows, texts = walk(on_gs)
    found = {blob.name[len("a/out/"):]: blob.download_as_bytes() for blob in gcs.list_blobs(BUCKET, prefix="a/out/")}
    compare(on_gs, found, rows, texts)

    # A home whose instances stand in the bucket, under the names that they have in the local home.
    for scheme, environment, names in (
            ("s3", on_s3.environment, lambda: s3_objects("files/")),
            ("gs", on_gs.environment, lambda: {blob.name: blob.size for blob in gcs.list_blobs(BUCKET, prefix="files/")})):
        shared = Place("shared " + scheme, "", {**environment, "LIGHTBOX_FILES": f"{scheme}://{BUCKET}/files"})
        shared.run("dicom", "import", str(WORK / "local/in"), "--store", "films")
        files = {str(path.relative_to(local.home)) for path in (local.home / "dicom").rglob("*.dcm")}
        check({name[len("files/"):] for name in names()} == files and not list((shared.home / "dicom").rglob("*.dcm")),
              f"{shared.name}: the same {len(files)} names as in a local home {sorted(files ^ {name[6:] for name in names()})[:4]}")
        shared.run("dicom", "export", "--store", "films", "--to", str(WORK / shared.name))
        pictures = {str(path.relative_to(WORK / shared.name)): path.read_bytes() for path in (WORK / shared.name).rglob("*.png")}
        check(pictures == {name[len("png/"):]: data for name, data in expected.items() if name.startswith("png/")
                           and name.endswith(".png")}, f"{shared.name}: the same {len(pictures)} pictures")
        report = json.loads(shared.run("dicom", "verify", "--store", "films", "--read", "--json"))
        check(report["intact"] == len(files) and not report["missing"] + report["changed"] + report["orphaned"],
              f"{shared.name}: {report['intact']} intact")
        shared.run("stores", "delete", "films", "--force")
        check(not names(), f"{shared.name}: a store that is deleted takes its objects along")

    # Every few requests fail in one way or another; the signatures are of the proxy's own address.
    def stumble(number, method, path):
        return {3: "busy", 5: "reset", 8: "cut"}.get(number % 9)

    proxy = Proxy(moto, stumble)
    faulty = Place("stumbling s3", f"s3://{BUCKET}/b", {})
    faulty.home.mkdir()
    (faulty.home / "lightbox.toml").write_text(f'[storage.s3]\nendpoint = "{proxy.address}"\nprofile = "ward"\n')
    (WORK / "user/.aws").mkdir(parents=True)
    (WORK / "user/.aws/credentials").write_text(
        "[ward]\naws_access_key_id = test\naws_secret_access_key = test-secret-key\n")
    faulty.environment["HOME"] = str(WORK / "user")
    rows, texts = walk(faulty)
    compare(faulty, {key[len("b/out/"):]: value for key, value in s3_objects("b/out/").items()}, rows, texts)
    check(proxy.faults > 10, f"{proxy.faults} of {proxy.count} requests were disturbed")

    # Large objects travel in parts, both ways; what is ended in the middle leaves nothing.
    big = WORK / "big.bin"
    big.write_bytes(os.urandom(1 << 20) * 41 + b"end")
    for place in (on_s3, on_gs, faulty):
        place.run("storage", "cp", str(big), place.base + "/big.bin")
        place.run("storage", "cp", place.base + "/big.bin", str(WORK / "back.bin"))
        check((WORK / "back.bin").read_bytes() == big.read_bytes(), f"{place.name}: 41 MB there and back")
        place.run("storage", "cp", place.base + "/big.bin", place.base + "/copy/")
        check("copy/big.bin" in place.run("storage", "ls", place.base + "/copy"), f"{place.name}: copied in its place")
        place.run("storage", "rm", place.base + "/copy", "--recursive")
        place.run("storage", "ls", place.base + "/copy", fails=True)
    check(not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"), "no upload stays open")

    hanging = Proxy(moto, lambda number, method, path: "hang" if "partNumber=3" in path else None)
    killed = Place("killed", f"s3://{BUCKET}/k", {**KEYS, "AWS_ENDPOINT_URL": hanging.address})
    process = subprocess.Popen([PROGRAM, "storage", "cp", str(big), killed.base + "/big.bin", "--home", str(killed.home)],
                               env=killed.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while hanging.faults == 0 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check(hanging.faults > 0 and not s3_objects("k/"), "kill -9 in the middle of an upload leaves no object")

    # One page of the web, through a signed address too.
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a/out/vectors.jsonl"})
    local.run("load", url, "--table", "fetched")
    count = local.run("query", "SELECT count(*) AS n FROM fetched", "--json")
    check(json.loads(count)[0]["n"] > 10, "a table is loaded from the web")
    text = local.run("embed", "--network", "tiny", "--untrained", "--precision", "f32", "--input", str(out / "png"), "--output",
                     f"http://127.0.0.1:{moto}/x/v.jsonl", fails=True)
    check("only read" in text, "writing to the web is refused: " + text.strip())
    text = local.run("load", url.replace("vectors.jsonl?", "none.jsonl?"), "--table", "nothing", fails=True)
    check("Signature" not in text, "no signature stands in an error: " + text.strip())

    # A model's version from a bucket, a run's folder into it.
    table = "path,label\n" + "".join(
        f"{path.relative_to(out)},{'even' if number % 2 else 'odd'}\n"
        for number, path in enumerate(sorted(out.rglob("*.png"))))
    s3.put_object(Bucket=BUCKET, Key="a/out/labels.csv", Body=table.encode())
    on_s3.run("train", "transfer", "--network", "tiny", "--untrained", "--images", on_s3.base + "/out/labels.csv",
              "--epochs", "2", "--output", on_s3.base + "/run", "--name", "parity")
    check({"a/run/model/model.json", "a/run/model/model.onnx", "a/run/report.html"} <= set(s3_objects("a/run/")),
          "a training run ends up in the bucket")
    on_s3.run("models", "create", "parity")
    on_s3.run("versions", "create", "v1", "--model", "parity", "--origin", on_s3.base + "/run/model")
    check("READY" in on_s3.run("versions", "list", "--model", "parity").upper(), "a version is made from the bucket")

    # Drawn, de-identified, learned from, predicted and judged without a local path.
    films = on_s3.base + "/films"
    on_s3.run("phantoms", "--patients", "4", "--output", films)
    on_s3.run("dicom", "deidentify", films, "--output", on_s3.base + "/shared")
    check(len(s3_objects("a/shared/")) > 3, "de-identified files stand in the bucket")
    on_s3.run("train", "classifier", "--network", "tiny", "--labels", "chexpert14", "--shape", "64,64,1", "--images",
              films + "/labels.csv", "--max-steps", "3", "--batch-size", "4", "--output", on_s3.base + "/chest")
    text = on_s3.run("predict", "--model", on_s3.base + "/chest/model", films + "/**.dcm")
    check(films in text and str(on_s3.home) not in text, "predictions name their objects")
    on_s3.run("predict-set", "--model", on_s3.base + "/chest/model", "--images", films + "/labels.csv", "--table", "p")
    on_s3.run("evaluate", "--model", on_s3.base + "/chest/model", "--images", films + "/labels.csv", "--output",
              on_s3.base + "/judged")
    check("a/judged/evaluation.json" in s3_objects("a/judged/"), "an evaluation stands in the bucket")
    on_s3.run("records", "split", films + "/labels.csv", "--output", on_s3.base + "/split", "--label-column", "edema")
    split = s3_objects("a/split/")
    check({"a/split/train.csv", "a/split/eval.csv", "a/split/dict.txt"} == set(split)
          and str(on_s3.home).encode() not in b"".join(split.values()), "split tables name objects")

    text = on_s3.run("doctor", fails=False)
    check(f"http://127.0.0.1:{moto} answers" in text, "doctor says that the endpoint answers")
    gone = Place("gone", "s3://x", {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"})
    check("no server answers" in gone.run("doctor", fails=True), "doctor says that it does not")
    wrong = Place("wrong", f"s3://{BUCKET}-none/a", {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{moto}"})
    text = wrong.run("dicom", "import", wrong.base, "--store", "x", fails=True)
    check("no such bucket" in text and "test-secret" not in text, "a bucket that is not there: " + text.strip())


main()
