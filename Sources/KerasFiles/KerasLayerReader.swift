import LightboxCore

/// Collects the layers of a file, within its limits.
struct KerasLayerReader {
    private let limits: HDF5Limits
    /// Bytes of arrays that may still be read.
    private var remaining: Int
    /// Members of groups that may still be looked at.
    private var membersLeft: Int

    init(limits: HDF5Limits) {
        self.limits = limits
        remaining = limits.totalBytes
        membersLeft = limits.members
    }

    // MARK: Classic

    /// The layout of Keras 1 and 2, which Keras 3 still writes as `.h5`: a group per layer whose attribute
    /// `weight_names` gives the paths of its arrays, in order.
    mutating func classicLayers(_ names: [String], in root: HDF5Group) throws -> [KerasLayer] {
        guard Set(names).count == names.count else {
            throw HDF5Error.damaged("the list of layers names one twice")
        }
        let members = try root.members()
        var layers: [KerasLayer] = []
        for name in names {
            let group = try group(name, in: root, members)
            var arrays: [(path: [Substring], array: NDArray)] = []
            for path in try group.texts("weight_names") ?? [] {
                try countMember()
                let parts = path.split(separator: "/")
                let array = try group.array(at: parts)
                if array.isFloat { arrays.append((parts, try array.read(remaining: &remaining))) }
            }
            if !arrays.isEmpty { layers += split(name, arrays) }
        }
        return layers
    }

    /// The group of a layer, which lies deeper where the layer's name has a `/`.
    private func group(_ name: String, in root: HDF5Group, _ members: [String: Int]) throws -> HDF5Group {
        let parts = name.split(separator: "/").map { String($0) }
        guard let first = parts.first, let address = members[first], parts.count < limits.depth else {
            throw HDF5Error.damaged("layer \(name) is listed but missing")
        }
        let start = try root.group(first, HDF5Header(in: root.bytes, at: address))
        return try parts.dropFirst().reduce(start) { try $0.group($1) }
    }

    /// A layer that is itself a model holds the arrays of many: `conv1_conv/kernel:0`, `conv1_bn/gamma:0`.
    private func split(_ name: String, _ arrays: [(path: [Substring], array: NDArray)]) -> [KerasLayer] {
        var layers: [KerasLayer] = []
        var places: [String: Int] = [:]
        for (path, array) in arrays {
            let owner = path.count > 1 ? path.dropLast().joined(separator: "/") : name
            let place = places[owner] ?? layers.count
            if place == layers.count {
                places[owner] = place
                layers.append(
                    KerasLayer(name: owner, group: owner, arrays: [], arrayNames: [], place: [name, owner]))
            }
            layers[place].arrays.append(array)
            layers[place].arrayNames.append(String(path.last ?? ""))
        }
        if layers.count == 1 {
            layers[0].name = name
            layers[0].group = name
        }
        return layers
    }

    // MARK: Keras 3

    /// The layout of Keras 3: `…/conv2d_3/vars/0`. The group is class and counter; newer versions also keep
    /// the layer's name as an attribute of `vars`.
    mutating func collect(from group: HDF5Group, depth: Int, into layers: inout [KerasLayer]) throws {
        guard depth < limits.depth else { throw HDF5Error.limit("groups stand in one another too deep") }
        for (name, address) in try group.members().sorted(by: { $0.key < $1.key }) {
            if name == "optimizer" || (depth == 0 && name == "metrics") { continue }
            try countMember()
            let header = try HDF5Header(in: group.bytes, at: address)
            guard header.isGroup else { continue }
            let member = try group.group(name, header)
            if name == "vars" {
                let owner = group.path.split(separator: "/").last.map(String.init) ?? ""
                if let layer = try variables(member, of: owner) { layers.append(layer) }
            } else {
                try collect(from: member, depth: depth + 1, into: &layers)
            }
        }
    }

    private mutating func variables(_ group: HDF5Group, of owner: String) throws -> KerasLayer? {
        let members = try group.members().sorted { (Int($0.key) ?? .max, $0.key) < (Int($1.key) ?? .max, $1.key) }
        let place = group.path.split(separator: "/").map { String($0) }.dropLast()
        var layer = KerasLayer(
            name: try group.texts("name")?.first, group: owner, arrays: [], arrayNames: [],
            place: place.filter { !KerasLayerReader.holders.contains($0) })
        for (name, address) in members {
            try countMember()
            let header = try HDF5Header(in: group.bytes, at: address)
            guard header.isArray else { continue }
            let array = try group.array(name, header)
            guard array.isFloat else { continue }
            layer.arrays.append(try array.read(remaining: &remaining))
            layer.arrayNames.append(name)
        }
        return layer.arrays.isEmpty ? nil : layer
    }

    /// Groups that only hold others.
    private static let holders: Set<String> = ["layers", "_layer_checkpoint_dependencies"]

    private mutating func countMember() throws {
        membersLeft -= 1
        guard membersLeft > 0 else { throw HDF5Error.limit("the file has too many parts") }
    }
}
