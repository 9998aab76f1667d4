import Foundation
public import LightboxCore
import Phantoms

/// Draws a data set of synthetic chest radiographs: DICOM files and `labels.csv`.
public struct PhantomStage: Sendable, Codable {
    public var patients: Int
    public var seed: UInt64
    /// Draw over a data set that is there already.
    public var overwrites = false

    public init(patients: Int = 66, seed: UInt64 = 7) {
        self.patients = patients
        self.seed = seed
    }

    public func run(output: String, _ context: StageContext) throws -> StageReport {
        let folder = try context.home.localPath(of: output)
        if !overwrites, RemoteFiles.exists(folder + "/labels.csv") {
            throw InputError(.conflict, "\(folder) holds a data set. Pass --overwrite to draw over it.")
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try PhantomDataSet(seed: seed, patients: patients).write(to: folder, progress: context.progress)
    }
}
