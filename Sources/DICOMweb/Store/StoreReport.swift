import DICOM
import DICOMStore
import LightboxCore

/// What became of each instance of a store request (PS3.18 table 10.5.3-1 and section I.2).
struct StoreReport: Sendable {
    struct Stored: Sendable {
        let sopClassUID: String?
        let target: Target
    }

    struct Failed: Sendable {
        var sopClassUID: String?
        var sopInstanceUID: String?
        let reason: Reason
        /// What is wrong, without any value.
        let detail: String
    }

    /// Failure Reason (0008,1197).
    enum Reason: UInt16, Sendable {
        case processingFailure = 0x0110
        case duplicate = 0x0111
        case otherStudy = 0xa900
    }

    var stored: [Stored] = []
    var failed: [Failed] = []
    /// Why instances could not be kept that are as they should be; one of them says it for all.
    private(set) var trouble: String?

    mutating func add(_ outcome: IngestOutcome, _ record: InstanceRecord) {
        let target = Target(
            study: record.study.studyInstanceUID, series: record.series.seriesInstanceUID,
            instance: record.instance.sopInstanceUID)
        switch outcome {
        case .added, .revised, .unchanged:
            stored.append(Stored(sopClassUID: record.instance.sopClassUID, target: target))
        case .conflict:
            fail(record, .duplicate, "The instance already exists with other content, which was kept.")
        case .unreadable(let reason): fail(record, .processingFailure, reason)
        case .unstored(let reason):
            trouble = reason
            fail(record, .processingFailure, "The instance cannot be kept now. Send it again later.")
        }
    }

    mutating func fail(_ record: InstanceRecord, _ reason: Reason, _ detail: String) {
        failed.append(
            Failed(
                sopClassUID: record.instance.sopClassUID, sopInstanceUID: record.instance.sopInstanceUID,
                reason: reason, detail: detail))
    }

    /// An instance of which not even the UIDs are known.
    mutating func fail(_ error: any Error) {
        let detail: String
        switch error {
        case var error as DICOMError:
            error.file = nil
            detail = error.description
        case let error as any Failure: detail = error.description
        default: detail = "The instance cannot be read."
        }
        failed.append(Failed(reason: .processingFailure, detail: detail))
    }

    /// 200 when all were stored. Google's service answers 409 when one was not, the standard only when none was.
    func status(_ flavour: DICOMwebSettings.Flavour) -> Int {
        if failed.isEmpty { return 200 }
        return flavour == .google || stored.isEmpty ? 409 : 202
    }

    /// The Store Instances Response Module (PS3.18 table I.1-1), or what Google's service answers with.
    func dataSet(root: String, _ flavour: DICOMwebSettings.Flavour) -> DataSet {
        var data = DataSet()
        if let study = stored.first?.target.study, stored.allSatisfy({ $0.target.study == study }) {
            data[.retrieveURL] = .text(.retrieveURL, "\(root)/studies/\(study)")
        } else if flavour == .standard {
            data[.retrieveURL] = .text(.retrieveURL, "")
        }
        let (named, others) =
            flavour == .google ? (failed, []) : (failed.filter(\.isNamed), failed.filter { !$0.isNamed })
        for (tag, failed) in [(Tag.failedSOPSequence, named), (.otherFailuresSequence, others)]
        where !failed.isEmpty {
            data[tag] = .sequence(tag, failed.map { $0.item(flavour) })
        }
        if !stored.isEmpty {
            data[.referencedSOPSequence] = .sequence(
                .referencedSOPSequence,
                stored.map { stored in
                    var elements: [Element] = [
                        .text(.referencedSOPInstanceUID, stored.target.instance ?? ""),
                        .text(.retrieveURL, "\(root)/\(stored.target.path)"),
                    ]
                    if let uid = stored.sopClassUID { elements.append(.text(.referencedSOPClassUID, uid)) }
                    return DataSet(elements)
                })
        }
        return data
    }
}

extension StoreReport.Failed {
    /// Whether its instance can be referred to, which takes class and name.
    fileprivate var isNamed: Bool { sopClassUID != nil && sopInstanceUID != nil }

    /// The reason in words stands in a private attribute, as Google's service has it.
    fileprivate func item(_ flavour: DICOMwebSettings.Flavour) -> DataSet {
        var elements: [Element] = [
            .uint16(.failureReason, reason.rawValue),
            .text(.failureDetailCreator, flavour == .google ? "GOOGLE" : "LIGHTBOX", vr: .LO),
            .text(.failureDetail, [detail], vr: .UT),
        ]
        if let uid = sopClassUID { elements.append(.text(.referencedSOPClassUID, uid)) }
        if let uid = sopInstanceUID { elements.append(.text(.referencedSOPInstanceUID, uid)) }
        return DataSet(elements)
    }
}

extension Tag {
    /// A failure in words.
    fileprivate static let failureDetail = Tag(0x0009, 0x1097)
    fileprivate static let failureDetailCreator = Tag(0x0009, 0x0010)
}
