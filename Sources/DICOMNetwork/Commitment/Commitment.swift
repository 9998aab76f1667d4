import DICOM

/// An instance by its class and name.
public struct InstanceReference: Sendable, Hashable {
    public var sopClass: String
    public var sopInstance: String

    public init(sopClass: String, sopInstance: String) {
        self.sopClass = sopClass
        self.sopInstance = sopInstance
    }
}

/// For which instances an application takes over the duty to keep them (storage commitment, PS3.4 annex J).
public struct Commitment: Sendable, Hashable {
    public struct Refusal: Sendable, Hashable {
        public var reference: InstanceReference
        public var reason: DIMSEStatus
    }

    public var kept: [InstanceReference] = []
    public var refused: [Refusal] = []

    /// What a report says (PS3.4 table J.3-2).
    func dataSet(transaction: String) -> DataSet {
        var data = DataSet([.text(.transactionUID, transaction)])
        if !kept.isEmpty { data[.referencedSOPSequence] = .sequence(.referencedSOPSequence, kept.map(\.item)) }
        if !refused.isEmpty {
            let items = refused.map { refusal in
                var item = refusal.reference.item
                item[.failureReason] = .int(.failureReason, Int(refusal.reason.rawValue), vr: .US)
                return item
            }
            data[.failedSOPSequence] = .sequence(.failedSOPSequence, items)
        }
        return data
    }

    init() {}

    init(_ data: DataSet) {
        kept = data.items(.referencedSOPSequence).compactMap(InstanceReference.init)
        refused = data.items(.failedSOPSequence).compactMap { item in
            InstanceReference(item).map {
                Refusal(
                    reference: $0, reason: DIMSEStatus(rawValue: UInt16(clamping: item.int(.failureReason) ?? 0)))
            }
        }
    }
}

extension InstanceReference {
    /// nil when an item names none.
    init?(_ item: DataSet) {
        guard let sopClass = item.string(.referencedSOPClassUID), isUsable(uid: sopClass),
            let sopInstance = item.string(.referencedSOPInstanceUID), isUsable(uid: sopInstance)
        else { return nil }
        self.init(sopClass: sopClass, sopInstance: sopInstance)
    }

    var item: DataSet {
        DataSet([.text(.referencedSOPClassUID, sopClass), .text(.referencedSOPInstanceUID, sopInstance)])
    }
}

extension Tag {
    static let transactionUID = Tag(0x0008, 0x1195)
}
