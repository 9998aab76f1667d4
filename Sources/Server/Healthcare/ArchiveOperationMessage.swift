import Catalog
import DICOMStore
import LightboxCore
import WireFormats

/// Work on DICOM stores as a long-running operation of Google's `healthcare` v1.
struct ArchiveOperationMessage {
    let job: Job
    let work: ArchiveWork
    let place: ArchivePlace
    /// The dataset that was made, as it stands.
    var dataset: DICOMDataset?
    /// Where people read the log.
    let logs: String

    var message: Message {
        var message = Message()
        message.add("name", place.name(of: work.dataset) + "/operations/" + job.id)
        message.add("metadata", metadata)
        message.add("done", job.state.isFinal)
        switch job.state {
        case .succeeded: message.add("response", response)
        case .failed: message.add("error", Self.error(Self.code(job.errorKind), job.errorMessage))
        case .cancelled: message.add("error", Self.error(1, "The operation was cancelled."))
        default: break
        }
        return message
    }

    private var metadata: Message {
        var message = Message(type: "google.cloud.healthcare.v1.OperationMetadata")
        message.add("apiMethodName", "google.cloud.healthcare.v1." + method)
        message.add("createTime", job.created)
        message.add("endTime", job.ended)
        message.add("cancelRequested", [.cancelling, .cancelled].contains(job.state))
        message.add("logsUrl", logs)
        if let total = job.progress.total {
            let progress = job.progress
            var counter = Message()
            counter.add("success", long: progress.completed)
            counter.add("failure", long: progress.errors)
            counter.add("pending", long: max(0, total - progress.completed - progress.errors))
            message.add("counter", counter)
        }
        return message
    }

    private var method: String {
        switch work.action {
        case .createDataset: "dataset.DatasetService.CreateDataset"
        case .deleteStudy: "dicom.DicomService.DeleteStudy"
        case .deleteSeries: "dicom.DicomService.DeleteSeries"
        case .importFiles: "dicom.DicomService.ImportDicomData"
        case .exportFiles, .exportTable: "dicom.DicomService.ExportDicomData"
        case .deidentify:
            work.store == nil
                ? "dataset.DatasetService.DeidentifyDataset" : "dicom.DicomService.DeidentifyDicomStore"
        }
    }

    private var response: Message {
        switch work.action {
        case .createDataset:
            let typed = Message(type: "google.cloud.healthcare.v1.dataset.Dataset")
            let made = dataset ?? DICOMDataset(name: work.dataset)
            return ArchiveMessage.message(made, place, into: typed)
        case .deleteStudy, .deleteSeries: return Message(type: "google.protobuf.Empty")
        case .importFiles: return Message(type: "google.cloud.healthcare.v1.dicom.ImportDicomDataResponse")
        case .exportFiles, .exportTable:
            return Message(type: "google.cloud.healthcare.v1.dicom.ExportDicomDataResponse")
        case .deidentify:
            let name = work.store == nil ? "DeidentifySummary" : "DeidentifyDicomStoreSummary"
            return Message(type: "google.cloud.healthcare.v1.deidentify." + name)
        }
    }

    private static func error(_ code: Int, _ text: String) -> Message {
        var error = Message()
        error.add("code", short: code)
        error.add("message", text)
        return error
    }

    /// Numbers of google.rpc.Code.
    private static func code(_ kind: FailureKind?) -> Int {
        switch kind {
        case nil: 2  // UNKNOWN
        case .invalidInput, .corrupt: 3
        case .notFound: 5
        case .conflict: 6
        case .limitExceeded: 8
        case .unsupported: 9
        case .environment: 13
        }
    }
}
