import Foundation
import Glibc

/// A PostgreSQL server of this process alone, in a temporary folder and on a Unix socket there.
///
/// A shell waits for this process to end, in whatever way, and then stops the server and removes the folder.
package struct TemporaryPostgres: Sendable {
    package struct Failure: Error, CustomStringConvertible { package let description: String }

    /// `postgresql:///postgres?host=…`
    package let address: String
    /// Of the socket.
    package let folder: String

    /// Started when it is first asked for.
    package static let shared = Result { try TemporaryPostgres() }

    // ICU's English order is unlike the order of bytes, so that a text compared in it shows itself.
    // The server does not run as root; `setpriv` makes it nobody's.
    private static let script = """
        set -e
        bin=$1 folder=$2
        as=""
        if [ "$(id -u)" = 0 ]; then
            chown nobody "$folder"
            as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
        fi
        trap 'rm -rf "$folder"' EXIT
        cd /
        $as "$bin/initdb" -D "$folder/data" -U lightbox -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu \
            --icu-locale=en --no-sync >"$folder/initdb.log" 2>&1 || { tail -n 3 "$folder/initdb.log"; exit 1; }
        $as "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off \
            -c max_connections=300 -c shared_buffers=64MB >"$folder/server.log" 2>&1 </dev/null &
        server=$!
        for _ in $(seq 300); do
            if "$bin/pg_isready" -q -h "$folder"; then
                # LIGHTBOX_TEST_PGVECTOR=1 where the server has that extension.
                [ -z "${LIGHTBOX_TEST_PGVECTOR:-}" ] ||
                    "$bin/psql" -qXh "$folder" -U lightbox postgres -c 'CREATE EXTENSION vector'
                echo ready
                break
            fi
            kill -0 $server || { tail -n 3 "$folder/server.log"; exit 1; }
            sleep 0.1
        done
        cat >/dev/null || true
        kill -INT $server
        wait $server || true
        """

    private init() throws {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap(Int.init)
        guard let version = versions.max() else {
            throw Failure(description: "No PostgreSQL server in \(root). Run scripts/bootstrap --postgres.")
        }
        // A socket's path has at most 107 bytes; the server's user reads the folder.
        folder = "/tmp/lightbox-pg-\(UUID().uuidString.prefix(8))"
        guard mkdir(folder, 0o755) == 0 else { throw Failure(description: "\(folder) cannot be made.") }
        address = "postgresql:///postgres?host=\(folder)&user=lightbox"
        // Its other end is open in this process alone, so that the shell reads the end of it when this process ends.
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(description: "No pipe can be made.") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", Self.script, "lightbox-postgres", "\(root)/\(version)/bin", folder]
        process.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var words = ""
        while !words.contains("ready"), case let piece = output.fileHandleForReading.availableData, !piece.isEmpty
        {
            words += String(decoding: piece, as: UTF8.self)
        }
        guard words.contains("ready") else {
            throw Failure(description: "The PostgreSQL server did not start: \(words)")
        }
    }
}
