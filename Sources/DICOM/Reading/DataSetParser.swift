import LightboxCore

/// Reads data sets out of bytes that stay where they are (PS3.5 chapter 7).
///
/// The three byte encodings share this reader. Depth, elements and lengths are checked before memory is
/// taken for them.
struct DataSetParser {
    let bytes: Bytes
    /// The same bytes; good while the parser runs inside `bytes.withUnsafeBytes`.
    let memory: UnsafeRawBufferPointer
    let isBigEndian: Bool
    let path: String?
    let options: ReadOptions
    var offset = 0
    /// Elements, items and fragments so far.
    private var count = 0
    private var hasSearchedPadding = false

    /// What a data set knows of those around it.
    struct Scope {
        var end: Int
        var isExplicit: Bool
        /// An item that a delimiter ends instead of a length.
        var endsWithDelimiter = false
        var depth = 0
        var characterSet: String?
        /// PixelRepresentation here or further out, which decides between US and SS.
        var isSigned: Bool?
        /// The sequence around this item, for messages.
        var sequence: Tag?
    }

    static func parse(
        _ bytes: Bytes, isExplicit: Bool, isBigEndian: Bool, path: String?, options: ReadOptions
    ) throws -> DataSet {
        try bytes.withUnsafeBytes { memory in
            var parser = DataSetParser(
                bytes: bytes, memory: memory, isBigEndian: isBigEndian, path: path, options: options)
            return try parser.dataSet(Scope(end: memory.count, isExplicit: isExplicit))
        }
    }

    /// Reads group 0002, whatever its group length says, and tells where it ends.
    static func parseFileMeta(
        _ bytes: Bytes, from start: Int, path: String?, options: ReadOptions
    ) throws -> (DataSet, end: Int) {
        try bytes.withUnsafeBytes { memory in
            var parser = DataSetParser(
                bytes: bytes, memory: memory, isBigEndian: false, path: path, options: options)
            parser.offset = start
            var elements: [Element] = []
            while memory.count - parser.offset >= 8, parser.load(UInt16.self, at: parser.offset) == 0x0002 {
                // Always explicit by PS3.10 section 7.1, and yet some writers forget.
                let isExplicit = Encoding.isLetters(memory[parser.offset + 4], memory[parser.offset + 5])
                var scope = Scope(end: memory.count, isExplicit: isExplicit)
                let header = try parser.header(scope)
                elements.append(try parser.element(header, &scope))
            }
            return (DataSet(elements), parser.offset)
        }
    }

    private init(
        bytes: Bytes, memory: UnsafeRawBufferPointer, isBigEndian: Bool, path: String?, options: ReadOptions
    ) {
        self.bytes = bytes
        self.memory = memory
        self.isBigEndian = isBigEndian
        self.path = path
        self.options = options
    }

    /// Reads elements to the scope's end or its delimiter, which is consumed.
    mutating func dataSet(_ outer: Scope) throws -> DataSet {
        var scope = outer
        var elements: [Element] = []
        if scope.depth == 0 { elements.reserveCapacity(128) }
        var ambiguous: [Int] = []
        var isAscending = true
        reading: while offset < scope.end {
            guard scope.end - offset >= 8 else {
                try skipPadding(scope, after: elements.last?.tag)
                break
            }
            let tag = self.tag(at: offset)
            if tag.group == 0xfffe {
                switch try delimiter(tag, scope) {
                case .skip: continue
                case .end: return finished(elements, ambiguous, scope, isAscending, outer)
                }
            }
            if tag.number == 0, elements.last != nil, isPadding(scope) { break reading }
            if options.stopsBeforePixelData && scope.depth == 0 && tag.isPixelData { break reading }
            let header = try header(scope)
            if let last = elements.last, last.tag >= header.tag { isAscending = false }
            if header.isAmbiguous { ambiguous.append(elements.count) }
            elements.append(try element(header, &scope))
        }
        if scope.endsWithDelimiter {
            throw failure(.truncated, scope.sequence, "The data ends inside an item of this sequence.")
        }
        return finished(elements, ambiguous, scope, isAscending, outer)
    }

    private func finished(
        _ elements: [Element], _ ambiguous: [Int], _ scope: Scope, _ isAscending: Bool, _ outer: Scope
    ) -> DataSet {
        var elements = elements
        if !ambiguous.isEmpty { resolve(ambiguous, of: &elements, isSigned: scope.isSigned ?? false) }
        if isAscending { return DataSet(ascending: elements, inheritedCharacterSet: outer.characterSet) }
        var dataSet = DataSet(elements)
        dataSet.inheritedCharacterSet = outer.characterSet
        return dataSet
    }

    /// Takes one more element, item or fragment from what the limits allow.
    mutating func spend(_ tag: Tag?) throws {
        count += 1
        guard count <= options.limits.maxElements else {
            throw failure(
                .tooLarge, tag, "More than \(options.limits.maxElements) elements, the limit for one file.")
        }
    }

    func failure(_ code: DICOMError.Code, _ tag: Tag?, _ detail: String) -> DICOMError {
        DICOMError(code, file: path, tag: tag, detail)
    }
}

// MARK: - Bytes

extension DataSetParser {
    /// An integer in the data's byte order. The caller has checked that it is there.
    func load<Number: FixedWidthInteger>(_ type: Number.Type, at position: Int) -> Number {
        let number = memory.loadUnaligned(fromByteOffset: position, as: type)
        return isBigEndian ? Number(bigEndian: number) : Number(littleEndian: number)
    }

    func tag(at position: Int) -> Tag {
        Tag(load(UInt16.self, at: position), load(UInt16.self, at: position + 2))
    }

    private func isZero(to end: Int) -> Bool { memory[offset..<end].allSatisfy { $0 == 0 } }

    /// Whether nothing but zeros follow, as some archives pad to whole blocks. Asked once, for its cost.
    private mutating func isPadding(_ scope: Scope) -> Bool {
        guard scope.depth == 0, !hasSearchedPadding else { return false }
        hasSearchedPadding = true
        return isZero(to: scope.end)
    }

    /// Fewer than eight bytes are left: zeros are padding, anything else is a cut file.
    private mutating func skipPadding(_ scope: Scope, after tag: Tag?) throws {
        guard !scope.endsWithDelimiter, isZero(to: scope.end) else {
            throw failure(.truncated, tag ?? scope.sequence, "The data ends inside the attribute after this one.")
        }
        offset = scope.end
    }

    private enum Delimiter { case skip, end }

    /// What an item or delimiter tag in place of an attribute means.
    private mutating func delimiter(_ tag: Tag, _ scope: Scope) throws -> Delimiter {
        switch tag {
        case .itemDelimitation:
            offset += 8
            // Outside an item of undefined length it is a leftover that some writers leave.
            return scope.endsWithDelimiter ? .end : .skip
        case .sequenceDelimitation:
            // The item's own delimiter is missing; the sequence reads this one.
            if scope.endsWithDelimiter { return .end }
            offset += 8
            return .skip
        default:
            throw failure(.corrupt, scope.sequence, "An item stands where an attribute should.")
        }
    }
}

extension Tag {
    /// One of the three elements that hold pixels (PS3.5 section 8).
    var isPixelData: Bool { self == .pixelData || self == .floatPixelData || self == .doubleFloatPixelData }
}
