"""google-cloud-storage against `lightbox serve`: buckets, objects, uploads that break off and go on, and what is uploaded
as inputs of jobs, imports and commands.

    python Tests/Clients/cloud_storage.py [path of the lightbox program]
"""
import base64
import concurrent.futures
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import google_crc32c
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager
from google.cloud.storage._media.requests import ResumableUpload
from google.cloud.storage.exceptions import DataCorruption

from support import PROGRAM, Lightbox, check, doubling_onnx

server = Lightbox()
folder = pathlib.Path(server.home) / "buckets"
for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
    os.environ.pop(name, None)
os.environ["STORAGE_EMULATOR_HOST"] = server.address
client = storage.Client(project="p", credentials=AnonymousCredentials())
# The server's own gs:// would be a service, too.
del os.environ["STORAGE_EMULATOR_HOST"]
check(client.api_endpoint == server.address == storage.Client(project="p", credentials=AnonymousCredentials(),
      client_options={"api_endpoint": server.address}).api_endpoint, "the endpoint is all that is changed")
work = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-cloud-storage-"))
generator = random.Random(7)


def refused(kind, call, *arguments, **options):
    """What is wrong, as the library raises it."""
    try:
        call(*arguments, **options)
    except kind as error:
        return error
    raise SystemExit(f"WRONG {call} was not refused with {kind.__name__}")


def reason(error):
    """Uploads are refused without the list that the library makes of other answers."""
    return (error.errors or error.response.json()["error"]["errors"])[0]["reason"]


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def crc32c(data):
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


# Buckets
check(list(client.list_buckets()) == [], "there is no bucket at first")
bucket = client.create_bucket("films", location="eu")
check((folder / "films").is_dir(), "a bucket is a folder of the home")
check(bucket.location == "EU" and bucket.storage_class == "STANDARD" and bucket.time_created.year > 2000, "with facts")
check(refused(exceptions.Conflict, client.create_bucket, "films").errors[0]["reason"] == "conflict",
      "the same name again is 409")
check(refused(exceptions.NotFound, client.get_bucket, "none").errors[0]["reason"] == "notFound", "no bucket is 404")
check(client.lookup_bucket("none") is None and not client.bucket("none").exists() and bucket.exists(), "exists")
bucket.labels = {"kind": "test"}
bucket.patch()
check(client.get_bucket("films").labels == {"kind": "test"} and bucket.metageneration == 2, "labels are kept")
bucket.versioning_enabled = True
check("versioning" in refused(exceptions.BadRequest, bucket.patch).message, "versioning is refused and not forgotten")
bucket.reload()
(folder / "by_hand").mkdir()
client.create_bucket("other")
check([b.name for b in client.list_buckets()] == ["by_hand", "films", "other"], "folders made by hand are buckets")
check([b.name for b in client.list_buckets(prefix="o")] == ["other"], "found by their beginning")
check([b.name for b in client.list_buckets(page_size=1)] == ["by_hand", "films", "other"], "page by page")
for name in ("..", ".hidden", "a b", "a/b", "/etc", "nul\0", "", "x" * 300):
    answer = requests.post(server.address + "/storage/v1/b", json={"name": name})
    check(answer.status_code == 400 and answer.json()["error"]["errors"][0]["reason"] == "invalid", f"no {name[:9]!r}")
check(sorted(p.name for p in folder.iterdir()) == ["by_hand", "films", "other"], "odd names make no folders")
check(bucket.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"], "testIamPermissions")
check("@" in client.get_service_account_email(), "a project's account")
refused(exceptions.BadRequest, bucket.set_iam_policy, bucket.get_iam_policy())

# Small objects: simple and multipart uploads
data = generator.randbytes(100_000)
blob = bucket.blob("a/small.bin")
blob.metadata = {"patient": "none", "größe": "100 kB"}
blob.cache_control = "no-cache"
blob.upload_from_string(data, content_type="application/x-test", checksum="md5")
check((folder / "films/a/small.bin").read_bytes() == data, "what is uploaded is the bucket's file")
check(blob.md5_hash == md5(data) and blob.crc32c == crc32c(data) and blob.size == len(data), "sizes and hashes")
read = bucket.get_blob("a/small.bin")
check(read.content_type == "application/x-test" and read.metadata == {"patient": "none", "größe": "100 kB"}
      and read.cache_control == "no-cache" and read.generation == blob.generation and read.metageneration == 1,
      "what was said of it comes back")
check(abs((datetime.datetime.now(datetime.timezone.utc) - read.updated).total_seconds()) < 600, "times are now")
check(read.download_as_bytes(checksum="md5") == data and read.download_as_bytes(checksum="crc32c") == data, "the bytes")
check(read.download_as_bytes(start=10, end=19) == data[10:20] and read.download_as_bytes(start=99_990) == data[-10:]
      and read.download_as_bytes(start=-5) == data[-5:], "pieces of it")
refused(exceptions.RequestRangeNotSatisfiable, read.download_as_bytes, start=100_000)
answer = requests.get(read.media_link, headers={"Range": "bytes=0-4,9-10"})
check(answer.status_code == 200 and answer.content == data, "several ranges are the whole")
answer = requests.get(read.self_link, params={"alt": "media"}, headers={"Range": "bytes=-0"})
check(answer.status_code == 416 and answer.headers["Content-Range"] == "bytes */100000", "a range of nothing is 416")
answer = requests.head(read.media_link)
check(answer.headers["Content-Length"] == "100000" and answer.headers["X-Goog-Hash"]
      == f"crc32c={crc32c(data)},md5={md5(data)}" and "sandbox" in answer.headers["Content-Security-Policy"],
      "HEAD tells the hashes, and pages that are objects have no scripts")
answer = requests.post(server.address + "/upload/storage/v1/b/films/o", params={"uploadType": "media", "name": "plain"},
                       data=data, headers={"Content-Type": "text/x-plain"})
check(answer.json()["md5Hash"] == md5(data) and answer.json()["contentType"] == "text/x-plain"
      and answer.json()["size"] == "100000", "a simple upload")
answer = requests.post(server.address + "/upload/storage/v1/b/films/o", params={"uploadType": "media", "name": "plain"},
                       data=b"other", headers={"X-Goog-Hash": "crc32c=" + crc32c(b"others")})
check(answer.status_code == 400 and (folder / "films/plain").read_bytes() == data, "wrong hashes change nothing")
empty = bucket.blob("empty")
empty.upload_from_string(b"")
check(empty.size == 0 and empty.download_as_bytes() == b"" and empty.crc32c == "AAAAAA==", "an object without bytes")
packed = bucket.blob("packed.txt")
packed.content_encoding = "gzip"
packed.upload_from_string(gzip.compress(b"text " * 1000), content_type="text/plain")
check(packed.download_as_bytes() == b"text " * 1000 and bucket.blob("packed.txt").download_as_bytes(raw_download=True)
      == (folder / "films/packed.txt").read_bytes(), "packed objects stay packed, and the library unpacks them")

# Names
for name in ("with space", "100%+?&#.txt", "ключ/名前.txt", "a...b", "x:compose", "compose", "o/b/o", "tab\there"):
    bucket.blob(name).upload_from_string(name.encode())
    check(bucket.blob(name).download_as_bytes() == name.encode() and (folder / "films" / name).read_bytes()
          == name.encode(), f"a name like {name!r}")
for name in ("../escape", "..", "/etc/passwd", "a/../../b", "a//b", "folder/", ".hidden", "a/.b", "nul\0", "x" * 256,
             "y/" * 600, "line\nend", "a/small.bin/below", "a"):
    error = refused(exceptions.BadRequest, bucket.blob(name).upload_from_string, b"no")
    check(len(error.message) > 20, f"refuses the name {name[:20]!r}: {error.message.splitlines()[-1][-90:]}")
for path in ("%FF", "a%00b", "..%2f..%2fcatalog.db", "%2e%2e/x"):
    answer = requests.get(f"{server.address}/storage/v1/b/films/o/{path}")
    check(answer.status_code in (400, 404), f"and {path} in a path")
check(sorted(p.name for p in folder.iterdir()) == ["by_hand", "films", "other"]
      and not (pathlib.Path(server.home) / "b").exists(), "and nothing stands outside")
(folder / "films/link").symlink_to("/etc")
(folder / "films/link.txt").symlink_to("/etc/passwd")
for name in ("link/passwd", "link.txt"):
    refused(exceptions.NotFound, bucket.blob(name).download_as_bytes)
refused(exceptions.BadRequest, bucket.blob("link/new").upload_from_string, b"no")
bucket.blob("link.txt").upload_from_string(b"mine")
check(not (folder / "films/link.txt").is_symlink() and pathlib.Path("/etc/passwd").read_bytes() != b"mine",
      "links are not followed, and replaced by what is uploaded")
bucket.blob("link.txt").delete()
(folder / "films/link").unlink()
os.mkfifo(folder / "films/pipe")
refused(exceptions.NotFound, bucket.blob("pipe").download_as_bytes)
(folder / "films/pipe").unlink()

# Files put there by hand
(folder / "films/hand/made").mkdir(parents=True)
(folder / "films/hand/made/file.txt").write_bytes(b"by hand")
made = bucket.get_blob("hand/made/file.txt")
check(made.md5_hash == md5(b"by hand") and made.download_as_bytes() == b"by hand", "files put there are objects")
first = made.generation
(folder / "films/hand/made/file.txt").write_bytes(b"BY HAND")
made = bucket.get_blob("hand/made/file.txt")
check(made.md5_hash == md5(b"BY HAND") and made.generation != first, "their hashes are those of their bytes")
(folder / "films/a/small.bin").write_bytes(b"changed")
changed = bucket.get_blob("a/small.bin")
check(changed.md5_hash == md5(b"changed") and changed.metadata is None and changed.generation != blob.generation,
      "an object that was written over by hand is another")
refused(exceptions.NotFound, bucket.blob("a/small.bin", generation=blob.generation).download_as_bytes)

# Lists
listed = client.create_bucket("listed")
names = sorted(["a", "a-b", "b/1", "b/2", "b/c/1", "b/c/2", "b-", "b0", "d/e/f/g", "é", "z"], key=lambda n: n.encode())
for name in names:
    (folder / "listed" / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "listed" / name).write_text(name)
(folder / "listed/nothing/inside").mkdir(parents=True)
(folder / "listed/.hidden").write_text("x")


def keys(**options):
    found = client.list_blobs("listed", **options)
    return [b.name for b in found], sorted(found.prefixes)


check(keys() == (names, []), "a list is in the order of bytes")
for size in (1, 2, 3, 7):
    check(keys(page_size=size) == (names, []), f"{size} a page")
    check(keys(page_size=size, delimiter="/") == (["a", "a-b", "b-", "b0", "z", "é"], ["b/", "d/"]), "by folders")
check(keys(prefix="b/") == (["b/1", "b/2", "b/c/1", "b/c/2"], []) and keys(prefix="b") == (
    ["b-", "b/1", "b/2", "b/c/1", "b/c/2", "b0"], []), "by prefixes")
check(keys(prefix="b/", delimiter="/") == (["b/1", "b/2"], ["b/c/"]), "below a folder")
check(keys(delimiter="-") == (["a", "b/1", "b/2", "b/c/1", "b/c/2", "b0", "d/e/f/g", "z", "é"], ["a-", "b-"]),
      "another delimiter")
check(keys(delimiter="-", include_trailing_delimiter=True)[0][1] == "b-", "and what ends with it")
check(keys(start_offset="b/2", end_offset="d/e") == (["b/2", "b/c/1", "b/c/2", "b0"], []), "from one name to another")
check(keys(match_glob="b/**") == (["b/1", "b/2", "b/c/1", "b/c/2"], []) and keys(match_glob="b/*") == (
    ["b/1", "b/2"], []), "by a pattern")
check(keys(max_results=3) == (names[:3], []) and keys(prefix="none") == ([], []) and keys(prefix="../") == ([], []),
      "some, and none")
check(refused(exceptions.BadRequest, list, client.list_blobs("listed", page_token="x!")).code == 400, "a bad token is 400")
refused(exceptions.NotFound, list, client.list_blobs("none"))

# Metadata, conditions
blob = bucket.blob("meta")
blob.upload_from_string(b"1", if_generation_match=0)
check(reason(refused(exceptions.PreconditionFailed, bucket.blob("meta").upload_from_string, b"2", if_generation_match=0))
      == "conditionNotMet", "an object that must be new")
blob.metadata = {"a": "1", "b": "2"}
blob.content_type = "text/html"
blob.patch()
check(blob.metageneration == 2 and bucket.get_blob("meta").metadata == {"a": "1", "b": "2"}, "patch")
blob.metadata = {"a": None, "c": "3"}
blob.patch(if_metageneration_match=2)
check(bucket.get_blob("meta").metadata == {"b": "2", "c": "3"}, "takes single ones away")
refused(exceptions.PreconditionFailed, blob.patch, if_metageneration_match=2)
blob.content_language = "en"
blob.metadata = {"d": "4"}
blob.update()
check(bucket.get_blob("meta").metadata == {"d": "4"} and bucket.get_blob("meta").content_type == "text/html", "update")
generation = blob.generation
blob.upload_from_string(b"2", if_generation_match=generation)
check(blob.generation > generation and bucket.get_blob("meta").metadata == {"d": "4"} , "generations grow")
refused(exceptions.PreconditionFailed, blob.delete, if_generation_match=generation)
refused(exceptions.PreconditionFailed, blob.reload, if_generation_match=generation)
check(requests.get(blob.self_link, headers={"If-None-Match": blob.etag}).status_code == 304, "what you have is 304")
wrong = bucket.blob("wrong")
wrong.crc32c = "AAAAAA=="
refused((exceptions.BadRequest, DataCorruption), wrong.upload_from_string, b"not empty", checksum=None)
check(not wrong.exists(), "other bytes than were told are no object")
for call in (lambda: blob.make_public(), lambda: bucket.blob("x", kms_key_name="k").upload_from_string(b"x"),
             lambda: bucket.blob("x", encryption_key=b"k" * 32).upload_from_string(b"x"),
             lambda: bucket.blob("x").upload_from_string(b"x", predefined_acl="publicRead")):
    check(reason(refused(exceptions.BadRequest, call)) == "notSupported", "access lists and keys are refused")


def race(number):
    try:
        bucket.blob("raced").upload_from_string(str(number), if_generation_match=0)
        return 1
    except exceptions.PreconditionFailed:
        return 0


with concurrent.futures.ThreadPoolExecutor(16) as pool:
    check(sum(pool.map(race, range(16))) == 1, "one of many that must be first is")

# Copies
source = bucket.blob("meta")
copied = bucket.copy_blob(source, client.bucket("other"), "copied")
check(copied.md5_hash == md5(b"2") and copied.metadata == {"d": "4"} and copied.content_type == "text/plain", "copyTo")
target = client.bucket("other").blob("rewritten")
check(target.rewrite(source)[0] is None and target.download_as_bytes() == b"2" and target.metadata == {"d": "4"},
      "rewriteTo")
target.update_storage_class("NEARLINE")
check(client.bucket("other").get_blob("rewritten").storage_class == "NEARLINE", "a storage class is kept")
renamed = client.bucket("other").rename_blob(target, "deep/renamed")
check(not target.exists() and renamed.download_as_bytes() == b"2", "rename")
moved = client.bucket("other").move_blob(renamed, "moved")
check(not (folder / "other/deep").exists() and moved.download_as_bytes() == b"2" and moved.metadata == {"d": "4"},
      "moveTo, and folders without objects go")
refused(exceptions.NotFound, bucket.copy_blob, bucket.blob("none"), bucket, "x")
parts = [bucket.blob(f"part-{n}") for n in range(32)]
for number, part in enumerate(parts):
    part.upload_from_string(bytes([number]) * number)
whole = bucket.blob("whole")
whole.content_type = "application/whole"
whole.compose(parts, if_generation_match=0)
expected = b"".join(bytes([n]) * n for n in range(32))
check(whole.download_as_bytes() == expected and whole.crc32c == crc32c(expected) and whole.component_count == 32
      and bucket.get_blob("whole").content_type == "application/whole", "compose")
whole.compose([whole, parts[3]])
check(whole.download_as_bytes() == expected + b"\3\3\3" and whole.component_count == 33, "and onto itself")
refused(exceptions.BadRequest, whole.compose, parts + parts)
refused(exceptions.NotFound, whole.compose, [bucket.blob("none")])

# Many at once
with client.batch():
    for part in parts[:20]:
        part.metadata = {"batched": "yes"}
        part.patch()
check(bucket.get_blob("part-7").metadata == {"batched": "yes"}, "a batch of changes")
bucket.delete_blobs(parts[:30])
check(not parts[0].exists() and parts[31].exists(), "delete_blobs")
failures = []
bucket.delete_blobs(parts, on_error=failures.append)
check(len(failures) == 30 and not parts[31].exists(), "and tells which were not there")
try:
    with client.batch():
        bucket.blob("none").delete()
        bucket.blob("raced").delete()
    check(False, "a batch tells what failed")
except exceptions.NotFound:
    check(not bucket.blob("raced").exists(), "a batch does what can be done")
sources = []
for number in range(40):
    path = work / f"file-{number}.bin"
    path.write_bytes(generator.randbytes(generator.randrange(200_000)))
    sources.append(path)
results = transfer_manager.upload_many_from_filenames(
    bucket, [p.name for p in sources], source_directory=str(work), blob_name_prefix="many/", worker_type="thread")
check(not [r for r in results if r is not None] and all(
    (folder / "films/many" / p.name).read_bytes() == p.read_bytes() for p in sources), "upload_many")
results = transfer_manager.download_many_to_path(
    bucket, [p.name for p in sources], destination_directory=str(work / "back"), blob_name_prefix="many/",
    worker_type="thread")
check(all((work / "back" / p.name).read_bytes() == p.read_bytes() for p in sources), "download_many")

# Large objects
large = generator.randbytes(64 << 20)
(work / "large").write_bytes(large)
blob = bucket.blob("large", chunk_size=5 << 20)
blob.upload_from_filename(work / "large", checksum="crc32c")
check(blob.md5_hash == md5(large) and blob.crc32c == crc32c(large), "a resumable upload in parts")
check(blob.download_as_bytes(checksum="md5") == large, "and read in parts")
blob = bucket.blob("large-whole")
blob.upload_from_filename(work / "large")
check(blob.md5_hash == md5(large), "and in one")
transfer_manager.download_chunks_concurrently(blob, work / "fetched", chunk_size=7 << 20, worker_type="thread")
check((work / "fetched").read_bytes() == large, "download_chunks_concurrently")
error = refused(Exception, transfer_manager.upload_chunks_concurrently, str(work / "large"), bucket.blob("xml"),
                worker_type="thread")
check("not offered" in str(error) or "not offered" in getattr(getattr(error, "response", None), "text", ""),
      "uploads by the XML interface are refused clearly")
with bucket.blob("streamed").open("wb", chunk_size=1 << 20) as stream:
    for start in range(0, 5_000_000, 99_999):
        stream.write(large[start:min(start + 99_999, 5_000_000)])
check(bucket.blob("streamed").download_as_bytes() == large[:5_000_000], "a stream of unknown length")
with bucket.blob("streamed").open("rb", chunk_size=1 << 18) as stream:
    stream.seek(1234567)
    check(stream.read(1000) == large[1234567:1235567], "and read as a file")
with bucket.blob("text").open("w") as stream:
    stream.write("größer\n" * 3)
check(bucket.blob("text").open("r").read() == "größer\n" * 3, "a text")
blob = bucket.blob("exact", chunk_size=1 << 18)
blob.upload_from_file(io.BytesIO(large[:1 << 20]))
check(blob.md5_hash == md5(large[:1 << 20]), "a stream that ends with a part")


class Session:
    """A resumable upload by hand."""

    def __init__(self, name, size=None, **query):
        headers = {"X-Upload-Content-Length": str(size)} if size is not None else {}
        answer = requests.post(server.address + "/upload/storage/v1/b/films/o", headers=headers, json={"name": name},
                               params={"uploadType": "resumable", **query})
        check(answer.status_code == 200, f"a session for {name}")
        self.address = answer.headers["Location"]

    def put(self, data=b"", content=None, **headers):
        if content:
            headers["Content-Range"] = content
        answer = requests.put(self.address, data=data, headers=headers, allow_redirects=False)
        return answer.status_code, answer.headers.get("Range")


step = 256 << 10
session = Session("session")
check(session.put(content="bytes */*") == (308, None), "nothing is there at first")
check(session.put(large[:step], f"bytes 0-{step - 1}/*") == (308, f"bytes=0-{step - 1}"), "a part of an unknown size")
check(session.put(large[step:step + 1000], f"bytes {step}-{step + 999}/*")[0] == 400, "parts are multiples of 256 KiB")
check(session.put(large[3 * step:4 * step], f"bytes {3 * step}-{4 * step - 1}/*") == (308, f"bytes=0-{step - 1}"),
      "a gap is told")
check(session.put(large[:2 * step], f"bytes 0-{2 * step - 1}/*") == (308, f"bytes=0-{2 * step - 1}"),
      "bytes that are there are passed over")
check(session.put(large[2 * step:2 * step + 10], f"bytes {2 * step}-{2 * step + 9}/{2 * step + 10}")[0] == 200
      and bucket.blob("session").download_as_bytes() == large[:2 * step + 10], "the last part may be short")
check(session.put(content="bytes */*")[0] == 200, "an upload that ended says so")
session = Session("told", size=10)
check(session.put(b"x" * 11, "bytes 0-10/11")[0] == 400 and session.put(b"x" * 11)[0] == 400, "more than was told")
check(session.put(b"y" * 10)[0] == 200 and bucket.blob("told").download_as_bytes() == b"y" * 10, "all in one")
session = Session("nothing")
check(session.put(content="bytes */0")[0] == 200 and bucket.blob("nothing").download_as_bytes() == b"", "no bytes at all")
session = Session("asked")
session.put(large[:step], f"bytes 0-{step - 1}/*")
check(session.put(content=f"bytes */{step}")[0] == 200, "the size may come last")
for header in ("bytes 0-/5", "bytes 5-1/9", "bytes 0-9/5", "bytes -1-5/6", "bytes 0-99999999999999999999/*", "items 0-1/2"):
    check(Session("odd").put(b"12345", header)[0] == 400, f"refuses {header}")
session = Session("cancelled")
session.put(large[:step], f"bytes 0-{step - 1}/*")
check(requests.delete(session.address).status_code == 499 and session.put(content="bytes */*")[0] == 404, "cancelled")
session = Session("conditional", ifGenerationMatch="0")
bucket.blob("conditional").upload_from_string(b"first")
check(session.put(b"second")[0] == 412 and bucket.blob("conditional").download_as_bytes() == b"first",
      "conditions hold at the end, too")
session = Session("hashed")
check(session.put(b"bytes", **{"X-Goog-Hash": "crc32c=AAAAAA=="})[0] == 400 and not bucket.blob("hashed").exists(),
      "wrong hashes at the end are no object")
check(not list((folder / "films/.lightbox-incoming").glob("*.part")), "nothing is left of uploads that failed")

# The server is killed in the middle of parts, and the library goes on with its session.
for seed in range(3):
    stream = io.BytesIO(large)
    upload = ResumableUpload(server.address + "/upload/storage/v1/b/films/o?uploadType=resumable", 8 << 20,
                             checksum=None)
    transport = requests.Session()
    upload.initiate(transport, stream, {"name": f"killed-{seed}"}, "application/killed", total_bytes=len(large))
    for _ in range(generator.randrange(4)):
        upload.transmit_next_chunk(transport)
    kept = upload.bytes_uploaded

    class Slow:
        """The rest of the object, slowly."""

        def __init__(self):
            self.at = kept

        def __iter__(self):
            while self.at < len(large):
                yield large[self.at:self.at + (1 << 20)]
                self.at += 1 << 20
                time.sleep(0.01)

    threading.Timer(generator.uniform(0.05, 0.5), server.process.send_signal, [signal.SIGKILL]).start()
    try:
        requests.put(upload.resumable_url, data=Slow(), headers={
            "Content-Range": f"bytes {kept}-{len(large) - 1}/{len(large)}"})
        check(False, "the server was killed too late")
    except requests.ConnectionError:
        pass
    server.process.wait()
    check(not (folder / f"films/killed-{seed}").exists(), "nothing is half there")
    server.start()
    upload._make_invalid()
    upload.recover(transport)
    check(upload.bytes_uploaded >= kept, f"{upload.bytes_uploaded >> 20} MiB of {kept >> 20} and more outlast kill -9")
    while not upload.finished:
        upload.transmit_next_chunk(transport)
    blob = bucket.get_blob(f"killed-{seed}")
    check(blob.md5_hash == md5(large) and blob.content_type == "application/killed"
          and (folder / f"films/killed-{seed}").read_bytes() == large, "and the rest goes on")
check(bucket.get_blob("meta").metadata == {"d": "4"} and bucket.get_blob("whole").component_count == 33,
      "what was said of objects outlasts kill -9")

# The server is killed while objects are written over: what is said of each is of the bytes that stand there.
for seed in range(4):
    def write(number):
        own = storage.Client(project="p", credentials=AnonymousCredentials(),
                             client_options={"api_endpoint": server.address}).bucket("films")
        while True:
            text = os.urandom(12).hex().encode()
            blob = own.blob(f"torn/{number}")
            blob.metadata = {"md5": md5(text)}
            try:
                blob.upload_from_string(text, content_type="text/x-torn", retry=None)
            except Exception:
                return

    writers = [threading.Thread(target=write, args=[number % 3]) for number in range(6)]
    for writer in writers:
        writer.start()
    time.sleep(generator.uniform(0.3, 0.6))
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    for writer in writers:
        writer.join()
    server.start()
    for number in range(3):
        blob = bucket.get_blob(f"torn/{number}")
        there = (folder / f"films/torn/{number}").read_bytes()
        check(blob.metadata == {"md5": md5(there)} and blob.md5_hash == md5(there) and blob.content_type == "text/x-torn"
              and blob.download_as_bytes() == there, f"torn/{number} and what is said of it agree")

# A connection that breaks off
session = Session("broken")
target = session.address.split(str(server.port), 1)[1]
connection = socket.create_connection(("127.0.0.1", server.port))
connection.sendall((f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {8 << 20}\r\n"
                    f"Content-Range: bytes 0-{(8 << 20) - 1}/{8 << 20}\r\n\r\n").encode() + large[:3 << 20])
time.sleep(0.3)
connection.close()
for _ in range(100):
    code, kept = session.put(content="bytes */*")
    if kept:
        break
    time.sleep(0.05)
start = int(kept.split("-")[1]) + 1
check(code == 308 and 0 < start <= 3 << 20, f"{start} bytes of a broken connection are kept")
check(session.put(large[start:8 << 20], f"bytes {start}-{(8 << 20) - 1}/{8 << 20}")[0] == 200
      and bucket.get_blob("broken").md5_hash == md5(large[:8 << 20]), "and the rest goes on")
connection = socket.create_connection(("127.0.0.1", server.port))
connection.sendall((f"POST /upload/storage/v1/b/films/o?uploadType=media&name=cut HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Content-Length: 1000000\r\n\r\n").encode() + large[:500_000])
time.sleep(0.2)
connection.close()
time.sleep(0.3)
check(not bucket.blob("cut").exists(), "a simple upload that is cut short is no object")

memory = int(next(line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmHWM")).split()[1])
check(memory < 300_000, f"{memory >> 10} MB of memory, whatever the size of objects")

# What is uploaded is what jobs, imports and commands of the home mean
server.command("phantoms", "--patients", "3", "--output", str(work / "scans"))
scans = sorted((work / "scans").rglob("*.dcm"))
for path in scans:
    bucket.blob(f"scans/{path.relative_to(work / 'scans')}").upload_from_filename(path)
listing = server.command("storage", "ls", "gs://films/scans").split()
check(listing == sorted(b.public_url and f"gs://films/{b.name}" for b in client.list_blobs("films", prefix="scans/")),
      "lightbox storage ls has the same names")
server.command("dicom", "import", "gs://films/scans", "--store", "set/store")
project = f"{server.address}/v1/projects/p/locations/l/datasets"
requests.post(project + "?datasetId=online", json={})
requests.post(project + "/online/dicomStores?dicomStoreId=s", json={})
operation = requests.post(project + "/online/dicomStores/s:import",
                          json={"gcsSource": {"uri": "gs://films/scans/**.dcm"}}).json()
for _ in range(600):
    operation = requests.get(f"{server.address}/v1/{operation['name']}").json()
    if operation.get("done"):
        break
    time.sleep(0.05)
check(operation["metadata"]["counter"] == {"success": str(len(scans))}, "an import takes all of them")
doubling_onnx(work / "doubling.onnx")
bucket.blob("models/doubling.onnx").upload_from_filename(work / "doubling.onnx")
bucket.blob("rows.json").upload_from_string("\n".join(json.dumps([n, n + 1, n + 2, n + 3]) for n in range(50)) + "\n")
models = f"{server.address}/v1/projects/p/models"
requests.post(models, json={"name": "doubling"})
operation = requests.post(models + "/doubling/versions",
                          json={"name": "v1", "deploymentUri": "gs://films/models/doubling.onnx"}).json()
for _ in range(600):
    operation = requests.get(f"{server.address}/v1/{operation['name']}").json()
    if operation.get("done"):
        break
    time.sleep(0.05)
check("error" not in operation, "a model is made of what was uploaded")
requests.post(f"{server.address}/v1/projects/p/jobs", json={"jobId": "night", "predictionInput": {
    "dataFormat": "JSON", "inputPaths": ["gs://films/rows.json"], "outputPath": "gs://films/out", "region": "us-central1",
    "modelName": "projects/p/models/doubling"}})
for _ in range(600):
    job = requests.get(f"{server.address}/v1/projects/p/jobs/night").json()
    if job["state"] in ("SUCCEEDED", "FAILED"):
        break
    time.sleep(0.05)
check(job["state"] == "SUCCEEDED", "a batch prediction reads it")
lines = [json.loads(line) for b in client.list_blobs("films", prefix="out/prediction.results")
         for line in b.download_as_text().splitlines()]
values = sorted(next(iter(l.values())) if isinstance(l, dict) else l for l in lines)
check(values == [[2.0 * (n + k) for k in range(4)] for n in range(50)], "and its results are objects")
server.command("storage", "cp", str(work / "file-3.bin"), "gs://films/copied.bin")
check(bucket.get_blob("copied.bin").md5_hash == md5((work / "file-3.bin").read_bytes()), "lightbox storage cp")

# Lightbox's own client, of another home, by this server
other_home = work / "home"
other_home.mkdir()
(other_home / "lightbox.toml").write_text(f'[storage.gs]\nendpoint = "{server.address}"\n')


def remote(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments), "--home", str(other_home)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"WRONG {arguments}: {done.stdout}{done.stderr}")
    return done.stdout


remote("storage", "cp", work / "large", "gs://other/by_lightbox/large")
remote("storage", "cp", "--recursive", work / "scans", "gs://other/scans/")
check((folder / "other/by_lightbox/large").read_bytes() == large, "lightbox storage cp sends large objects in parts")
check(remote("storage", "ls", "gs://other/scans/**").split()
      == [f"gs://other/{b.name}" for b in client.list_blobs("other", prefix="scans/")], "ls lists them")
remote("storage", "cp", "gs://other/by_lightbox/large", "gs://other/by_lightbox/again")
remote("storage", "cp", "gs://other/by_lightbox/again", work / "again")
check((work / "again").read_bytes() == large, "cp copies and fetches")
remote("storage", "rm", "--recursive", "gs://other/by_lightbox/*")
check(not list(client.list_blobs("other", prefix="by_lightbox/")), "rm removes")

# A home whose gs:// is a service
check(refused(exceptions.Conflict, bucket.delete).errors[0]["reason"] == "conflict", "a bucket with objects stays")
(folder / "listed/.hidden").unlink()
client.bucket("listed").delete_blobs(list(client.list_blobs("listed")))
client.get_bucket("listed").delete()
check(not (folder / "listed").exists() and client.lookup_bucket("listed") is None, "an empty one goes")

# Tokens
reader = server.command("tokens", "create", "reader", "--role", "read").split()
writer = server.command("tokens", "create", "writer", "--role", "write").split()
time.sleep(1.2)


def secret(words):
    return max(words, key=len)


def ask(method, path, token=None, **options):
    headers = {"Authorization": "Bearer " + token} if token else {}
    return requests.request(method, server.address + path, headers=headers, **options)


check(ask("GET", "/storage/v1/b").status_code == 401, "with tokens nobody else is let in")
check(ask("GET", "/storage/v1/b/films/o/whole", secret(reader)).status_code == 200, "the role read reads")
answer = ask("DELETE", "/storage/v1/b/films/o/whole", secret(reader))
check(answer.status_code == 403 and answer.json()["error"]["errors"][0]["reason"] == "forbidden", "and writes nothing")
batch = ("--x\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\nDELETE /storage/v1/b/films/o/whole HTTP/1.1\r\n"
         "\r\n\r\n--x--\r\n")
answer = requests.post(server.address + "/batch/storage/v1", data=batch, headers={
    "Authorization": "Bearer " + secret(reader), "Content-Type": "multipart/mixed; boundary=x"})
check("HTTP/1.1 403" in answer.text and (folder / "films/whole").exists(), "not in a batch either")
check(ask("DELETE", "/storage/v1/b/films/o/whole", secret(writer)).status_code == 204, "the role write writes")
server.stop()
audit = (pathlib.Path(server.home) / "audit/audit.jsonl").read_text()
check("scans/" not in audit and "small.bin" not in audit and '"bucket": "films"' in audit
      and "upload_id" not in audit, "the audit log names buckets, and no objects")
shutil.rmtree(work, ignore_errors=True)
print("all is well")
