extension HDF5Group {
    /// An attribute's texts: Keras's lists of layer and weight names, or one text.
    ///
    /// A list too long for one attribute is spread by Keras over `name0`, `name1`…
    /// - Returns: nil when there is none.
    func texts(_ name: String) throws -> [String]? {
        let attributes = try self.attributes()
        if let attribute = attributes[name] { return try texts(of: attribute, name) }
        guard attributes[name + "0"] != nil else { return nil }
        var result: [String] = []
        var part = 0
        while let attribute = attributes["\(name)\(part)"] {
            result += try texts(of: attribute, name)
            part += 1
        }
        return result
    }

    private struct Attribute {
        var type: HDF5Type
        var space: HDF5Space
        var data: HDF5Bytes
    }

    private func attributes() throws -> [String: Attribute] {
        if let info = header.first(HDF5Header.Kind.attributeInfo) {
            let heap = try info.size(info.number(1, 1) & 1 != 0 ? 4 : 2)
            guard heap == undefinedAddress else {
                throw HDF5Error.unsupported("\(path)/ has attributes in the layout of libver='latest'")
            }
        }
        var result: [String: Attribute] = [:]
        for message in header.all(HDF5Header.Kind.attribute) {
            let (name, attribute) = try readAttribute(message)
            result[name] = attribute
        }
        return result
    }

    /// Section IV.A.2.m: sizes, then name, type, shape and value behind one another.
    private func readAttribute(_ message: HDF5Bytes) throws -> (String, Attribute) {
        let version = try message.number(0, 1)
        guard (1...3).contains(version) else {
            throw HDF5Error.unsupported("an attribute of \(path)/ is not read")
        }
        var position = version == 3 ? 9 : 8
        func next(_ length: Int) throws -> HDF5Bytes {
            let part = try message.slice(position, length)
            // The first version fills up to multiples of eight.
            position += version == 1 ? (length + 7) / 8 * 8 : length
            return part
        }
        let name = try next(message.number(2, 2)).text()
        let type = try HDF5Type(next(message.number(4, 2)))
        let space = try HDF5Space(next(message.number(6, 2)))
        return (
            name, Attribute(type: type, space: space, data: try message.slice(position, message.count - position))
        )
    }

    private func texts(of attribute: Attribute, _ name: String) throws -> [String] {
        // An empty list of names is stored as an empty list of numbers.
        let count = attribute.space.count
        if count == 0 { return [] }
        guard count <= limits.texts else { throw HDF5Error.limit("attribute \(name) of \(path)/ is too long") }
        return try (0..<count).map { index in
            let element = try attribute.data.slice(index * attribute.type.width, attribute.type.width)
            switch attribute.type {
            case .text: return element.text()
            case .variableText: return try variableText(element)
            default: throw HDF5Error.damaged("attribute \(name) of \(path)/ holds no texts")
            }
        }
    }

    /// Section III.E: length, address of a heap, number of an object in it.
    private func variableText(_ element: HDF5Bytes) throws -> String {
        let (length, heap, wanted) = (try element.number(0, 4), try element.size(4), try element.number(12, 4))
        if length == 0 { return "" }
        guard length <= limits.configurationBytes else { throw HDF5Error.limit("a text of \(path)/ is too long") }
        try bytes.expect("GCOL", at: heap)
        let collection = try bytes.slice(heap, bytes.size(heap + 8))
        var position = 16
        while position + 16 <= collection.count {
            let (index, size) = (try collection.number(position, 2), try collection.size(position + 8))
            if index == wanted, index != 0 {
                return try collection.slice(position + 16, min(size, length)).text()
            }
            guard index != 0, size < collection.count else { break }
            position += 16 + (size + 7) / 8 * 8
        }
        throw HDF5Error.damaged("a text of \(path)/ is missing")
    }
}
