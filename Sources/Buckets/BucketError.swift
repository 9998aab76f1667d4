public import LightboxCore

/// Why a bucket or an object cannot be read, listed or changed. The text names what the caller named.
public struct BucketError: Failure, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case invalidName, invalidArgument
        /// Well-formed, but not something that is done here.
        case notOffered
        case noSuchBucket, noSuchObject, noSuchUpload
        case bucketExists, bucketNotEmpty
        /// Another object stands there than the caller takes for granted.
        case conditionNotMet
        /// What the caller has already is still there.
        case notModified
        /// None of the bytes that were asked for are there.
        case badRange
        /// Other bytes arrived than the caller says were sent.
        case wrongContent
        /// Another request goes on with the same upload.
        case superseded
        case tooLarge
    }

    public let code: Code
    /// What is wrong, and what can be done.
    public let description: String

    package init(_ code: Code, _ description: String) {
        (self.code, self.description) = (code, description)
    }

    public var kind: FailureKind {
        switch code {
        case .invalidName, .invalidArgument, .badRange: .invalidInput
        case .notOffered: .unsupported
        case .noSuchBucket, .noSuchObject, .noSuchUpload: .notFound
        case .bucketExists, .bucketNotEmpty, .conditionNotMet, .notModified, .superseded: .conflict
        case .wrongContent: .corrupt
        case .tooLarge: .limitExceeded
        }
    }
}
