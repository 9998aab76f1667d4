import Catalog
import Foundation
import LightboxCore
import Synchronization
import TestSupport

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let seconds = Mutex(1_800_000_000.0)
    var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
    func advance(_ by: Double) { seconds.withLock { $0 += by } }
}

/// A catalogue in a temporary home.
func withCatalog(_ body: (ModelCatalog, TestClock) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let clock = TestClock()
        try body(try ModelCatalog(home: TestEngine.home(folder + "/home"), leaseSeconds: 15) { clock.now }, clock)
    }
}

/// Makes a version from a folder with one file.
@discardableResult
func addVersion(_ name: String, of model: String, in catalog: ModelCatalog) throws -> CatalogOperation {
    let source = catalog.home.path + "/source"
    try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
    try Data("weights".utf8).write(to: URL(fileURLWithPath: source + "/model.onnx"))
    let operation = try catalog.beginVersion(name, of: model, .init(source: source))
    return try catalog.deployBlocking(operation) { _ in }
}

extension CatalogOperation {
    var madeVersion: ModelVersion? { if case .version(let version) = outcome { version } else { nil } }
    var problem: Problem? { if case .failed(let problem) = outcome { problem } else { nil } }
}
