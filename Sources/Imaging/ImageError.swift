public import LightboxCore

/// Why an image file could not be read or written.
public struct ImageError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// Not a kind of file that is read here.
        case unknownFormat
        /// A kind that is read, of a variety that is not (12-bit JPEG).
        case unsupported
        /// The bytes break their format's rules, or end early.
        case corrupt
        /// Larger than ``ImageLimits`` allows.
        case tooLarge
    }

    public let code: Code
    /// The file, when the caller knows it; empty for bytes in memory.
    public var file: String
    /// What is wrong and what the reader can do now.
    public let remedy: String

    public init(_ code: Code, file: String = "", remedy: String) {
        self.code = code
        self.file = file
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .unknownFormat, .unsupported: .unsupported
        case .corrupt: .corrupt
        case .tooLarge: .limitExceeded
        }
    }

    public var description: String { Self.text("\(code)", at: file.isEmpty ? "image" : file, remedy) }
}

/// How large an image may be; held against the header before memory is taken.
public struct ImageLimits: Sendable, Hashable {
    /// Pixels of the longer side.
    public var maximumSide: Int
    /// Width × height.
    public var maximumPixels: Int

    public init(maximumSide: Int = 65_535, maximumPixels: Int = 1 << 27) {
        self.maximumSide = maximumSide
        self.maximumPixels = maximumPixels
    }

    func check(width: Int, height: Int) throws {
        guard max(width, height) <= maximumSide, width * height <= maximumPixels else {
            throw ImageError(
                .tooLarge, remedy: "\(width) × \(height) pixels are over the limit of \(maximumPixels); raise it.")
        }
    }
}
