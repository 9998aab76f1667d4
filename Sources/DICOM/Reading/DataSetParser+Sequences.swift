import LightboxCore

extension DataSetParser {
    /// Reads the items of a sequence up to the scope's end or the delimiter.
    mutating func items(of tag: Tag, _ outer: Scope, endsWithDelimiter: Bool) throws -> [DataSet] {
        guard outer.depth < options.limits.maxDepth else {
            throw failure(
                .tooDeep, tag, "Sequences lie in one another more than \(options.limits.maxDepth) deep, the limit."
            )
        }
        var scope = outer
        scope.depth += 1
        scope.sequence = tag
        var items: [DataSet] = []
        while endsWithDelimiter || offset < outer.end {
            guard outer.end - offset >= 8 else {
                throw failure(.truncated, tag, "The data ends inside this sequence.")
            }
            let next = self.tag(at: offset)
            let length = load(UInt32.self, at: offset + 4)
            offset += 8
            switch next {
            case .item:
                try spend(tag)
                items.append(try item(length, scope))
            case .sequenceDelimitation: return items
            // The end of an item that also had a length.
            case .itemDelimitation: continue
            default: throw failure(.corrupt, tag, "Something other than an item stands in this sequence.")
            }
        }
        return items
    }

    private mutating func item(_ length: UInt32, _ outer: Scope) throws -> DataSet {
        var scope = outer
        scope.endsWithDelimiter = length == .max
        if length != .max {
            guard Int(length) <= outer.end - offset else {
                throw failure(.truncated, outer.sequence, "An item of this sequence is longer than the sequence.")
            }
            scope.end = offset + Int(length)
        }
        // A sequence that was written as UN is implicit inside explicit data (PS3.5 section 6.2.2).
        if scope.isExplicit && scope.end - offset >= 8 && tag(at: offset).group != 0xfffe {
            scope.isExplicit = Encoding.isLetters(memory[offset + 4], memory[offset + 5])
        }
        let dataSet = try dataSet(scope)
        if length != .max { offset = scope.end }
        return dataSet
    }

    /// Reads encapsulated pixel data: the basic offset table, then the fragments (PS3.5 annex A.4).
    mutating func fragments(of tag: Tag, _ scope: Scope) throws -> Element.Value {
        var pieces: [Bytes] = []
        // A file that ends right behind a fragment lacks only the delimiter.
        while offset < scope.end {
            guard scope.end - offset >= 8 else { throw truncatedFragments(tag) }
            let next = self.tag(at: offset)
            let length = Int(load(UInt32.self, at: offset + 4))
            offset += 8
            if next == .sequenceDelimitation { break }
            guard next == .item else {
                throw failure(.corrupt, tag, "Something other than a fragment stands in the pixel data.")
            }
            guard length <= scope.end - offset else { throw truncatedFragments(tag) }
            try spend(tag)
            pieces.append(bytes[offset..<offset + length])
            offset += length
        }
        guard let offsetTable = pieces.first else { return .fragments(offsetTable: .empty, []) }
        return .fragments(offsetTable: offsetTable, Array(pieces.dropFirst()))
    }

    private func truncatedFragments(_ tag: Tag) -> DICOMError {
        failure(.truncated, tag, "The data ends inside the pixel data's fragments.")
    }
}
