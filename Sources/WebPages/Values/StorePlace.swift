/// A DICOM store by its two names.
public struct StorePlace: Sendable, Hashable {
    public var dataset: String
    public var store: String

    public init(dataset: String, store: String) {
        self.dataset = dataset
        self.store = store
    }

    var name: String { "\(dataset)/\(store)" }
}

/// Where an instance is.
public struct InstancePlace: Sendable, Hashable {
    public var store: StorePlace
    public var study: String
    public var series: String
    public var instance: String

    public init(store: StorePlace, study: String, series: String, instance: String) {
        self.store = store
        self.study = study
        self.series = series
        self.instance = instance
    }
}

/// A store and how much it holds.
public struct StoreSummary: Sendable {
    public var place: StorePlace
    public var studies: Int
    public var series: Int
    public var instances: Int
    public var bytes: Int

    public init(_ place: StorePlace, studies: Int, series: Int, instances: Int, bytes: Int) {
        self.place = place
        self.studies = studies
        self.series = series
        self.instances = instances
        self.bytes = bytes
    }
}
