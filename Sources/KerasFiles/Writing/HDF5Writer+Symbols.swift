/// The names of a group's members: a heap of texts and a tree that is searched by them (sections III.A to III.D).
extension HDF5Writer {
    mutating func writeSymbols(_ members: [(name: String, header: Int)]) throws -> (tree: Int, heap: Int) {
        // The heap starts with the empty text, the key below all names.
        var names = HDF5Builder(zeros: 8)
        var offsets: [Int] = []
        for member in members {
            offsets.append(names.bytes.count)
            names.bytes += Array(member.name.utf8) + [0]
            names.align()
        }
        var heap = HDF5Builder("HEAP")
        heap.number(0, bytes: 4)
        heap.number(names.bytes.count)
        // No free space.
        heap.number(1)
        heap.number(position + 32)
        heap.bytes += names.bytes
        let heapAddress = try append(heap)

        let leaves = try writeLeaves(zip(offsets, members.map(\.header)).map { ($0, $1) })
        return (try writeTree(leaves), heapAddress)
    }

    /// A part of the tree: where it is, and the last name in it.
    private struct Branch {
        var address: Int
        var lastName: Int
    }

    private mutating func writeLeaves(_ symbols: [(name: Int, header: Int)]) throws -> [Branch] {
        var leaves: [Branch] = []
        for start in stride(from: 0, to: symbols.count, by: HDF5Writer.leafCapacity) {
            let part = symbols[start..<min(start + HDF5Writer.leafCapacity, symbols.count)]
            var leaf = HDF5Builder("SNOD")
            leaf.bytes += [1, 0]
            leaf.number(part.count, bytes: 2)
            for symbol in part { leaf.symbol(name: symbol.name, header: symbol.header) }
            leaf.bytes += Array(repeating: 0, count: 8 + HDF5Writer.leafCapacity * 40 - leaf.bytes.count)
            leaves.append(Branch(address: try append(leaf), lastName: part.last?.name ?? 0))
        }
        return leaves
    }

    /// Level by level, until one node holds all.
    private mutating func writeTree(_ leaves: [Branch]) throws -> Int {
        var (branches, level) = (leaves, 0)
        repeat {
            branches = try writeLevel(branches, level)
            level += 1
        } while branches.count > 1
        return branches[0].address
    }

    private mutating func writeLevel(_ branches: [Branch], _ level: Int) throws -> [Branch] {
        let capacity = HDF5Writer.nodeCapacity
        let size = 24 + (2 * capacity + 1) * 8
        let (first, count) = (position, max(1, (branches.count + capacity - 1) / capacity))
        var nodes: [Branch] = []
        var key = 0
        for index in 0..<count {
            let part = branches[index * capacity..<min((index + 1) * capacity, branches.count)]
            var node = HDF5Builder("TREE")
            node.bytes += [0, UInt8(level)]
            node.number(part.count, bytes: 2)
            for neighbour in [index - 1, index + 1] {
                if (0..<count).contains(neighbour) {
                    node.number(first + neighbour * size)
                } else {
                    node.undefinedAddress()
                }
            }
            // Between two children stands the last name of the left one.
            node.number(key)
            for branch in part {
                key = branch.lastName
                node.number(branch.address)
                node.number(key)
            }
            node.bytes += Array(repeating: 0, count: size - node.bytes.count)
            nodes.append(Branch(address: try append(node), lastName: key))
        }
        return nodes
    }
}
