"""google-api-python-client against `lightbox serve`: models, versions, predictions, operations, jobs, as published
scripts use them."""
import json
import pathlib
import time

from google.auth.credentials import AnonymousCredentials
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from support import Lightbox, check, doubling_onnx

server = Lightbox()
ml = discovery.build(
    "ml", "v1", credentials=AnonymousCredentials(), static_discovery=True,
    client_options={"api_endpoint": server.address})
project = "projects/my-project"
model = project + "/models/doubling"
origin = doubling_onnx(pathlib.Path(server.home) / "doubling.onnx")


def status(call):
    try:
        call.execute()
    except HttpError as error:
        body = json.loads(error.content)["error"]
        return (error.resp.status, body["status"] if isinstance(body, dict) else body)
    return (200, "")


def wait(operation):
    for _ in range(600):
        operation = ml.projects().operations().get(name=operation["name"]).execute()
        if operation.get("done"):
            return operation
        time.sleep(0.05)
    raise SystemExit("the operation does not end")


# Models
check(ml.projects().models().list(parent=project).execute() == {}, "an empty list is {}")
made = ml.projects().models().create(
    parent=project, body={"name": "doubling", "regions": ["us-central1"], "onlinePredictionLogging": True}).execute()
check(made["name"] == model and made["onlinePredictionLogging"] is True, "models.create answers with the model")
check("description" not in made, "what is empty is left out")
check(status(ml.projects().models().create(parent=project, body={"name": "doubling"})) == (409, "ALREADY_EXISTS"),
      "the same name again is 409")
check(status(ml.projects().models().create(parent=project, body={"name": "x", "color": "red"}))
      == (400, "INVALID_ARGUMENT"), "an unknown field is 400")
check(status(ml.projects().models().get(name=project + "/models/none")) == (404, "NOT_FOUND"), "no model is 404")
for name in ("b", "c"):
    ml.projects().models().create(parent=project, body={"name": name}).execute()
page = ml.projects().models().list(parent=project, pageSize=2).execute()
request = ml.projects().models().list_next(ml.projects().models().list(parent=project, pageSize=2), page)
check(len(page["models"]) == 2 and [m["name"] for m in request.execute()["models"]] == [model], "lists have pages")
check(status(ml.projects().models().list(parent=project, pageToken="bad")) == (400, "INVALID_ARGUMENT"),
      "a bad page token is 400")

# Versions
operation = ml.projects().models().versions().create(
    parent=model,
    body={"name": "v1", "deploymentUri": origin, "runtimeVersion": "1.15", "framework": "TENSORFLOW",
          "pythonVersion": "3.7", "machineType": "n1-standard-4"}).execute()
check(operation["metadata"]["operationType"] == "CREATE_VERSION", "versions.create answers with an operation")
operation = wait(operation)
check(operation["response"]["isDefault"] is True and operation["response"]["state"] == "READY",
      "the first version becomes the default one")
got = ml.projects().models().get(name=model).execute()
check(got["defaultVersion"]["runtimeVersion"] == "1.15", "models.get has the default version")
failed = wait(ml.projects().models().versions().create(
    parent=model, body={"name": "v2", "deploymentUri": "gs://none/at/all"}).execute())
check(failed["error"]["code"] in (3, 5, 9), "a version without files fails with its operation")
check(ml.projects().models().versions().get(name=model + "/versions/v2").execute()["state"] == "FAILED",
      "and stands there as FAILED")
wait(ml.projects().models().versions().delete(name=model + "/versions/v2").execute())
wait(ml.projects().models().versions().create(
    parent=model, body={"name": "v2", "deployment_uri": origin}).execute())
check(ml.projects().models().versions().setDefault(name=model + "/versions/v2").execute()["isDefault"] is True,
      "setDefault answers with the version")
check(status(ml.projects().models().versions().delete(name=model + "/versions/v2"))
      == (400, "FAILED_PRECONDITION"), "the default version goes last")
operation = wait(ml.projects().models().patch(
    name=model, body={"description": "Doubles.", "defaultVersion": {"name": model + "/versions/v1"}},
    updateMask="description,default_version.name").execute())
check(operation["response"]["description"] == "Doubles."
      and operation["response"]["defaultVersion"]["name"].endswith("/v1"), "models.patch changes what the mask names")
check(status(ml.projects().models().patch(name=model, body={}, updateMask="colour")) == (400, "INVALID_ARGUMENT"),
      "an unknown path in the mask is 400")
etag = ml.projects().models().get(name=model).execute()["etag"]
wait(ml.projects().models().patch(name=model, body={"labels": {"a": "b"}}, updateMask="labels").execute())
check(status(ml.projects().models().patch(name=model, body={"etag": etag, "description": ""},
                                          updateMask="description,etag"))[0] in (400, 409), "a stale etag is refused")

# Predictions
answer = ml.projects().predict(name=model, body={"instances": [[1, 2, 3, 4], {"x": [0.5, 0, 0, 0]}]}).execute()
check(answer == {"predictions": [{"y": [2, 4, 6, 8]}, {"y": [1, 0, 0, 0]}]}, "predict answers for each instance")
answer = ml.projects().predict(
    name=model + "/versions/v2", body={"instances": [[1, 1, 1, 1]], "signature_name": "serving_default"}).execute()
check(answer["predictions"][0]["y"] == [2, 2, 2, 2], "a version and a signature can be named")
code, text = status(ml.projects().predict(name=model, body={"instances": [[1, 2, 3, 4], [1]]}))
check(code == 400 and "instance 1" in text and "x" in text, "a bad instance is told by its index and input")
code, text = status(ml.projects().predict(name=model, body={"instances": [{"z": 1}]}))
check(code == 400 and "Unexpected tensor name" in text, "an unknown input is told by its name")
check(status(ml.projects().predict(name=project + "/models/none", body={"instances": [1]})) == (404, "NOT_FOUND"),
      "an unknown model has the error object")
check(ml.projects().getConfig(name=project).execute()["serviceAccount"], "getConfig")
check(len(ml.projects().locations().list(parent=project).execute()["locations"]) > 3, "locations")
long = ml.projects().models().list(parent=project, filter="name:" + "d" * 3000)
check(long.execute() == {}, "a long GET comes as POST")

# Jobs
bucket = pathlib.Path(server.home) / "buckets/data"
bucket.mkdir(parents=True)
(bucket / "rows.json").write_text("".join(f"[{n}, 0, 0, 0]\n" for n in range(1000)) + "[1]\n")
body = {
    "jobId": "batch_1", "labels": {"kind": "check"},
    "predictionInput": {"dataFormat": "JSON", "inputPaths": ["gs://data/rows.json"], "outputPath": "gs://data/out",
                        "region": "us-central1", "modelName": model, "batchSize": "16"}}
job = ml.projects().jobs().create(parent=project, body=body).execute()
check(job["state"] == "QUEUED" and job["predictionInput"]["batchSize"] == "16", "jobs.create queues")
check(status(ml.projects().jobs().create(parent=project, body=body)) == (409, "ALREADY_EXISTS"),
      "the same job id again is 409")
name = project + "/jobs/batch_1"
for _ in range(600):
    job = ml.projects().jobs().get(name=name).execute()
    if job["state"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
        break
    time.sleep(0.05)
check(job["state"] == "SUCCEEDED", "the job succeeds: " + job.get("errorMessage", ""))
check(job["predictionOutput"]["predictionCount"] == "1000" and job["predictionOutput"]["errorCount"] == "1",
      "counts are strings")
results = [json.loads(line) for path in sorted((bucket / "out").glob("prediction.results-*"))
           for line in path.read_text().splitlines()]
check(sorted(r["y"][0] for r in results) == [2.0 * n for n in range(1000)], "each record has its result once")
check(status(ml.projects().jobs().cancel(name=name, body={})) == (400, "FAILED_PRECONDITION"),
      "a job that has ended is not cancelled")
found = ml.projects().jobs().list(parent=project, filter="jobId:batch* AND state:SUCCEEDED").execute()
check([j["jobId"] for j in found["jobs"]] == ["batch_1"], "jobs.list filters")
job = ml.projects().jobs().patch(name=name, body={"labels": {"a": "b"}}, updateMask="labels").execute()
check(job["labels"] == {"a": "b"}, "jobs.patch changes labels")
both = dict(body["predictionInput"], versionName=model + "/versions/v1")
check(status(ml.projects().jobs().create(parent=project, body={"jobId": "x", "predictionInput": both}))
      == (400, "INVALID_ARGUMENT"), "two of the three targets are 400")

# A restart loses nothing.
check(server.stop() == 0, "SIGTERM ends the server with 0")
server.start()
check(ml.projects().operations().get(name=operation["name"]).execute()["done"], "operations outlast a restart")
check(ml.projects().predict(name=model, body={"instances": [[1, 0, 0, 0]]}).execute()["predictions"],
      "models are loaded when they are asked")

# The end
for version in ("v2", "v1"):
    wait(ml.projects().models().versions().delete(name=model + "/versions/" + version).execute())
done = wait(ml.projects().models().delete(name=model).execute())
check(done["response"]["@type"].endswith("google.protobuf.Empty"), "models.delete answers with Empty")
check(status(ml.projects().models().get(name=model)) == (404, "NOT_FOUND"), "and the model is gone")
