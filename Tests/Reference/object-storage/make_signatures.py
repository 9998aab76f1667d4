"""Writes signatures.json: requests to S3 as botocore 1.44.5 signs them (version 4), for RequestSignatureTests.

    pip install botocore==1.44.5; python make_signatures.py
"""
import datetime
import json
import pathlib
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

NOW = datetime.datetime(2026, 11, 21, 14, 5, 9)
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CASES = [
    ("GET", "127.0.0.1:9000", "/bucket/a/b.png", {}, {}, "", "us-east-1", None),
    ("GET", "bucket.s3.eu-central-1.amazonaws.com", "/",
     {"list-type": "2", "prefix": "a b/ü+%&=", "continuation-token": "x/y=="}, {}, "", "eu-central-1", None),
    ("PUT", "storage.example.org", "/bucket/sp ace/ü?#+%~.dcm", {}, {"Content-Type": "application/octet-stream",
     "x-amz-meta-lightbox-crc32c": "AAAAAA=="}, "some bytes", "us-east-1", None),
    ("PUT", "storage.example.org", "/bucket/big", {"partNumber": "10", "uploadId": "id-_.~/+="}, {}, "part", "auto",
     "session/token+value=="),
    ("POST", "storage.example.org", "/bucket/big", {"uploads": ""}, {}, "", "us-west-2", None),
    ("HEAD", "storage.example.org", "/bucket/a//b", {}, {"If-Match": '"etag"', "Range": "bytes=5-9"}, "", "us-east-1",
     None),
    ("DELETE", "storage.example.org", "/bucket/" + "k" * 300, {}, {"x-amz-spaces": "  two   words "}, "", "us-east-1",
     None),
]


def signed(method, host, path, query, headers, body, region, token):
    from urllib.parse import quote
    url = "https://" + host + quote(path, safe="/~")
    if query:
        url += "?" + "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=dict(headers), data=body.encode())
    request.context["client_config"] = mock.Mock(s3={"payload_signing_enabled": True})
    auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(KEY, SECRET, token), "s3", region)
    # The clock's name differs from version to version.
    name = "get_current_datetime" if hasattr(botocore.auth, "get_current_datetime") else "datetime"
    with mock.patch.object(botocore.auth, name) as clock:
        clock.return_value = NOW
        clock.datetime.utcnow.return_value = NOW
        auth.add_auth(request)
    return {
        "method": method, "host": host, "path": path, "query": query, "headers": headers, "body": body, "region": region,
        "token": token, "authorization": request.headers["Authorization"], "url": url}


out = pathlib.Path(__file__).with_name("signatures.json")
out.write_text(json.dumps([signed(*case) for case in CASES], indent=1, ensure_ascii=False) + "\n")
