import LightboxCore

/// What is to be written as an HDF5 group: attributes, and members by name.
struct HDF5Content {
    enum Attribute {
        case text(String)
        case texts([String])
    }

    enum Member {
        case group(HDF5Content)
        case array(NDArray)
    }

    var attributes: [(name: String, value: Attribute)] = []
    private(set) var members: [String: Member] = [:]

    /// The members in the order of their bytes, as HDF5 searches them.
    var sorted: [(name: String, member: Member)] {
        members.map { (name: $0.key, member: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Puts a member at `a/b/c`; the groups on the way are made.
    mutating func put(_ member: Member, at path: [String]) {
        precondition(!path.isEmpty, "a member needs a name")
        guard path.count > 1 else {
            if case .group(let new) = member, case .group(var old)? = members[path[0]] {
                old.attributes += new.attributes
                members[path[0]] = .group(old)
            } else {
                members[path[0]] = member
            }
            return
        }
        var inner = HDF5Content()
        if case .group(let existing)? = members[path[0]] { inner = existing }
        members[path[0]] = nil
        inner.put(member, at: Array(path.dropFirst()))
        members[path[0]] = .group(inner)
    }

    /// Every text of a single-text attribute, in the groups too.
    var allTexts: [String] {
        var texts: [String] = attributes.compactMap { if case .text(let text) = $0.value { text } else { nil } }
        for case .group(let group) in members.values { texts += group.allTexts }
        return texts
    }
}
