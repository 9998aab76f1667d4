import DICOMStore

/// Project and location of a request to Google's `healthcare` v1. A home is one project in one place, so that they mean
/// nothing here; answers have those that the request had.
struct ArchivePlace: Sendable {
    static let template = "/v1/projects/{project}/locations/{location}/datasets"

    private let root: String

    init(_ call: Call) { root = "projects/\(call["project"])/locations/\(call["location"])/datasets/" }

    func name(of dataset: String) -> String { root + dataset }
    func name(of store: DICOMStoreName) -> String { root + store.dataset + "/dicomStores/" + store.store }

    /// Reads `projects/P/locations/L/datasets/D`, with `/dicomStores/S` behind it where a store is meant.
    static func parts(of name: String, as field: String, isStore: Bool) throws -> (dataset: String, store: String?)
    {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let words = ["projects", "locations", "datasets"] + (isStore ? ["dicomStores"] : [])
        let isName =
            parts.count == 2 * words.count && words.enumerated().allSatisfy { parts[2 * $0] == $1 }
            && !parts.contains("")
        guard isName else {
            let form = words.map { $0 + "/" + $0.prefix(1).uppercased() }.joined(separator: "/")
            throw ServerError(.invalidArgument, "\(field) has the form \(form).")
        }
        return (parts[5], isStore ? parts[7] : nil)
    }
}

extension Call {
    /// The store that the path names.
    func storeName() throws -> DICOMStoreName {
        try DICOMStoreName(dataset: self["dataset"], store: self["store"])
    }
}
