"""google-cloud-bigquery against `lightbox serve`: the label and prediction queries of a published notebook as it has them,
parameters, pages, data frames, DB-API, loads, extracts, errors, and what tokens may do."""
import csv
import datetime
import gzip
import io
import json
import pathlib
import subprocess
import time
import uuid
from enum import Enum

import pandas
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery import dbapi
from googleapiclient import discovery

import support
from support import Lightbox, check

PROJECT = "your-analysis-project"


def client(server, **options):
    return bigquery.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": server.address}, **options)


def raised(body, *kinds):
    """The error that `body` raises, of one of some kinds; None for anything else."""
    try:
        body()
    except kinds or Exception as error:
        return error
    return None


class Labels(Enum):
    no_finding, enlarged_cardiomediastinum, cardiomegaly, airspace_opacity, lung_lesion, edema, consolidation, \
        pneumonia, atelectasis, pneumothorax, pleural_effusion, pleural_other, fracture, support_devices = range(14)


class LabelValues(Enum):
    not_mentioned, negative, uncertain, positive = range(4)


class Views(Enum):
    frontal, lateral, other = range(3)


class Datasets(Enum):
    train, valid = range(2)


def labelled(dataset, count):
    """Rows of a table of labels; what they hold follows from their number."""
    for number in range(count):
        row = {"path": f"{dataset.name}/p{number // 3}/s{number}.jpg", "view": number % 3, "dataset": dataset.value}
        row.update({label.name: (number * (label.value + 3) // 2) % 4 for label in Labels})
        yield row


server = Lightbox()
folder = pathlib.Path(server.home)


def load(table, rows):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    server.command("load", str(path), "--table", table)


# Tables as `lightbox load` makes them, under the names that the notebook has
TRAIN_BIGQUERY = "physionet-data.mimic_cxr_derived.labels_train"
VALID_BIGQUERY = "physionet-data.mimic_cxr_derived.labels_valid"
VALID_PREDICTIONS_BIGQUERY = "physionet-data.mimic_cxr_derived.densenet_frontal_u0_0__w0_0_predictions"
train, valid = list(labelled(Datasets.train, 900)), list(labelled(Datasets.valid, 120))
load("mimic_cxr_derived.labels_train", train)
load("mimic_cxr_derived.labels_valid", valid)
load("mimic_cxr_derived.densenet_frontal_u0_0__w0_0_predictions",
     [{"path": row["path"], "dataset": 1, **{l.name: row[l.name] / 4 - 0.125 for l in Labels}} for row in valid])
load("feature_vectors", [{"instance": f"1.2.{n}", "feature_vector": [n / 4, -n, 0.5]} for n in range(200)])

bq_client = client(server)

# The notebook's own queries
queries = []
for label in Labels:
    queries.append("""
SELECT
"{label}" AS label,
{label} AS label_value,
COUNT(DISTINCT path) AS cnt,
dataset
FROM
(SELECT * FROM `{TRAIN_BIGQUERY}`
UNION ALL
SELECT * FROM `{VALID_BIGQUERY}`)
WHERE view = {view_value}
GROUP BY {label}, dataset
""".format(
        TRAIN_BIGQUERY=TRAIN_BIGQUERY, VALID_BIGQUERY=VALID_BIGQUERY, label=label.name, view_value=Views["frontal"].value))
barplot_df = bq_client.query('UNION ALL'.join(queries)).to_dataframe()
expected = {}
for row in train + valid:
    if row["view"] == 0:
        for label in Labels:
            key = (label.name, row[label.name], row["dataset"])
            expected[key] = expected.get(key, 0) + 1
found = {(r.label, r.label_value, r.dataset): r.cnt for r in barplot_df.itertuples()}
check(found == expected and len(barplot_df) == len(expected), "the notebook's distribution of labels")
barplot_df.label_value = barplot_df.label_value.apply(lambda v: LabelValues(v).name)
barplot_df.dataset = barplot_df.dataset.apply(lambda v: Datasets(v).name)
N_TRAIN = barplot_df.cnt[(barplot_df.dataset == 'train') & (barplot_df.label == Labels(0).name)].sum()
check(N_TRAIN == 300, "and what it computes from it")

pred_true_df = bq_client.query("""SELECT * FROM
(SELECT {0} FROM `{1}` WHERE dataset = {4})
INNER JOIN
(SELECT {2} FROM `{3}` WHERE dataset = {4})
USING (path)
""".format(
    'path, ' + ', '.join('{0} AS predicted_{0}'.format(l.name) for l in Labels),
    VALID_PREDICTIONS_BIGQUERY,
    'path, ' + ', '.join('{0} AS true_{0}'.format(l.name) for l in Labels),
    VALID_BIGQUERY, Datasets.valid.value)).to_dataframe()
check(len(pred_true_df) == 120 and list(pred_true_df.columns[:2]) == ["path", "predicted_no_finding"]
      and len(pred_true_df.columns) == 29, "the notebook's join of predictions and labels")
check((pred_true_df.predicted_edema == pred_true_df.true_edema / 4 - 0.125).all(), "each prediction beside its own label")

# Results
rows = list(bq_client.query("SELECT 1 AS i, 0.5 AS f, 'ä' AS s, TRUE AS b, NULL AS n, DATE '2020-02-29' AS d").result())
check(tuple(rows[0].values()) == (1, 0.5, "ä", True, None, datetime.date(2020, 2, 29)), "types of values")
now = next(iter(bq_client.query("SELECT CURRENT_TIMESTAMP() AS t").result())).t
check(abs((now - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 600, "times come as times")
row = next(iter(bq_client.query_and_wait("SELECT * FROM feature_vectors WHERE instance = '1.2.3'")))
check(row.feature_vector == [0.75, -3.0, 0.5], "vectors come as lists; query_and_wait")
job = bq_client.query("SELECT path FROM `mimic_cxr_derived.labels_train` LIMIT 0")
check(job.result().total_rows == 0 and [f.name for f in job.result().schema] == ["path"], "no rows still have columns")
check(job.statement_type == "SELECT" and job.state == "DONE", "a job tells of itself")

# Parameters
def ask(sql, *parameters, **options):
    config = bigquery.QueryJobConfig(query_parameters=parameters, **options)
    return [tuple(row.values()) for row in bq_client.query(sql, job_config=config).result()]

check(ask("SELECT COUNT(*) FROM mimic_cxr_derived.labels_train WHERE view = @v AND path LIKE @p",
          bigquery.ScalarQueryParameter("v", "INT64", 1), bigquery.ScalarQueryParameter("p", "STRING", "train/p1/%"))
      == [(1,)], "named parameters")
check(ask("SELECT ? + ?, ?", bigquery.ScalarQueryParameter(None, "INT64", 2), bigquery.ScalarQueryParameter(None, "FLOAT64", 0.5),
          bigquery.ScalarQueryParameter(None, "BOOL", True)) == [(2.5, True)], "positional parameters")
check(ask("SELECT COUNT(*) FROM mimic_cxr_derived.labels_train WHERE view IN UNNEST(@views)",
          bigquery.ArrayQueryParameter("views", "INT64", [0, 2])) == [(600,)], "array parameters")
check(ask("SELECT @d < DATE '2021-01-01'", bigquery.ScalarQueryParameter("d", "DATE", datetime.date(2020, 5, 1))) == [(True,)],
      "dates as parameters")
hostile = "x' OR '1'='1"
check(ask("SELECT COUNT(*) FROM feature_vectors WHERE instance = @x", bigquery.ScalarQueryParameter("x", "STRING", hostile))
      == [(0,)], "a parameter is never SQL")
check(ask("SELECT COUNT(*) FROM labels_valid", default_dataset=f"{PROJECT}.mimic_cxr_derived") == [(120,)], "a default dataset")

# Dry run
dry = bq_client.query("SELECT path, edema + 0.5 AS e FROM mimic_cxr_derived.labels_train",
                      job_config=bigquery.QueryJobConfig(dry_run=True, use_query_cache=False))
check(dry.total_bytes_processed == 0 and [(f.name, f.field_type) for f in dry.schema] == [("path", "STRING"), ("e", "FLOAT")],
      "a dry run gives the columns")
check(raised(lambda: bq_client.query("SELECT nothing FROM mimic_cxr_derived.labels_train",
                                     job_config=bigquery.QueryJobConfig(dry_run=True)), exceptions.BadRequest) is not None,
      "and says what is wrong")

# Errors
error = raised(lambda: bq_client.query("SELECT\n  path,\n  nothing\nFROM `mimic_cxr_derived.labels_train`").result(), exceptions.BadRequest)
check(error is not None and error.errors[0]["reason"] == "invalidQuery" and "Unrecognized name: nothing at [3:3]" in str(error),
      "a name that is not there has its place told")
error = raised(lambda: bq_client.query("SELECT 1 FROM `p.d.none`").result(), exceptions.NotFound)
check(error is not None and error.errors[0]["reason"] == "notFound", "no such table")
for statement in ("SELECT * FROM sqlite_master", "SELECT * FROM `pg_catalog.pg_class`", "SELECT * FROM lightbox_provenance"):
    check(raised(lambda: bq_client.query(statement).result(), exceptions.NotFound) is not None, "nothing beyond tables: " + statement)
for statement in ("DROP TABLE feature_vectors", "SELECT load_extension('x')", "SELECT pg_read_file('/etc/passwd')",
                  "ATTACH 'x' AS y", "SELECT 1; SELECT 2", "PRAGMA table_info(x)"):
    check(raised(lambda: bq_client.query(statement).result(), exceptions.BadRequest) is not None, "not run: " + statement)
error = raised(lambda: bq_client.query("SELECT 1 / 0").result(), exceptions.BadRequest)
check(error is not None and "division by zero" in str(error), "a division by zero fails as it should")

# Datasets and tables
check({d.dataset_id for d in bq_client.list_datasets()} == {"lightbox", "mimic_cxr_derived"}, "datasets")
check([t.table_id for t in bq_client.list_tables("lightbox")] == ["feature_vectors"], "tables without a dataset are lightbox's")
table = bq_client.get_table("mimic_cxr_derived.labels_train")
check(table.num_rows == 900 and table.schema[0].name == "path" and table.schema[0].field_type == "STRING", "get_table")
listed = list(bq_client.list_rows(table, max_results=5, start_index=10))
check([r.path for r in listed] == [r["path"] for r in train[10:15]], "list_rows")
frame = bq_client.list_rows(table, selected_fields=table.schema[:2]).to_dataframe(create_bqstorage_client=False)
check(list(frame.columns) == ["path", "view"] and len(frame) == 900, "list_rows of some columns as a data frame")
check([r.path for r in bq_client.list_rows(table, page_size=70)] == [r["path"] for r in train], "list_rows in pages")
check(raised(lambda: bq_client.get_table("mimic_cxr_derived.none"), exceptions.NotFound) is not None, "no such table to get")
check(raised(lambda: bq_client.get_dataset("none"), exceptions.NotFound) is not None, "no such dataset")

# The discovery client, with the prefix and without it
for address in (server.address, server.address + "/bigquery/v2/"):
    service = discovery.build("bigquery", "v2", credentials=AnonymousCredentials(), static_discovery=True,
                              client_options={"api_endpoint": address})
    answer = service.jobs().query(projectId=PROJECT, body={
        "query": "SELECT COUNT(*) FROM feature_vectors", "useLegacySql": False}).execute()
    check(answer["rows"] == [{"f": [{"v": "200"}]}], "google-api-python-client")

# DB-API
connection = dbapi.connect(bq_client)
cursor = connection.cursor()
cursor.execute("SELECT view, COUNT(*) FROM mimic_cxr_derived.labels_train WHERE dataset = %(d)s GROUP BY view ORDER BY view", {"d": 0})
check([tuple(r) for r in cursor.fetchall()] == [(0, 300), (1, 300), (2, 300)], "DB-API")

# Read-only unless told otherwise
error = raised(lambda: bq_client.create_dataset("made"), exceptions.Forbidden)
check(error is not None and "--allow-table-writes" in str(error) and error.errors[0]["reason"] == "accessDenied", "writing has to be allowed")
for name, body in {
        "load": lambda: bq_client.load_table_from_json([{"a": 1}], "d.t").result(),
        "resumable load": lambda: bq_client.load_table_from_file(io.BytesIO(b"a\n1\n"), "d.t").result(),
        "delete": lambda: bq_client.delete_table("feature_vectors"), "delete_dataset": lambda: bq_client.delete_dataset("lightbox"),
        "insertAll": lambda: bq_client.insert_rows_json("lightbox.feature_vectors", [{"instance": "x"}]),
        "extract": lambda: bq_client.extract_table("lightbox.feature_vectors", "gs://b/x.csv").result(),
        "destination": lambda: bq_client.query("SELECT 1 AS a", job_config=bigquery.QueryJobConfig(destination=f"{PROJECT}.d.t")).result(),
}.items():
    if name == "delete":
        body = lambda: bq_client.delete_table("lightbox.feature_vectors")
    check(isinstance(raised(body), exceptions.Forbidden), "read-only: " + name)

# Writing
server.stop()
server.start("--allow-table-writes")
bq_client = client(server)
dataset = bigquery.Dataset(f"{PROJECT}.made")
dataset.description = "Made here."
check(bq_client.create_dataset(dataset).dataset_id == "made", "create_dataset")
check(raised(lambda: bq_client.create_dataset("made"), exceptions.Conflict) is not None, "once")
check(bq_client.create_dataset("made", exists_ok=True).description == "Made here.", "exists_ok")
dataset = bq_client.get_dataset("made")
dataset.labels = {"kind": "check"}
check(bq_client.update_dataset(dataset, ["labels"]).labels == {"kind": "check"}, "update_dataset")
schema = [bigquery.SchemaField("uid", "STRING"), bigquery.SchemaField("n", "INTEGER"), bigquery.SchemaField("x", "FLOAT"),
          bigquery.SchemaField("ok", "BOOLEAN"), bigquery.SchemaField("day", "DATE"),
          bigquery.SchemaField("vector", "FLOAT", mode="REPEATED")]
table = bq_client.create_table(bigquery.Table(f"{PROJECT}.made.rows", schema=schema))
check(bq_client.get_table(table).num_rows == 0, "create_table")
check(bq_client.insert_rows_json(table, [{"uid": "a", "n": 1, "x": 0.5, "ok": True, "day": "2020-01-31", "vector": [1, 2.5]},
                                         {"uid": "b", "n": "2"}]) == [], "insert_rows_json")
problems = bq_client.insert_rows_json(table, [{"uid": "c"}, {"uid": "d", "n": "many"}])
check(len(problems) == 1 and problems[0]["index"] == 1 and bq_client.get_table(table).num_rows == 2, "a bad row is told, and none is added")
got = [tuple(r.values()) for r in bq_client.query("SELECT * FROM made.rows ORDER BY uid").result()]
check(got == [("a", 1, 0.5, True, "2020-01-31", [1.0, 2.5]), ("b", 2, None, None, None, [])], "and the rows are there")

config = bigquery.LoadJobConfig(write_disposition="WRITE_TRUNCATE", autodetect=True)
job = bq_client.load_table_from_json([{"a": n, "b": f"t{n}"} for n in range(1000)], "made.loaded", job_config=config)
check(job.result().output_rows == 1000, "load_table_from_json")
frame = pandas.DataFrame({"name": ["x", "y, z", None], "value": [1.5, float("nan"), -2.0], "count": [1, 2, 3]})
config = bigquery.LoadJobConfig(source_format="CSV", write_disposition="WRITE_TRUNCATE", schema=[
    bigquery.SchemaField("name", "STRING"), bigquery.SchemaField("value", "FLOAT"), bigquery.SchemaField("count", "INTEGER")])
bq_client.load_table_from_dataframe(frame, "made.frame", job_config=config).result()
back = bq_client.query("SELECT * FROM made.frame ORDER BY count").to_dataframe()
check(list(back["value"].fillna(-1)) == [1.5, -1, -2.0] and list(back["name"])[1] == "y, z", "load_table_from_dataframe as CSV, and back")
error = raised(lambda: bq_client.load_table_from_dataframe(frame, "made.parquet").result(), exceptions.BadRequest)
check(error is not None and "CSV" in str(error), "Parquet is refused with what to use instead")
text = io.StringIO()
writer = csv.writer(text)
writer.writerow(["uid", "score"])
for n in range(300_000):
    writer.writerow([f"1.2.840.{n}", n / 7])
config = bigquery.LoadJobConfig(source_format="CSV", autodetect=True, skip_leading_rows=1, write_disposition="WRITE_TRUNCATE")
job = bq_client.load_table_from_file(io.BytesIO(text.getvalue().encode()), "made.large", job_config=config)
check(job.result().output_rows == 300_000, "a resumable upload")
bucket = folder / "buckets/data"
bucket.mkdir(parents=True)
with gzip.open(bucket / "part-1.jsonl.gz", "wt") as file:
    file.write('{"a": 1, "b": "one"}\n')
(bucket / "part-2.jsonl").write_text('{"a": 2, "b": "two"}\n{"a": "x"}\n')
config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", max_bad_records=1, schema=[
    bigquery.SchemaField("a", "INTEGER"), bigquery.SchemaField("b", "STRING")])
job = bq_client.load_table_from_uri("gs://data/part-*", "made.uris", job_config=config)
check(job.result().output_rows == 2, "load_table_from_uri: gzip, wildcards, a bad record")
config.max_bad_records = 0
error = raised(lambda: bq_client.load_table_from_uri("gs://data/part-2.jsonl", "made.uris", job_config=config).result(), exceptions.BadRequest)
check(error is not None and "line 2" in str(error) and bq_client.get_table("made.uris").num_rows == 2, "a load with an error adds nothing")
check(raised(lambda: bq_client.load_table_from_uri("file:///etc/passwd", "made.uris").result(), exceptions.BadRequest) is not None,
      "files are loaded from buckets alone")

bq_client.extract_table("made.uris", "gs://data/out/x-*.csv").result()
check((bucket / "out/x-000000000000.csv").read_text() == "a,b\n1,one\n2,two\n", "extract_table as CSV")
config = bigquery.ExtractJobConfig(destination_format="NEWLINE_DELIMITED_JSON", compression="GZIP")
bq_client.extract_table(f"{PROJECT}.lightbox.feature_vectors", "gs://data/out/v.json.gz", job_config=config).result()
with gzip.open(bucket / "out/v.json.gz", "rt") as file:
    lines = [json.loads(line) for line in file]
check(len(lines) == 200 and lines[3] == {"instance": "1.2.3", "feature_vector": [0.75, -3, 0.5]}, "extract_table as packed JSON")

config = bigquery.QueryJobConfig(destination=f"{PROJECT}.made.copy", write_disposition="WRITE_TRUNCATE")
result = bq_client.query("SELECT uid, score, score > 100 AS high FROM made.large", job_config=config).result()
check(result.total_rows == 300_000 and bq_client.get_table("made.copy").num_rows == 300_000, "a query into a table")
check("300000" in server.command("query", "SELECT count(*) AS n FROM \"made.copy\" WHERE high IS NOT NULL"),
      "that the command line sees")

# Large results
started = time.monotonic()
result = bq_client.query("SELECT uid, score FROM made.large ORDER BY score").result(page_size=25_000)
pages = [len(list(page)) for page in result.pages]
check(pages == [25_000] * 12, "pages of 25,000 rows")
frame = bq_client.query("SELECT * FROM made.large").to_dataframe()
check(len(frame) == 300_000 and frame.score.sum() > 0, f"300,000 rows as a data frame ({time.monotonic() - started:.0f} s with the pages)")

# Jobs
slow = "SELECT COUNT(*) FROM made.large AS a JOIN made.large AS b ON a.score < b.score"
job = bq_client.query(slow)
check(bq_client.get_job(job.job_id).state in ("RUNNING", "PENDING"), "a long query runs")
check(job.job_id in {j.job_id for j in bq_client.list_jobs(max_results=10)}, "list_jobs")
bq_client.cancel_job(job.job_id)
for _ in range(100):
    job.reload()
    if job.state == "DONE":
        break
    time.sleep(0.1)
check(job.state == "DONE" and job.error_result["reason"] == "stopped", "cancel_job ends it")
error = raised(lambda: bq_client.query(slow, job_config=bigquery.QueryJobConfig(job_timeout_ms=300)).result())
check(error is not None and "longer than" in str(error), "a job has the time it is given")
name = "mine-" + uuid.uuid4().hex
bq_client.query("SELECT 1 AS a", job_id=name, job_retry=None).result()
check(raised(lambda: bq_client._connection.api_request(
    method="POST", path=f"/projects/{PROJECT}/jobs",
    data={"jobReference": {"projectId": PROJECT, "jobId": name}, "configuration": {"query": {"query": "SELECT 2"}}}),
    exceptions.Conflict) is not None, "a job's id is taken once")

bq_client.delete_table("made.copy")
check(raised(lambda: bq_client.get_table("made.copy"), exceptions.NotFound) is not None, "delete_table")
check(raised(lambda: bq_client.delete_dataset("made"), exceptions.BadRequest) is not None, "a dataset with tables stays")
bq_client.delete_dataset("made", delete_contents=True)
check("made" not in {d.dataset_id for d in bq_client.list_datasets()}, "delete_dataset with its tables")

# Tokens
def token(role):
    return subprocess.run(
        [support.PROGRAM, "tokens", "create", role + "_token", "--role", role, "--home", server.home],
        check=True, capture_output=True, text=True).stdout.split()[-1]


class Token(AnonymousCredentials):
    def __init__(self, secret):
        super().__init__()
        self.secret = secret

    def before_request(self, request, method, url, headers):
        headers["Authorization"] = "Bearer " + self.secret


secrets = {role: token(role) for role in ("read", "write")}
time.sleep(1.5)
error = raised(lambda: list(bq_client.list_datasets()))
check(error is not None and "refresh" in str(error) or isinstance(error, exceptions.Unauthorized), "once there is a token, everybody is asked for one")
reader, writer = (
    bigquery.Client(project=PROJECT, credentials=Token(secrets[role]), client_options={"api_endpoint": server.address})
    for role in ("read", "write"))
check(next(iter(reader.query("SELECT COUNT(*) AS n FROM feature_vectors").result())).n == 200, "a reader reads")
check(isinstance(raised(lambda: reader.create_dataset("x")), exceptions.Forbidden), "and does not write")
check(writer.create_dataset("x").dataset_id == "x", "a writer does")
job = reader.query("SELECT 1 AS a")
job.result()
check(isinstance(raised(lambda: writer.get_job(job.job_id)), exceptions.NotFound), "nobody sees another's jobs")
