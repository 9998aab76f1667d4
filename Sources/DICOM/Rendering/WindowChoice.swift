/// Which values become black and which white when a grey image is rendered.
///
/// Written as text: `file`, `file:2` (the second window of the file), `full`, or `CENTER,WIDTH`.
public enum WindowChoice: Sendable, Hashable {
    /// The file's window of this index; without one its VOI LUT, and without that the full range.
    case file(index: Int)
    /// From the least to the greatest value of the frame, padding left out.
    case full
    /// In modality values, spread by the function LINEAR; at least 1 wide.
    case custom(center: Double, width: Double)

    /// The file's first window.
    public static let fromFile = WindowChoice.file(index: 0)

    /// Reads the written form; nil when the text is none, or names a window less than 1 wide.
    public init?(argument: String) {
        switch argument {
        case "file": self = .fromFile
        case "full": self = .full
        case _ where argument.hasPrefix("file:"):
            guard let number = Int(argument.dropFirst(5)), number >= 1 else { return nil }
            self = .file(index: number - 1)
        default:
            let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            guard numbers.count == 2, let center = numbers[0], let width = numbers[1],
                Window.isValid(center: center, width: width)
            else { return nil }
            self = .custom(center: center, width: width)
        }
    }
}

extension WindowChoice: CustomStringConvertible {
    /// The written form.
    public var description: String {
        switch self {
        case .file(let index): index == 0 ? "file" : "file:\(index + 1)"
        case .full: "full"
        case .custom(let center, let width): "\(center),\(width)"
        }
    }
}

extension WindowChoice: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let choice = WindowChoice(argument: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "A window is file, file:N, full or CENTER,WIDTH.")
        }
        self = choice
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
