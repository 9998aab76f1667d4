import DICOM

/// What rules and options have left of a file's dates.
struct DateTraces {
    var areKept = false
    var areShifted = false
}

/// The attributes that say what was done (PS3.15 E.1.1 and E.3, PS3.3 C.7.1.1 and C.7.6.1).
struct MethodAttributes {
    let deidentifier: Deidentifier
    /// Regions were blanked as a rule says.
    let cleansPixels: Bool
    let dates: DateTraces

    private static let patientIdentityRemoved = Tag(0x0012, 0x0062)
    private static let method = Tag(0x0012, 0x0063)
    private static let methodCodes = Tag(0x0012, 0x0064)
    private static let temporalInformation = Tag(0x0028, 0x0303)
    static let burnedInAnnotation = Tag(0x0028, 0x0301)

    func record(in dataSet: inout DataSet, from original: DataSet) {
        if cleansPixels { dataSet[Self.burnedInAnnotation] = .text(Self.burnedInAnnotation, "NO", vr: .CS) }
        guard deidentifier.profile == .basic else {
            recordRules(in: &dataSet, from: original)
            return
        }
        if isIdentityRemoved(dataSet, original) {
            dataSet[Self.patientIdentityRemoved] = .text(Self.patientIdentityRemoved, "YES", vr: .CS)
        } else {
            dataSet[Self.patientIdentityRemoved] = .text(Self.patientIdentityRemoved, "NO", vr: .CS)
        }
        let codes = codes(before: original)
        dataSet[Self.method] = .text(Self.method, codes.map { String($0.meaning.prefix(64)) }, vr: .LO)
        dataSet[Self.methodCodes] = .sequence(
            Self.methodCodes,
            codes.map { code in
                DataSet([
                    .text(Tag(0x0008, 0x0100), code.value), .text(Tag(0x0008, 0x0102), "DCM"),
                    .text(Tag(0x0008, 0x0104), code.meaning),
                ])
            })
        let options = deidentifier.options
        let dates =
            options.contains(.retainFullDates) || self.dates.areKept
            ? "UNMODIFIED"
            : options.contains(.retainModifiedDates) || self.dates.areShifted ? "MODIFIED" : "REMOVED"
        dataSet[Self.temporalInformation] = .text(Self.temporalInformation, dates, vr: .CS)
    }

    private func recordRules(in dataSet: inout DataSet, from original: DataSet) {
        guard deidentifier.profile != .keepAll, isIdentityRemoved(dataSet, original) else { return }
        dataSet[Self.patientIdentityRemoved] = .text(Self.patientIdentityRemoved, "YES", vr: .CS)
        dataSet[Self.method] = .text(Self.method, "Lightbox, list of attributes to keep", vr: .LO)
    }

    /// Rules may have kept the patient's name.
    private func isIdentityRemoved(_ dataSet: DataSet, _ original: DataSet) -> Bool {
        [Tag.patientName, .patientID].allSatisfy { tag in
            guard let old = original.string(tag) else { return true }
            return dataSet.string(tag) != old
        }
    }

    /// Those of this run, and those of earlier ones that the file records as the standard's codes.
    private func codes(before original: DataSet) -> [MethodCode] {
        var done = deidentifier.options.subtracting([.cleanRecognizableVisualFeatures, .cleanPixelData])
        if cleansPixels { done.insert(.cleanPixelData) }
        var codes = Set(done.map(\.code))
        codes.insert(.basicProfile)
        for item in original.items(Self.methodCodes) where item.string(Tag(0x0008, 0x0102)) == "DCM" {
            let value = item.string(Tag(0x0008, 0x0100))
            if let code = MethodCode.all.first(where: { $0.value == value }), Self.outlasts(code) {
                codes.insert(code)
            }
        }
        return codes.sorted { $0.value < $1.value }
    }

    /// Cleaned pixels stay clean; what an earlier run retained this one may have removed.
    private static func outlasts(_ code: MethodCode) -> Bool { code.value == "113101" || code.value == "113102" }
}
