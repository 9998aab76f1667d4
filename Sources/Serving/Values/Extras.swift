/// Outputs beyond the usual, computed on request.
public struct Extras: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `probabilities`: the scores after calibration, one for each label.
    public static let probabilities = Extras(rawValue: 1)
    /// `labels`: the labels' names, and `found`: which of them reach their threshold.
    public static let labels = Extras(rawValue: 2)
    /// `heatmap_png_bytes`: where the image speaks for the first label, as an RGBA image of the input's size.
    public static let heatmap = Extras(rawValue: 4)
    /// `embedding`: the vector in front of the last layer.
    public static let embedding = Extras(rawValue: 8)

    /// `nearest`: the known cases that are most alike; the server answers it, from a table that is attached.
    public static let nearest = Extras(rawValue: 16)
    /// `card`: all that can be said of the answer; the server makes it.
    public static let card = Extras(rawValue: 32)

    /// By the names that requests use.
    public static let names: [(name: String, extra: Extras)] = [
        ("probabilities", .probabilities), ("labels", .labels), ("heatmap", .heatmap), ("embedding", .embedding),
        ("nearest", .nearest), ("card", .card),
    ]

    /// - Throws: ``ServingError`` for a name that is none.
    public init(names: [String]) throws {
        self = []
        for name in names {
            guard let known = Extras.names.first(where: { $0.name == name }) else {
                let all = Extras.names.map(\.name).joined(separator: ", ")
                throw ServingError(
                    .unavailableExtra, field: "extras", "there is no extra output of this name",
                    remedy: "Ask for \(all).")
            }
            insert(known.extra)
        }
    }
}
