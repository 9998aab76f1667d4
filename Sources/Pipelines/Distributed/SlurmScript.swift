import Foundation
import LightboxCore

/// The shell scripts that Slurm runs, for any POSIX shell. Paths may hold whatever a path may hold.
struct SlurmScript {
    /// What an element ends with that does not see the run's folder, or not the program.
    static let noFolder = 101
    static let noProgram = 102

    let text: String

    /// One element of the array: some lines of the manifest for a worker.
    ///
    /// - Parameters:
    ///   - manifest: absolute.
    ///   - share: lines of each element.
    init(worker stage: String, run: String, manifest: String, share: Int, program: String, home: String) {
        text = """
            #!/bin/sh
            set -u
            # A job that is cancelled or out of time does not begin again.
            trap 'exit 143' TERM
            manifest=\(Self.quoted(manifest)) program=\(Self.quoted(program))
            export LIGHTBOX_HOME=\(Self.quoted(home))
            [ -r "$manifest" ] || { echo "$(hostname): there is no $manifest" >&2; exit \(Self.noFolder); }
            [ -x "$program" ] || { echo "$(hostname): there is no $program" >&2; exit \(Self.noProgram); }
            first=$((SLURM_ARRAY_TASK_ID * \(share) + 1))
            last=$((first + \(share - 1)))
            # A worker that a signal ended (kill -9) begins again; what it had done stays done.
            for attempt in 1 2 3; do
                sed -n "${first},${last}p;${last}q" "$manifest" | "$program" worker \(stage) --run \(run) >/dev/null
                status=$?
                [ $status -gt 128 ] || break
            done
            exit $status

            """
    }

    /// The command that goes on with a run when its array has ended: puts the output together, or deals out what is
    /// missing.
    init(finish run: String, arguments: [String], program: String, directory: String, home: String) {
        text = """
            #!/bin/sh
            set -u
            export LIGHTBOX_HOME=\(Self.quoted(home)) \(SlurmRun.finishing)=\(run)
            cd \(Self.quoted(directory)) || exit \(Self.noFolder)
            exec \(([program] + arguments).map(Self.quoted).joined(separator: " "))

            """
    }

    /// In single quotes, where the shell takes everything as it stands.
    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: #"'\''"#) + "'" }
}
