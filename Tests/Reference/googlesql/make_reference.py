#!/usr/bin/env python3
"""Writes queries.json: tables, queries in GoogleSQL, and the answers that DuckDB gives to sqlglot's translations of them.

    pip install duckdb sqlglot pyfarmhash && python3 make_reference.py

Answers that neither knows (fingerprints, GoogleSQL's own rules) are written beside their queries, from BigQuery's
documentation or from the library that is named.
"""
import json
import pathlib

import duckdb
import farmhash
import sqlglot

LABELS = ["edema", "fracture"]
labels = [
    {"path": f"p{n % 7}/s{n}.jpg", "view": n % 3, "dataset": n % 2, "edema": n % 4, "fracture": (n * 3 + 1) % 4,
     "score": None if n % 5 == 0 else n / 8 - 1, "ok": None if n % 6 == 5 else n % 2 == 0,
     "day": f"2020-{1 + n % 12:02}-{1 + n * 5 % 28:02}", "note": None if n % 4 == 3 else ["Ärzte", "b, c", "", "x_y%z"][n % 4]}
    for n in range(24)]
patients = [{"path": f"p{n % 7}/s{n}.jpg", "age": 20 + n * 7 % 60, "site": "ABC"[n % 3]} for n in range(6, 30)]
tables = {"labels": labels, "patients": patients}

# Same in both: the answer is DuckDB's.
compared = """
SELECT * FROM d.labels
SELECT path, view + 1 AS v FROM d.labels WHERE dataset = 1 AND (view = 0 OR NOT ok)
SELECT "edema" AS label, edema AS label_value, COUNT(DISTINCT path) AS cnt, dataset FROM (SELECT * FROM `d.labels` UNION ALL SELECT * FROM `d.labels`) WHERE view = 0 GROUP BY edema, dataset
SELECT * FROM (SELECT path, edema AS predicted FROM d.labels WHERE dataset = 1) INNER JOIN (SELECT path, age AS truth FROM d.patients) USING (path)
SELECT path, age, view FROM d.labels LEFT JOIN d.patients USING (path)
SELECT path, age, view FROM d.labels RIGHT JOIN d.patients USING (path)
SELECT path, age, view FROM d.labels FULL JOIN d.patients USING (path)
SELECT l.path, p.age FROM d.labels AS l JOIN d.patients AS p ON l.path = p.path AND p.age > 30
SELECT a.view AS x, b.view AS y FROM d.labels a, d.labels b WHERE a.path = b.path AND a.edema > 2
SELECT view, COUNT(*) AS n, SUM(edema) AS s, AVG(score) AS m, MIN(path) AS low, MAX(path) AS high FROM d.labels GROUP BY view
SELECT view, COUNT(*) AS n FROM d.labels GROUP BY 1 HAVING n > 7 ORDER BY n DESC, 1
SELECT view, ok, COUNT(score) AS n FROM d.labels GROUP BY view, ok
SELECT view * 10 + edema AS k, COUNT(*) AS n FROM d.labels GROUP BY k
SELECT view * 10 + edema AS k, COUNT(*) + 1 AS n FROM d.labels GROUP BY view * 10 + edema
SELECT COUNT(*) AS n, SUM(view) AS s FROM d.labels WHERE view > 100
SELECT DISTINCT view, dataset FROM d.labels
SELECT COUNTIF(ok) AS a, COUNTIF(NOT ok) AS b, COUNT(ok) AS c FROM d.labels
SELECT STDDEV(score) AS a, VARIANCE(score) AS b, STDDEV_POP(score) AS c, VAR_POP(score) AS d FROM d.labels
SELECT LOGICAL_AND(ok) AS a, LOGICAL_OR(ok) AS b, dataset FROM d.labels GROUP BY dataset
SELECT path, CASE view WHEN 0 THEN 'frontal' WHEN 1 THEN 'lateral' ELSE 'other' END AS v FROM d.labels
SELECT path, CASE WHEN score > 0 THEN score WHEN score <= 0 THEN 0 END AS v FROM d.labels
SELECT path, IF(ok, 1, 0) AS a, IFNULL(score, -1) AS b, COALESCE(note, 'none') AS c, NULLIF(view, 1) AS d FROM d.labels
SELECT path FROM d.labels WHERE score IS NULL OR note IS NOT NULL AND ok IS TRUE
SELECT path FROM d.labels WHERE ok IS NOT FALSE
SELECT path, edema / 3 AS a, edema / 2.0 AS b, SAFE_DIVIDE(edema, view) AS c FROM d.labels
SELECT path, MOD(edema, 3) AS a, DIV(edema, 2) AS b, ABS(score) AS c, SIGN(score) AS d FROM d.labels
SELECT path, FLOOR(score) AS a, CEIL(score) AS b, SQRT(ABS(score)) AS c, POW(edema, 2) AS d FROM d.labels
SELECT path, GREATEST(edema, fracture, 1) AS a, LEAST(edema, fracture) AS b FROM d.labels
SELECT path FROM d.labels WHERE view IN (0, 2) AND edema NOT IN (1, 3)
SELECT path FROM d.labels WHERE path IN (SELECT path FROM d.patients WHERE age > 40)
SELECT path FROM d.labels WHERE edema BETWEEN 1 AND 2 AND NOT fracture BETWEEN 1 AND 2
SELECT path FROM d.labels AS l WHERE EXISTS (SELECT 1 FROM d.patients AS p WHERE p.path = l.path AND p.age > l.view * 30)
SELECT path, (SELECT MAX(age) FROM d.patients) AS m FROM d.labels WHERE view = 0
SELECT path FROM d.labels WHERE path LIKE 'p1/%' OR path LIKE '%s_.jpg'
SELECT path FROM d.labels WHERE note LIKE '%C%'
SELECT UPPER(note) AS a, LOWER(note) AS b, LENGTH(note) AS c, REPLACE(note, 'x', 'yy') AS d FROM d.labels
SELECT CONCAT(path, ':', note) AS a, path || '!' AS b FROM d.labels
SELECT SUBSTR(path, 2, 3) AS a, STARTS_WITH(path, 'p1') AS b, ENDS_WITH(path, '1.jpg') AS c, STRPOS(path, '/') AS d FROM d.labels
SELECT TRIM('  a b ') AS a, LTRIM('xxa', 'x') AS b, RTRIM('a  ') AS c, REVERSE('abc') AS d
SELECT CAST(edema AS STRING) AS a, CAST('12' AS INT64) AS b, CAST('1.5' AS FLOAT64) AS c, CAST(ok AS INT64) AS d, CAST(view AS BOOL) AS e FROM d.labels
SELECT SAFE_CAST(note AS INT64) AS a, SAFE_CAST('7' AS INT64) AS b FROM d.labels
SELECT path, ROW_NUMBER() OVER (PARTITION BY view ORDER BY path) AS n FROM d.labels
SELECT path, RANK() OVER (ORDER BY edema) AS a, DENSE_RANK() OVER (ORDER BY edema DESC) AS b FROM d.labels
SELECT path, SUM(edema) OVER (PARTITION BY view ORDER BY path ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM d.labels
SELECT path, LAG(edema) OVER (PARTITION BY view ORDER BY path) AS a, LEAD(edema, 2, -1) OVER (PARTITION BY view ORDER BY path) AS b FROM d.labels
SELECT path, COUNT(*) OVER () AS n, AVG(edema) OVER (PARTITION BY dataset) AS m FROM d.labels
SELECT view, SUM(COUNT(*)) OVER () AS total, COUNT(*) AS n FROM d.labels GROUP BY view
SELECT path, view FROM d.labels QUALIFY ROW_NUMBER() OVER (PARTITION BY view ORDER BY path DESC) = 1
SELECT path, view, ROW_NUMBER() OVER (PARTITION BY view ORDER BY path) AS n FROM d.labels QUALIFY n <= 2 ORDER BY view, n
WITH a AS (SELECT view, COUNT(*) AS n FROM d.labels GROUP BY view), b AS (SELECT MAX(n) AS m FROM a) SELECT a.view, a.n, b.m FROM a CROSS JOIN b
WITH a AS (SELECT path, edema FROM d.labels) SELECT x.path, y.edema FROM a AS x JOIN a AS y USING (path)
SELECT path FROM d.labels UNION DISTINCT SELECT path FROM d.patients
SELECT path FROM d.labels INTERSECT DISTINCT SELECT path FROM d.patients
SELECT path FROM d.labels EXCEPT DISTINCT SELECT path FROM d.patients
SELECT view AS n FROM d.labels UNION ALL SELECT score FROM d.labels
SELECT NULL AS n, 'a' AS t UNION ALL SELECT view, path FROM d.labels UNION ALL SELECT 0.5, NULL
(SELECT path FROM d.labels ORDER BY path LIMIT 2) UNION ALL (SELECT path FROM d.patients ORDER BY path DESC LIMIT 2)
SELECT path, edema FROM d.labels ORDER BY edema DESC, path LIMIT 5 OFFSET 2
SELECT path, score FROM d.labels ORDER BY score DESC NULLS LAST, path
SELECT path, score FROM d.labels ORDER BY score, path
SELECT path AS p FROM d.labels ORDER BY LENGTH(path), p DESC LIMIT 7
SELECT * EXCEPT (note, day, score, ok) FROM d.labels
SELECT * REPLACE (edema * 2 AS edema) FROM d.labels
SELECT l.* EXCEPT (note, day), p.age FROM d.labels AS l JOIN d.patients AS p ON l.path = p.path
SELECT COUNT(*) AS n FROM (SELECT DISTINCT path FROM d.labels)
SELECT dataset, COUNT(DISTINCT view) AS a, APPROX_COUNT_DISTINCT(edema) AS b FROM d.labels GROUP BY dataset
SELECT site, AVG(edema) AS m FROM d.labels JOIN d.patients USING (path) GROUP BY site ORDER BY m DESC, site
SELECT REGEXP_EXTRACT(path, r'p(\d+)/') AS a, REGEXP_REPLACE(path, r'[0-9]+', '#') AS b, REGEXP_CONTAINS(path, r'^p[12]/|9') AS c FROM d.labels
SELECT EXTRACT(YEAR FROM DATE(day)) AS y, EXTRACT(MONTH FROM DATE(day)) AS m, EXTRACT(DAY FROM DATE(day)) AS d FROM d.labels
SELECT EXTRACT(MONTH FROM DATE_TRUNC(DATE(day), MONTH)) AS m, COUNT(*) AS n FROM d.labels GROUP BY m
SELECT path FROM d.labels WHERE DATE(day) >= DATE '2020-06-01'
SELECT DATE_DIFF(DATE(day), DATE '2020-01-31', DAY) AS a, DATE_DIFF(DATE(day), DATE '2019-11-30', MONTH) AS b FROM d.labels
SELECT DATE_DIFF(CAST(DATE_ADD(DATE(day), INTERVAL 40 DAY) AS DATE), DATE '2020-01-01', DAY) AS a, EXTRACT(DAY FROM DATE_SUB(DATE(day), INTERVAL 1 MONTH)) AS b FROM d.labels
SELECT 1 + 2 * 3 - 4 AS a, -(2 - 5) AS b, 7 / 2 AS c, 1e3 AS d, 0x10 AS e
SELECT ((1)) AS a, (SELECT 2) AS b, ((SELECT 3) + 1) AS c
SELECT x FROM (SELECT 1 AS x UNION ALL SELECT 2) WHERE x > 1
SELECT view, MAX(IF(edema = 3, path, NULL)) AS p FROM d.labels GROUP BY view
SELECT path, edema & 1 AS a, edema | 4 AS b, ~edema AS c FROM d.labels
SELECT ANY_VALUE(dataset) AS d, path FROM d.labels GROUP BY path
SELECT a.path, c.n FROM d.labels a JOIN (SELECT view, COUNT(*) AS n FROM d.labels GROUP BY view) c ON a.view = c.view LEFT JOIN d.patients p ON p.path = a.path WHERE p.age IS NULL
""".strip().splitlines()

# What DuckDB or the translation has otherwise: the answers are GoogleSQL's rules.
known = [
    ("SELECT 'it' 's' AS a", [["its"]]),
    ("SELECT \"a\\\"b\\n\" AS a, r'\\d' AS b, '''x'y''' AS c, \"\"\"q\"r\"\"\" AS d, 'a\\x41\\u00e9' AS e",
     [["a\"b\n", "\\d", "x'y", "q\"r", "aA\u00e9"]]),
    ("SELECT 1 -- one\n, 2 # two\n, /* three */ 3", [[1, 2, 3]]),
    ("SELECT ROUND(2.5) AS a, ROUND(-2.5) AS b, ROUND(1.25, 1) AS c, ROUND(1234.5, -2) AS d, TRUNC(-1.7) AS e",
     [[3.0, -3.0, 1.3, 1200.0, -1.0]]),
    ("SELECT CAST(2.5 AS INT64) AS a, CAST(-2.5 AS INT64) AS b, CAST(1.0 AS STRING) AS c, CAST(0.1 AS STRING) AS d, CAST(TRUE AS STRING) AS e",
     [[3, -3, "1", "0.1", "true"]]),
    ("SELECT MOD(-7, 3) AS a, DIV(-7, 2) AS b, -7 / 2 AS c", [[-1, -3, -3.5]]),
    ("SELECT GREATEST(1, NULL) AS a, LEAST('b', 'a') AS b, CONCAT('a', NULL) AS c", [[None, "a", None]]),
    ("SELECT SUBSTR('apple', 0) AS a, SUBSTR('apple', -3) AS b, SUBSTR('apple', -99, 2) AS c, SUBSTR('apple', 9) AS d, LEFT('apple', 2) AS e, RIGHT('apple', 2) AS f, RIGHT('ab', 9) AS g",
     [["apple", "ple", "ap", "", "ap", "le", "ab"]]),
    ("SELECT 'A' < 'a' AS a, 'a' = 'A' AS b, 'Ab' LIKE 'a%' AS c, 'a_b' LIKE 'a\\\\_b' AS d, 'axb' LIKE 'a\\\\_b' AS e",
     [[True, False, False, True, False]]),
    ("SELECT SPLIT('a/b/c', '/')[OFFSET(1)] AS a, SPLIT('a,b')[ORDINAL(1)] AS b, SPLIT('a', ',')[SAFE_OFFSET(3)] AS c", [["b", "a", None]]),
    ("SELECT 5 IN UNNEST([1, 5]) AS a, NULL IN UNNEST([]) AS b", [[True, False]]),
    ("SELECT x, n FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS n ORDER BY n", [["a", 0], ["b", 1]]),
    ("SELECT 9223372036854775807 AS a, -9223372036854775807 AS b, 2000000000 * 4 AS c, -9223372036854775808 < -9223372036854775807 AS d", [[2**63 - 1, 1 - 2**63, 8000000000, True]]),
    ("SELECT IS_NAN(1.5) AS a, SAFE_CAST('x' AS FLOAT64) AS b, SAFE_CAST('maybe' AS BOOL) AS c, SAFE_CAST('2020-02-30' AS DATE) AS d", [[False, None, None, None]]),
    ("SELECT DATE_DIFF(DATE '2017-10-15', DATE '2017-10-14', WEEK) AS a, DATE_DIFF('2017-12-18', '2017-12-17', WEEK) AS b, DATE_DIFF('2017-12-18', '2017-12-17', ISOWEEK) AS c, DATE_DIFF(DATE '2017-12-30', DATE '2014-12-30', YEAR) AS d",
     [[1, 0, 1, 3]]),
    ("SELECT CAST(DATE_ADD(DATE '2020-01-31', INTERVAL 1 MONTH) AS STRING) AS a, CAST(DATE '2020-03-01' - INTERVAL 1 DAY AS STRING) AS b, EXTRACT(DAYOFWEEK FROM DATE '2013-12-25') AS c, EXTRACT(ISOWEEK FROM DATE '2016-01-01') AS d, EXTRACT(ISOYEAR FROM DATE '2016-01-01') AS e, EXTRACT(QUARTER FROM DATE '2016-07-01') AS f, EXTRACT(DAYOFYEAR FROM DATE '2016-03-01') AS g",
     [["2020-02-29", "2020-02-29", 4, 53, 2015, 3, 61]]),
    ("SELECT CAST(DATE_TRUNC(DATE '2008-12-25', WEEK) AS STRING) AS a, CAST(DATE_TRUNC(DATE '2008-12-25', QUARTER) AS STRING) AS b, CAST(DATE_TRUNC(DATE '2017-11-07', ISOWEEK) AS STRING) AS c",
     [["2008-12-21", "2008-10-01", "2017-11-06"]]),
    ("SELECT CAST(TIMESTAMP '2020-01-01 00:30:00+01:00' AS STRING) AS a, EXTRACT(HOUR FROM TIMESTAMP '2020-01-01 05:06:07Z') AS b, CAST(DATE(TIMESTAMP '2020-01-01T23:00:00Z') AS STRING) AS c",
     [["2019-12-31 23:30:00+00", 5, "2020-01-01"]]),
    ("SELECT REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+') AS a, REGEXP_REPLACE('# Heading', r'^# ([a-zA-Z0-9\\s]+$)', '<h1>\\\\1</h1>') AS b, REGEXP_CONTAINS('a\\nb', 'a.b') AS c, REGEXP_CONTAINS('ABC', '(?i)abc') AS d, REGEXP_EXTRACT('abc', 'x') AS e",
     [["foo", "<h1>Heading</h1>", False, True, None]]),
    ("SELECT FORMAT('%s has %d%%', 'x', 7) AS a", [["x has 7%"]]),
    ("SELECT COUNT(*) AS n FROM d.labels WHERE RAND() < 2 AND LENGTH(GENERATE_UUID()) = 36", [[24]]),
    ("SELECT JSON_VALUE('{\"a\": {\"b\": [1, \"x\"]}}', '$.a.b[1]') AS a, JSON_VALUE('{\"a\": 1}', '$.c') AS b, JSON_VALUE('{\"a\": [1]}', '$.a') AS c", [["x", None, None]]),
    ("SELECT STRING_AGG(x, '-') AS a FROM UNNEST(['only']) AS x", [["only"]]),
    ("SELECT COUNT(*) FROM d.labels AS l JOIN (d.patients AS p JOIN d.patients AS q USING (path)) ON l.path = p.path", None),
]
known[-1] = (known[-1][0], [[sum(1 for a in labels for b in patients if a["path"] == b["path"])]])

# By pyfarmhash.
texts = ["", "a", "abc", "hello", "0123456789abcdef", "0123456789abcdefg", "x" * 32, "y" * 33, "z" * 64, "w" * 65, "ä" * 40,
         "1.2.840.113619.2.55.3.604688119.971.1312359041.507", "q" * 200, "q" * 128, "q" * 129]
def signed(number):
    return number - 2**64 if number >= 2**63 else number
fingerprints = [[text, signed(farmhash.fingerprint64(text.encode()))] for text in texts]

# Code and place of each; the words are ours.
refused = [
    ("SELEC 1", "invalid"), ("SELECT", "invalid"), ("", "invalid"), ("SELECT 1 FROM", "invalid"), ("SELECT (1", "invalid"),
    ("SELECT nothing FROM d.labels", "invalid"), ("SELECT d.nothing FROM d.labels AS d", "invalid"), ("SELECT 1 FROM d.none", "noSuchTable"),
    ("SELECT path, COUNT(*) FROM d.labels", "invalid"), ("SELECT path FROM d.labels GROUP BY view", "invalid"),
    ("SELECT view FROM d.labels HAVING edema > 1", "invalid"), ("SELECT SUM(COUNT(*)) FROM d.labels", "invalid"),
    ("SELECT path FROM d.labels WHERE COUNT(*) > 1", "invalid"), ("SELECT path FROM d.labels WHERE view", "invalid"),
    ("SELECT path FROM d.labels WHERE view = 'a'", "invalid"), ("SELECT path + 1 FROM d.labels", "invalid"), ("SELECT NOT 1", "invalid"),
    ("SELECT 1 UNION SELECT 2", "invalid"), ("SELECT 1 UNION ALL SELECT 'a'", "invalid"), ("SELECT 1, 2 UNION ALL SELECT 1", "invalid"),
    ("SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3", "invalid"), ("SELECT path AS a, view AS A FROM d.labels", "invalid"),
    ("SELECT a.path, path FROM d.labels a, d.patients b", "invalid"), ("SELECT * FROM d.labels JOIN d.patients ON TRUE", "invalid"),
    ("SELECT * FROM d.labels a JOIN d.patients a ON TRUE", "invalid"), ("SELECT * EXCEPT (none) FROM d.labels", "invalid"),
    ("SELECT CAST('a' AS NUMERIC)", "unsupported"), ("SELECT CAST(DATE '2020-01-01' AS INT64)", "invalid"), ("SELECT DATE '2020-02-30'", "invalid"),
    ("SELECT STRUCT(1)", "unsupported"), ("SELECT (1, 2)", "unsupported"), ("SELECT ARRAY(SELECT 1)", "unsupported"), ("SELECT [1]", "unsupported"),
    ("SELECT * FROM `d.labels_*`", "unsupported"), ("SELECT * FROM d.INFORMATION_SCHEMA.TABLES", "unsupported"),
    ("SELECT * FROM d.labels TABLESAMPLE SYSTEM (10 PERCENT)", "unsupported"), ("SELECT * FROM d.labels FOR SYSTEM_TIME AS OF x", "unsupported"),
    ("INSERT INTO d.labels (path) VALUES ('a')", "unsupported"), ("DELETE FROM d.labels WHERE TRUE", "unsupported"), ("DROP TABLE d.labels", "unsupported"),
    ("CREATE TABLE d.x AS SELECT 1", "unsupported"), ("SELECT 1; DROP TABLE d.labels", "unsupported"), ("ATTACH 'a' AS b", "unsupported"),
    ("PRAGMA table_info(x)", "unsupported"), ("EXPLAIN SELECT 1", "unsupported"), ("SELECT MD5('a')", "unsupported"), ("SELECT none_such(1)", "invalid"),
    ("SELECT load_extension('x')", "invalid"), ("SELECT pg_sleep(1)", "invalid"), ("SELECT readfile('/etc/passwd')", "invalid"),
    ("SELECT * FROM sqlite_schema", "noSuchTable"), ("SELECT * FROM `sqlite_master`", "noSuchTable"), ("SELECT * FROM pg_catalog.pg_class", "noSuchTable"),
    ("SELECT * FROM lightbox_provenance", "noSuchTable"), ("SELECT * FROM pragma_table_info('x')", "unsupported"), ("SELECT rowid FROM d.labels", "invalid"),
    ("SELECT 'a", "invalid"), ("SELECT 'it''s'", "invalid"), ("SELECT `a", "invalid"), ("SELECT 'a\n'", "invalid"), ("SELECT 1 /* a", "invalid"), ("SELECT '\\q'", "invalid"),
    ("SELECT 99999999999999999999", "invalid"), ("SELECT 1e999", "invalid"), ("SELECT 1a", "invalid"), ("SELECT @x", "invalid"), ("SELECT ?", "invalid"),
    ("SELECT REGEXP_CONTAINS('a', '(')", "invalid"), ("SELECT REGEXP_EXTRACT('a', '(a)(b)')", "invalid"), ("SELECT SAFE.LENGTH('a')", "unsupported"),
    ("SELECT view FROM d.labels ORDER BY 2", "invalid"), ("SELECT DISTINCT view FROM d.labels ORDER BY path", "invalid"),
    ("SELECT view AS edema, COUNT(*) FROM d.labels GROUP BY edema", "invalid"), ("SELECT RANK() OVER () FROM d.labels", "invalid"),
    ("SELECT path FROM d.labels LIMIT -1", "invalid"), ("SELECT path FROM d.labels LIMIT view", "invalid"), ("SELECT " + "(" * 300 + "1" + ")" * 300, "unsupported"),
    ("SELECT 1 WHERE TRUE GROUP BY ALL", "unsupported"), ("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "unsupported"), ("SELECT b'a'", "unsupported"),
]

# Statements that are understood and fail when they run.
failing = ["SELECT 1 / 0", "SELECT MOD(1, 0)", "SELECT CAST('x' AS INT64)", "SELECT CAST(note AS DATE) FROM d.labels",
           "SELECT SPLIT('a')[OFFSET(3)]", "SELECT (SELECT view FROM d.labels)", "SELECT LN(0)", "SELECT SQRT(-1)"]


def answer(connection, sql):
    translated = sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]
    return [list(row) for row in connection.execute(translated).fetchall()]


connection = duckdb.connect()
connection.execute("CREATE SCHEMA d")
types = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", str: "VARCHAR"}
for name, rows in tables.items():
    kinds = {key: next(types[type(row[key])] for row in rows if row[key] is not None) for key in rows[0]}
    connection.execute(f"CREATE TABLE d.{name} ({', '.join(f'{key} {kind}' for key, kind in kinds.items())})")
    connection.executemany(
        f"INSERT INTO d.{name} VALUES ({', '.join('?' * len(kinds))})", [[row[key] for key in kinds] for row in rows])
connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")

cases = [{"sql": sql, "rows": answer(connection, sql)} for sql in compared]
cases += [{"sql": sql, "rows": rows} for sql, rows in known]
for case in cases:
    case["rows"] = [[float(v) if type(v).__name__ == "Decimal" else v for v in row] for row in case["rows"]]
    case["sorted"] = "ORDER BY" in case["sql"].rsplit(")", 1)[-1]
document = {"tables": tables, "cases": cases, "fingerprints": fingerprints,
            "refused": [{"sql": sql, "code": code} for sql, code in refused], "failing": failing}
path = pathlib.Path(__file__).parent / "queries.json"
path.write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n")
print(len(cases), "queries")
