/// A folder inside an HDF5 file. Links to other places are not followed.
struct HDF5Group: Sendable {
    let header: HDF5Header
    /// For messages.
    let path: String
    let bytes: HDF5Bytes
    let limits: HDF5Limits

    /// Addresses of the members' headers by name.
    func members() throws -> [String: Int] {
        if let table = header.first(HDF5Header.Kind.symbolTable) {
            return try symbolTable(tree: table.size(0), heap: table.size(8))
        }
        if let info = header.first(HDF5Header.Kind.linkInfo) {
            let heap = try info.size(info.number(1, 1) & 1 != 0 ? 10 : 2)
            guard heap == undefinedAddress else {
                throw HDF5Error.unsupported("\(path)/ is a group in the layout of libver='latest'")
            }
        }
        var result: [String: Int] = [:]
        for link in header.all(HDF5Header.Kind.link) {
            if let (name, address) = try readLink(link) { result[name] = address }
        }
        return result
    }

    func member(_ name: String) throws -> HDF5Header {
        guard let address = try members()[name] else { throw HDF5Error.damaged("\(path)/\(name) is missing") }
        return try HDF5Header(in: bytes, at: address)
    }

    func group(_ name: String) throws -> HDF5Group { try group(name, member(name)) }

    func group(_ name: String, _ header: HDF5Header) throws -> HDF5Group {
        guard header.isGroup else { throw HDF5Error.damaged("\(path)/\(name) is not a group") }
        return HDF5Group(header: header, path: path + "/" + name, bytes: bytes, limits: limits)
    }

    /// The array at `a/b/c`, each step a member.
    func array(at parts: some Collection<Substring>) throws -> HDF5Array {
        guard let first = parts.first, parts.count <= limits.depth else {
            throw HDF5Error.damaged("\(path)/ has an array without a proper name")
        }
        let name = String(first)
        if parts.count > 1 { return try group(name).array(at: parts.dropFirst()) }
        return try array(name, member(name))
    }

    func array(_ name: String, _ header: HDF5Header) throws -> HDF5Array {
        try HDF5Array(header: header, path: path + "/" + name, bytes: bytes, limits: limits)
    }

    // MARK: Old layout: a tree of names (sections III.A and III.B)

    private func symbolTable(tree: Int, heap: Int) throws -> [String: Int] {
        try bytes.expect("HEAP", at: heap)
        let names = try bytes.slice(bytes.size(heap + 24), bytes.size(heap + 8))
        var result: [String: Int] = [:]
        var nodes = 0
        try collect(tree, level: nil, names, &nodes, into: &result)
        return result
    }

    private func collect(
        _ address: Int, level: Int?, _ names: HDF5Bytes, _ nodes: inout Int, into result: inout [String: Int]
    ) throws {
        nodes += 1
        guard nodes <= limits.members, result.count <= limits.members else {
            throw HDF5Error.limit("\(path)/ has too many members")
        }
        if level == 0 {
            try collectSymbols(address, names, into: &result)
            return
        }
        try bytes.expect("TREE", at: address)
        let own = try bytes.number(address + 5, 1)
        // Each step down is one level lower, so a ring of nodes ends here.
        guard try bytes.number(address + 4, 1) == 0, own < 16, level == nil || own == level.map({ $0 - 1 }) else {
            throw HDF5Error.damaged("the tree of \(path)/ is broken")
        }
        for index in 0..<(try bytes.number(address + 6, 2)) {
            let child = try bytes.size(address + 24 + 8 + index * 16)
            try collect(child, level: own, names, &nodes, into: &result)
        }
    }

    private func collectSymbols(_ address: Int, _ names: HDF5Bytes, into result: inout [String: Int]) throws {
        try bytes.expect("SNOD", at: address)
        for index in 0..<(try bytes.number(address + 6, 2)) {
            let entry = address + 8 + index * 40
            // Cache type 2 is a link by name.
            guard try bytes.number(entry + 16, 4) != 2 else { continue }
            let start = try bytes.size(entry)
            guard start < names.count else { throw HDF5Error.damaged("a name in \(path)/ is missing") }
            result[try names.slice(start, names.count - start).text()] = try bytes.size(entry + 8)
        }
    }

    // MARK: New layout: a message for each member (section IV.A.2.g)

    private func readLink(_ link: HDF5Bytes) throws -> (String, Int)? {
        let flags = try link.number(1, 1)
        var position = 2
        if flags & 0x08 != 0 {
            guard try link.number(position, 1) == 0 else { return nil }
            position += 1
        }
        position += (flags & 0x04 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0)
        let width = 1 << (flags & 3)
        let length = width == 8 ? try link.size(position) : try link.number(position, width)
        let name = try link.slice(position + width, length).text()
        return (name, try link.size(position + width + length))
    }
}

extension HDF5Header {
    var isGroup: Bool {
        first(Kind.symbolTable) != nil || first(Kind.linkInfo) != nil || first(Kind.link) != nil
    }

    var isArray: Bool { first(Kind.layout) != nil }
}
