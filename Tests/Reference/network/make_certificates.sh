#!/usr/bin/env bash
# Makes the certificates of SecurityTests.swift, good for a hundred years: an authority, a server by two names, a caller,
# and a stranger whom no authority knows. Their keys are for tests only and protect nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -days 36500 -subj "/CN=Authority of the tests" -keyout authority.key -out authority.pem \
    -addext "keyUsage=critical,keyCertSign"
openssl req -x509 "${key[@]}" -days 36500 -subj "/CN=STRANGER" -keyout stranger.key -out stranger.pem

# NAME EXTENSIONS: signed by the authority.
signed() {
    openssl req -new "${key[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -days 36500 -out "$1.pem" \
        -set_serial "0x$(openssl rand -hex 8)" -extfile <(printf '%b' "$2")
    rm "$1.csr"
}

signed server "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth"
signed elsewhere "subjectAltName=DNS:elsewhere.example,IP:192.0.2.1\nextendedKeyUsage=serverAuth"
signed caller "extendedKeyUsage=clientAuth"
rm authority.key
