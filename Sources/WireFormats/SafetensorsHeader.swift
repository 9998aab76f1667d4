import LightboxCore

/// What stands before the arrays of a safetensors file: eight bytes of length and a JSON object.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let type: SafetensorsTensor.ElementType
        let shape: [Int]
        /// In the data behind the header.
        let range: Range<Int>
    }

    /// Sorted by place.
    let entries: [Entry]
    let metadata: [String: String]
    let dataOffset: Int

    /// The reference implementation's limit is 100 MB; a network of ten thousand arrays needs 1.5 MB.
    private static let maximumLength = 1 << 25

    init(_ bytes: Bytes) throws {
        guard bytes.count >= 8 else { throw Self.malformed("it has no header", at: 0) }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= Self.maximumLength else {
            throw RecordError(
                .limitExceeded, offset: 0, remedy: "The header is over 32 MiB, or this is no such file.")
        }
        guard length <= bytes.count - 8 else { throw Self.malformed("its header ends early", at: bytes.count) }
        dataOffset = 8 + Int(length)
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw Self.malformed("its header is no object", at: 8)
        }
        let header: JSONValue
        do {
            header = try JSONValue(parsing: bytes[8..<dataOffset], limits: JSONLimits(maximumDepth: 4))
        } catch let error as RecordError {
            throw RecordError(error.code, offset: 8 + (error.offset ?? 0), remedy: error.remedy)
        }
        let members = header.members ?? []
        guard Set(members.map(\.name)).count == members.count else {
            throw Self.malformed("a name stands twice in its header", at: 8)
        }
        metadata = try Self.metadata(header["__metadata__"])
        entries = try members.filter { $0.name != "__metadata__" }.map { try Self.entry($0) }
            .sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        try Self.check(entries, size: bytes.count - dataOffset)
    }

    private static func metadata(_ value: JSONValue?) throws -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.members else { throw malformed("its metadata is no object", at: 8) }
        return try Dictionary(
            members.map { member in
                guard let text = member.value.string else {
                    throw malformed("its metadata is not all text", at: 8)
                }
                return (member.name, text)
            }, uniquingKeysWith: { _, _ in throw malformed("a name stands twice in its metadata", at: 8) })
    }

    private static func entry(_ member: JSONMember) throws -> Entry {
        func wrong() -> RecordError {
            malformed("an array's type, shape and offsets do not fit each other", at: 8)
        }
        guard let name = member.value["dtype"]?.string, let shape = integers(member.value["shape"]),
            let offsets = integers(member.value["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1]
        else { throw wrong() }
        guard let type = SafetensorsTensor.ElementType(rawValue: name) else {
            throw RecordError(
                .unsupported, offset: 8,
                remedy: "An array has an element type that is not read here: convert it to F32.")
        }
        var size = type.size
        for side in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: side)
            guard !overflow else { throw wrong() }
            size = product
        }
        guard size == offsets[1] - offsets[0] else { throw wrong() }
        return Entry(name: member.name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// Whole numbers from 0; nil for anything else.
    private static func integers(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.elements, elements.count <= 32 else { return nil }
        let integers = elements.compactMap { $0.double.flatMap { Int(exactly: $0) } }.filter { $0 >= 0 }
        return integers.count == elements.count ? integers : nil
    }

    /// The arrays fill the data without gap or overlap, as the format asks for.
    private static func check(_ entries: [Entry], size: Int) throws {
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else { throw malformed("its arrays overlap or leave gaps", at: 8) }
            end = entry.range.upperBound
        }
        guard end == size else { throw malformed("its arrays and its length do not match", at: 8) }
    }

    private static func malformed(_ what: String, at offset: Int) -> RecordError {
        RecordError(
            .malformedSafetensors, offset: offset,
            remedy: "This is no whole safetensors file (\(what)): write or copy it again.")
    }
}
