"""Writes service_account.json: a key made for this test alone, and what it signs (RSA, PKCS #1 v1.5, SHA-256).

    pip install cryptography; python make_statement.py
"""
import base64
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

out = pathlib.Path(__file__).with_name("service_account.json")
if out.exists():
    key = serialization.load_pem_private_key(json.loads(out.read_text())["private_key"].encode(), None)
else:
    key = rsa.generate_private_key(65537, 2048)
message = "a statement, signed"
pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
out.write_text(json.dumps({
    "type": "service_account", "client_email": "films@example.iam.gserviceaccount.com", "private_key_id": "k1",
    "private_key": pem.decode(), "token_uri": "https://oauth2.googleapis.com/token", "message": message,
    "signature": base64.b64encode(key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()}, indent=1) + "\n")
