import LightboxCore

extension Network {
    /// Every architecture, in the order `lightbox networks` lists them.
    public static let all: [Network] =
        [xception, inceptionV3, densenet63, densenet121, densenet169, densenet201, resnet50] + mobileNets
        + mobileNetV2s
        + [heatmap, tiny]

    /// Finds an architecture by its name or an alias; case, `-` and `_` do not matter.
    ///
    /// - Throws: ``NetworkError`` that names the nearest ones.
    public static func named(_ name: String) throws -> Network {
        let wanted = simplified(name)
        let found = all.first { network in
            simplified(network.name) == wanted || network.aliases.contains { simplified($0) == wanted }
        }
        if let found { return found }
        let nearest = all.map(\.name).sorted { a, b in
            let (distanceA, distanceB) = (distance(simplified(a), wanted), distance(simplified(b), wanted))
            return (distanceA, a) < (distanceB, b)
        }
        throw NetworkError(
            kind: .notFound, network: name, problem: "is not a known architecture",
            remedy: "Did you mean \(nearest.prefix(3).joined(separator: ", "))?")
    }

    private static func simplified(_ name: String) -> String {
        name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    }

    /// Edits from one word to the other (Levenshtein).
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.prefix(64))
        var row = Array(0...b.count)
        for (i, left) in a.prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
