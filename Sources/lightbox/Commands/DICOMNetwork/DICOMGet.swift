import ArgumentParser
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import Pipelines

struct DICOMGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Fetch instances from another application (C-GET).",
        discussion: """
            Nothing has to be set up on the other side, as C-MOVE would need; not every archive offers it.

            Examples:
              lightbox dicom get ARCHIVE@10.0.0.5:104 -k StudyInstanceUID=1.2.3 --store study1
              lightbox dicom get ARCHIVE@10.0.0.5:104 --level patient -k PatientID=P1 --into scans/
            """)

    @OptionGroup var peer: PeerArguments
    @OptionGroup var keys: KeyArguments
    @Option(help: ArgumentHelp("The DICOM store, NAME or DATASET/NAME.", valueName: "store")) var store: String?
    @Option(help: ArgumentHelp("A folder for the files, UID.dcm each.", valueName: "dir")) var into: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (store == nil) != (into == nil) else { throw ValidationError("Give --store or --into.") }
    }

    func run() throws {
        try global.report { context in
            let (target, folder) = try target(in: context.home)
            let result = try peer.client(in: context.home).get(
                keys.level, matching: keys.dataSet, into: target, progress: context.progress,
                isCancelled: context.isCancelled)
            var report = result.report("get")
            report.written = result.received.added
            report.unchanged = result.received.unchanged
            return (report, errorsIn: folder)
        }
    }

    private func target(in home: Home) throws -> (InstanceTarget, folder: String) {
        if let store {
            let opened = try DICOMCatalog(home: home).store(DICOMStoreName(store), creating: true)
            return (.store(opened), opened.reports)
        }
        let folder = try home.localPath(of: into ?? "")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return (.folder(folder), folder)
    }
}

extension RetrievalResult {
    /// Instances that could not be sent are its problems.
    func report(_ stage: String) -> StageReport {
        var report = StageReport(stage: stage)
        report.written = counts.completed + counts.warning
        report.problems = failed.map { StageReport.Problem(source: $0, reason: "It could not be sent.") }
        let untold = counts.failed - failed.count
        if untold > 0 {
            report.problems.append(
                StageReport.Problem(source: "\(untold) more", reason: "They could not be sent; \(status)."))
        }
        return report
    }
}
