"""google-api-python-client against `lightbox serve`: DICOM analytics as the published scripts do it, from a bucket of files
to pictures, a table and a copy without names."""
import json
import os
import pathlib
import shutil
import signal
import time

import pydicom
import requests
from google.auth.credentials import AnonymousCredentials
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from support import ROOT, Lightbox, check

PATIENTS = 4
server = Lightbox()
buckets = pathlib.Path(server.home) / "buckets"
server.command("phantoms", "--patients", str(PATIENTS), "--output", str(buckets / "my_bucket/scans"))
files = sorted((buckets / "my_bucket").rglob("*.dcm"))

healthcare = discovery.build(
    "healthcare", "v1", credentials=AnonymousCredentials(), static_discovery=True,
    client_options={"api_endpoint": server.address})
location = "projects/my-project/locations/us-central1"
dataset = location + "/datasets/my_dataset"
store = dataset + "/dicomStores/my_store"
datasets = healthcare.projects().locations().datasets()
stores = datasets.dicomStores()


def status(call):
    try:
        call.execute()
    except HttpError as error:
        return (error.resp.status, json.loads(error.content)["error"]["status"])
    return (200, "")


def wait(operation):
    for _ in range(1200):
        operation = datasets.operations().get(name=operation["name"]).execute()
        if operation.get("done"):
            return operation
        time.sleep(0.05)
    raise SystemExit("the operation does not end")


# Datasets and stores
check(datasets.list(parent=location).execute() == {}, "an empty list is {}")
operation = wait(datasets.create(
    parent=location, body={"timeZone": "America/New_York"}, datasetId="my_dataset").execute())
check(operation["response"]["name"] == dataset, "datasets.create answers with an operation that holds the dataset")
check(status(datasets.create(parent=location, body={}, datasetId="my_dataset")) == (409, "ALREADY_EXISTS"),
      "the same name again is 409")
check(datasets.get(name=dataset).execute()["timeZone"] == "America/New_York", "datasets.get")
check(datasets.patch(name=dataset, updateMask="timeZone", body={"timeZone": "UTC"}).execute()["timeZone"] == "UTC",
      "datasets.patch answers with the dataset")
made = stores.create(parent=dataset, dicomStoreId="my_store", body={
    "labels": {"kind": "test"}, "notificationConfig": {"pubsubTopic": "projects/my-project/topics/t"}}).execute()
check(made["name"] == store, "dicomStores.create answers with the store")
check(stores.list(parent=dataset, filter="labels.kind=test").execute()["dicomStores"] == [made], "and lists find it")
check(stores.list(parent=dataset, filter="labels.kind=other").execute() == {}, "by its labels")
check(status(stores.get(name=store + "s")) == (404, "NOT_FOUND"), "no store is 404")
patched = stores.patch(name=store, updateMask="labels", body={"labels": {"kind": "films"}}).execute()
check(patched["labels"] == {"kind": "films"} and patched["notificationConfig"] == made["notificationConfig"],
      "dicomStores.patch changes what the mask names")
check(stores.testIamPermissions(resource=store, body={"permissions": ["healthcare.dicomStores.get"]}).execute()
      ["permissions"] == ["healthcare.dicomStores.get"], "testIamPermissions")

# Import
operation = stores.import_(name=store, body={"gcsSource": {"uri": "gs://my_bucket/scans**.dcm"}}).execute()
check(operation["name"].startswith(dataset + "/operations/"), "import answers with an operation")
operation = wait(operation)
check(operation["metadata"]["counter"] == {"success": str(len(files))} and "error" not in operation,
      f"all {len(files)} files are taken in")
(buckets / "my_bucket/broken.dcm").write_text("no DICOM")
operation = wait(stores.import_(name=store, body={"gcsSource": {"uri": "gs://my_bucket/**.dcm"}}).execute())
check(operation["error"]["code"] == 2 and operation["metadata"]["counter"]
      == {"success": str(len(files)), "failure": "1"}, "a file that is no DICOM is an error, the others stay")
log = requests.get(operation["metadata"]["logsUrl"]).text
check("gs://my_bucket/broken.dcm" in log, "and the page of logsUrl names it")
operation = wait(stores.import_(name=store, body={"gcsSource": {"uri": "gs://none/*"}}).execute())
check(operation["error"]["code"] == 5, "nothing to import is an error")
check(status(stores.import_(name=store, body={"gcsSource": {"uri": "/etc/passwd"}})) == (400, "INVALID_ARGUMENT"),
      "only objects of buckets are taken")

# Search
read = [pydicom.dcmread(path) for path in files]
studies = stores.searchForStudies(parent=store, dicomWebPath="studies").execute()
check(sorted(s["0020000D"]["Value"][0] for s in studies) == sorted({d.StudyInstanceUID for d in read}),
      "DICOMweb finds the studies that pydicom reads")
patient = read[0].PatientID
found = json.loads(requests.get(
    f"{server.address}/v1/{store}/dicomWeb/instances", params={"PatientID": patient, "alt": "json"}).content)
check(len(found) == sum(d.PatientID == patient for d in read), "and the instances of a patient")
metrics = stores.getDICOMStoreMetrics(name=store).execute()
check(metrics["instanceCount"] == str(len(files))
      and metrics["blobStorageSizeBytes"] == str(sum(path.stat().st_size for path in files)), "getDICOMStoreMetrics")
first = read[0]
metrics = stores.dicomWeb().studies().getStudyMetrics(
    study=f"{store}/dicomWeb/studies/{first.StudyInstanceUID}").execute()
check(metrics["instanceCount"] == str(sum(d.StudyInstanceUID == first.StudyInstanceUID for d in read)),
      "getStudyMetrics")

# Export to files
operation = wait(stores.export(name=store, body={
    "gcsDestination": {"uriPrefix": "gs://my_bucket/png", "mimeType": "image/png"}}).execute())
check(operation["metadata"]["counter"] == {"success": str(len(files))}, "export counts instances")
server.command("dicom", "export", "--store", "my_dataset/my_store", "--to", "gs://own/png", "--quiet")
pictures = sorted((buckets / "my_bucket/png").rglob("*.png"))
check([p.relative_to(buckets / "my_bucket/png").parts for p in pictures]
      == sorted((d.StudyInstanceUID, d.SeriesInstanceUID, d.SOPInstanceUID + ".png") for d in read),
      "pictures are named STUDY/SERIES/INSTANCE.png")
check(all(p.read_bytes() == (buckets / "own/png" / p.relative_to(buckets / "my_bucket/png")).read_bytes()
          for p in pictures), "and are those of lightbox dicom export")
(buckets / "my_bucket/filter.txt").write_text(f"/studies/{first.StudyInstanceUID}\r\n")
operation = wait(stores.export(name=store, body={
    "gcsDestination": {"uriPrefix": "gs://my_bucket/dcm/"},
    "filterConfig": {"resourcePathsGcsUri": "gs://my_bucket/filter.txt"}}).execute())
copies = {p.stem: p.read_bytes() for p in (buckets / "my_bucket/dcm").rglob("*.dcm")}
check(copies == {d.SOPInstanceUID: p.read_bytes() for d, p in zip(read, files)
                 if d.StudyInstanceUID == first.StudyInstanceUID}, "files come out byte for byte, those of the filter")
check(status(stores.export(name=store, body={"gcsDestination": {"uriPrefix": "gs://x", "mimeType": "text/plain"}}))
      == (400, "INVALID_ARGUMENT"), "an unknown mimeType is 400")

# Export to a table
table = {"tableUri": "bq://my-project.my_bigquery_dataset.my_bigquery_table"}
operation = wait(stores.export(name=store, body={"bigqueryDestination": table}).execute())
check(operation["response"]["@type"].endswith("ExportDicomDataResponse"), "export to a table")
operation = wait(stores.export(name=store, body={"bigqueryDestination": table}).execute())
check(operation["error"]["code"] == 6, "a table that has rows is not written over")
operation = wait(stores.export(name=store, body={"bigqueryDestination": dict(table, force=True)}).execute())
check("error" not in operation, "unless it is asked for")
rows = json.loads(server.command(
    "query", "--format", "json",
    "SELECT SOPInstanceUID, PatientID, StudyDate, Rows, BitsStored, ImagerPixelSpacing, ImageType, "
    "json_extract(PatientName, '$.Alphabetic') AS PatientName FROM my_bigquery_dataset.my_bigquery_table"))
got = {row["SOPInstanceUID"]: row for row in rows}
check(len(rows) == len(files), "with a row for each instance")


def listed(value):
    return value if isinstance(value, list) else json.loads(value)


def expected(d):
    date = d.StudyDate
    return (d.PatientID, f"{date[:4]}-{date[4:6]}-{date[6:]}", d.Rows, d.BitsStored, list(d.ImageType),
            [float(x) for x in d.ImagerPixelSpacing],
            str(d.PatientName).rstrip("^"))


check(all((r["PatientID"], r["StudyDate"], r["Rows"], r["BitsStored"], listed(r["ImageType"]),
           listed(r["ImagerPixelSpacing"]), r["PatientName"].rstrip("^")) == expected(d)
          for d in read for r in [got[d.SOPInstanceUID]]), "and what pydicom reads in its columns")

# De-identification
copy = location + "/datasets/open"
operation = wait(datasets.deidentify(sourceDataset=dataset, body={
    "destinationDataset": copy, "config": {"dicom": {"filterProfile": "ATTRIBUTE_CONFIDENTIALITY_BASIC_PROFILE"}}}
).execute())
check(operation["metadata"]["counter"] == {"success": str(len(files))}, "deidentify copies every instance")
text = json.dumps([requests.get(f"{server.address}/v1/{copy}/dicomStores/my_store/dicomWeb/studies/{uid}/metadata").json()
                   for uid in [s["0020000D"]["Value"][0] for s in stores.searchForStudies(
                       parent=copy + "/dicomStores/my_store", dicomWebPath="studies").execute()]])
check(len(text) > 1000 and not any(secret in text for d in read for secret in (
    d.PatientID, str(d.PatientName), d.StudyInstanceUID, d.SOPInstanceUID)), "without names and UIDs")
operation = wait(stores.deidentify(sourceStore=store, body={
    "destinationStore": dataset + "/dicomStores/kept",
    "config": {"dicom": {"keepList": {"tags": ["PatientID", "Rows", "Columns"]}, "skipIdRedaction": True}}}).execute())
check("error" not in operation, "a store with a list of what stays: " + str(operation.get("error")))
found = stores.searchForInstances(parent=dataset + "/dicomStores/kept", dicomWebPath="instances").execute()
check(len(found) == len(files), "has every instance")

# A server that is killed in the middle of an import
real = pathlib.Path(os.environ.get("LIGHTBOX_TEST_DATA", ROOT.parent / "shared/data")) / "dicom/pydicom-data"
for number in range(40):
    folder = buckets / f"many/{number}"
    folder.mkdir(parents=True)
    for path in files:
        data = pydicom.dcmread(path)
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{data.SOPInstanceUID[:50]}.{number}"
        data.save_as(folder / path.name)
many = len(files) * 40
stores.create(parent=dataset, dicomStoreId="many", body={}).execute()
operation = stores.import_(
    name=dataset + "/dicomStores/many", body={"gcsSource": {"uri": "gs://many/**.dcm"}}).execute()


def stored():
    return int(stores.getDICOMStoreMetrics(name=dataset + "/dicomStores/many").execute().get("instanceCount", 0))


while stored() == 0:
    time.sleep(0.01)
server.stop(signal.SIGKILL)
server.start()
before = stored()
check(0 < before <= many, f"killed after {before} of {many} files")
operation = wait(operation)
check("error" not in operation and operation["metadata"]["counter"] == {"success": str(many)} and stored() == many,
      "the import goes on after a restart and ends with every file")

# Real files of many kinds, where they are
if real.is_dir():
    shutil.copytree(real, buckets / "real")
    stores.create(parent=dataset, dicomStoreId="real", body={}).execute()
    operation = wait(stores.import_(
        name=dataset + "/dicomStores/real", body={"gcsSource": {"uri": "gs://real/**.dcm"}}).execute())
    counter = operation["metadata"]["counter"]
    check(int(counter["success"]) + int(counter.get("failure", 0)) == len(list(real.rglob("*.dcm"))),
          "each real file is counted")
    operation = wait(stores.export(name=dataset + "/dicomStores/real", body={
        "bigqueryDestination": {"tableUri": "bq://p.d.real", "writeDisposition": "WRITE_TRUNCATE"}}).execute())
    check("error" not in operation, "and the table takes all that are in")

# Cancel, lists, deletion
operation = stores.export(name=dataset + "/dicomStores/many", body={
    "gcsDestination": {"uriPrefix": "gs://never", "mimeType": "image/png"}}).execute()
check(datasets.operations().cancel(name=operation["name"], body={}).execute() == {}, "operations.cancel")
operation = wait(operation)
check(operation["error"]["code"] == 1, "a cancelled operation ends with code 1")
page = datasets.operations().list(name=dataset, pageSize=2).execute()
check(len(page["operations"]) == 2 and page["nextPageToken"], "operations.list has pages")
series = requests.delete(
    f"{server.address}/v1/{store}/dicomWeb/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}").json()
check(series["done"] and series["response"]["@type"].endswith("google.protobuf.Empty"),
      "a series goes by an operation")
operation = stores.studies().delete(
    parent=dataset + "/dicomStores/kept", dicomWebPath=f"studies/{first.StudyInstanceUID}").execute()
check(wait(operation)["done"], "and so does a study")
check(server.stop() == 0, "SIGTERM ends the server with 0")
server.start()
check(datasets.operations().get(name=operation["name"]).execute()["done"], "operations outlast a restart")
check(stores.delete(name=store).execute() == {}, "dicomStores.delete answers {}")
check(datasets.delete(name=dataset).execute() == {}, "datasets.delete answers {}")
check(status(datasets.get(name=dataset)) == (404, "NOT_FOUND"), "and the dataset is gone")
left = [p for p in (pathlib.Path(server.home) / "dicom").rglob("*.dcm") if "open" not in p.parts]
check(left == [], "with its files")
