import LightboxCore

/// An array that is stored in equal boxes, each perhaps compressed (sections III.A.1 and IV.A.2.l).
struct HDF5Chunks {
    private enum Filter: Int {
        case deflate = 1
        case shuffle, checksum
    }

    private let array: HDF5Array
    private let tree: Int
    /// Elements along each dimension.
    private let box: [Int]
    private let width: Int
    private let filters: [Filter]

    init(_ layout: HDF5Bytes, _ pipeline: HDF5Bytes?, array: HDF5Array) throws {
        let rank = array.space.shape.count
        guard try layout.number(2, 1) == rank + 1 else {
            throw HDF5Error.damaged("the boxes of \(array.path) are broken")
        }
        tree = try layout.size(3)
        let width = array.type.width
        var bytes = width
        box = try (0..<rank).map { dimension in
            let size = try layout.number(11 + dimension * 4, 4)
            guard size > 0, bytes <= array.limits.chunkBytes / size else {
                throw HDF5Error.limit("the boxes of \(array.path) are too large")
            }
            bytes *= size
            return size
        }
        self.array = array
        self.width = width
        filters = try pipeline.map { try HDF5Chunks.readFilters($0, path: array.path) } ?? []
    }

    /// The whole array's bytes, rows in order.
    func content(byteCount: Int) throws -> HDF5Bytes {
        // Deflate's best case is 1 : 1,032, so a small file cannot ask for a large array.
        guard byteCount <= 1 << 20 || byteCount / 1_032 <= array.bytes.count else {
            throw HDF5Error.limit("\(array.path) unpacks to more than the file can hold")
        }
        var result = [UInt8](repeating: 0, count: byteCount)
        let boxes = box.indices.reduce(1) { $0 * ((array.space.shape[$1] + box[$1] - 1) / box[$1]) }
        // A tree has fewer inner nodes than boxes.
        var left = boxes * 2 + 64
        try walk(tree, level: nil, nodesLeft: &left) { position, stored in
            try place(unpack(stored), at: position, into: &result)
        }
        return HDF5Bytes(bytes: Bytes(result))
    }

    private func walk(
        _ address: Int, level: Int?, nodesLeft: inout Int, _ body: ([Int], HDF5Bytes) throws -> Void
    ) throws {
        let bytes = array.bytes
        try bytes.expect("TREE", at: address)
        let own = try bytes.number(address + 5, 1)
        guard try bytes.number(address + 4, 1) == 1, own < 16, level == nil || own == level.map({ $0 - 1 }) else {
            throw HDF5Error.damaged("the tree of \(array.path) is broken")
        }
        let keySize = 8 + 8 * (box.count + 1)
        for index in 0..<(try bytes.number(address + 6, 2)) {
            let key = address + 24 + index * (keySize + 8)
            let child = try bytes.size(key + keySize)
            nodesLeft -= 1
            guard nodesLeft > 0 else { throw HDF5Error.damaged("\(array.path) has too many boxes") }
            if own > 0 {
                try walk(child, level: own, nodesLeft: &nodesLeft, body)
            } else {
                guard try bytes.number(key + 4, 4) == 0 else {
                    throw HDF5Error.unsupported("\(array.path) skips filters")
                }
                let position = try box.indices.map { try bytes.size(key + 8 + $0 * 8) }
                try body(position, bytes.slice(child, bytes.number(key, 4)))
            }
        }
    }

    /// Undoes the filters, last first.
    private func unpack(_ stored: HDF5Bytes) throws -> [UInt8] {
        let size = box.reduce(width, *)
        var content = stored.bytes.array
        for filter in filters.reversed() {
            switch filter {
            case .checksum:
                guard content.count >= 4 else { throw HDF5Error.damaged("\(array.path) is cut short") }
                content.removeLast(4)
            case .deflate:
                do {
                    content = try content.withUnsafeBytes {
                        try Inflater.inflate($0, format: .zlib, limit: size + 4)
                    }
                } catch {
                    throw HDF5Error.damaged("\(array.path) cannot be inflated")
                }
            case .shuffle:
                let count = content.count / width
                let source = content
                for element in 0..<count {
                    for byte in 0..<width { content[element * width + byte] = source[byte * count + element] }
                }
            }
        }
        guard content.count == size else { throw HDF5Error.damaged("a box of \(array.path) has the wrong size") }
        return content
    }

    /// Copies the rows of one box that lie inside the array.
    private func place(_ content: [UInt8], at position: [Int], into result: inout [UInt8]) throws {
        let shape = array.space.shape
        guard zip(position, shape).allSatisfy({ $0 < $1 }) else {
            throw HDF5Error.damaged("a box of \(array.path) lies outside")
        }
        let inside = zip(zip(position, shape), box).map { min($1, $0.1 - $0.0) }
        guard let rowLength = inside.last, let lastPosition = position.last else { return }
        var row = Array(repeating: 0, count: max(0, inside.count - 1))
        while true {
            var (source, target) = (0, 0)
            for dimension in row.indices {
                source = source * box[dimension] + row[dimension]
                target = target * shape[dimension] + position[dimension] + row[dimension]
            }
            let from = source * (box.last ?? 1) * width
            let to = (target * (shape.last ?? 1) + lastPosition) * width
            result.replaceSubrange(to..<to + rowLength * width, with: content[from..<from + rowLength * width])
            var dimension = row.count - 1
            while dimension >= 0 {
                row[dimension] += 1
                if row[dimension] < inside[dimension] { break }
                row[dimension] = 0
                dimension -= 1
            }
            if dimension < 0 { return }
        }
    }

    private static func readFilters(_ pipeline: HDF5Bytes, path: String) throws -> [Filter] {
        let version = try pipeline.number(0, 1)
        var position = version == 1 ? 8 : 2
        return try (0..<(try pipeline.number(1, 1))).map { _ in
            let identifier = try pipeline.number(position, 2)
            let hasName = version == 1 || identifier >= 256
            let nameLength = hasName ? try pipeline.number(position + 2, 2) : 0
            let values = try pipeline.number(position + (hasName ? 6 : 4), 2)
            position += (hasName ? 8 : 6) + (version == 1 ? (nameLength + 7) / 8 * 8 : nameLength) + values * 4
            if version == 1, values % 2 == 1 { position += 4 }
            guard let filter = Filter(rawValue: identifier) else {
                throw HDF5Error.unsupported("\(path) is compressed with filter \(identifier)")
            }
            return filter
        }
    }
}
