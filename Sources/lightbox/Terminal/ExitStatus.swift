import Foundation
package import LightboxCore
import Torch

/// What the process ends with: the one table, also in docs/exit-codes.md.
package enum ExitStatus {
    package static let success: Int32 = 0
    /// The machine (a missing library, a full disk, a refused permission), or an error nobody foresaw.
    package static let environment: Int32 = 1
    /// A command, an option or its value is wrong.
    package static let usage: Int32 = 2
    /// The work is done, but some items were left out; the report and errors.jsonl list them.
    package static let partial: Int32 = 3
    package static let notFound: Int32 = 4
    /// Something else already stands there.
    package static let conflict: Int32 = 5
    /// Bytes that break their format's rules.
    package static let corrupt: Int32 = 6
    /// Well-formed, but not something this build reads or does.
    package static let unsupported: Int32 = 7
    /// Larger or deeper than a limit allows.
    package static let limitExceeded: Int32 = 8
    /// Another process of a training group ended, failed or fell silent; `--resume` goes on.
    package static let processLost: Int32 = 9
    /// Ctrl-C, as shells number it; what was finished is kept.
    package static let interrupted: Int32 = 130

    package static func of(_ kind: FailureKind) -> Int32 {
        switch kind {
        case .environment: environment
        case .invalidInput: usage
        case .notFound: notFound
        case .conflict: conflict
        case .corrupt: corrupt
        case .unsupported: unsupported
        case .limitExceeded: limitExceeded
        }
    }

    /// For any error that ended a command.
    package static func of(_ error: any Error) -> Int32 {
        if let error = error as? TorchError, error.code == .processLost { return processLost }
        if let failure = error as? any Failure { return of(failure.kind) }
        let missing: [CocoaError.Code] = [.fileNoSuchFile, .fileReadNoSuchFile]
        if let error = error as? CocoaError, missing.contains(error.code) { return notFound }
        return environment
    }

    package static func of(_ report: StageReport) -> Int32 { report.problems.isEmpty ? success : partial }
}
