import DICOM
import LightboxCore

/// What happens to the pixels of a file: regions blanked by rules, and everything taken out of the pixel data's
/// value that is not a pixel.
struct PixelCleaning {
    let deidentifier: Deidentifier

    /// - Returns: the file, its pixels decoded where a rule blanks some of them; `isClean` when one did.
    func clean(_ file: DICOMFile, _ findings: inout FindingList) throws -> (file: DICOMFile, isClean: Bool) {
        guard file.dataSet[.pixelData] != nil else { return (file, false) }
        var result = file
        var isClean = false
        if deidentifier.options.contains(.cleanPixelData) {
            let masks = deidentifier.rules.pixels.filter { $0.fits(file.dataSet) }
                .compactMap { $0.mask(for: file.dataSet) }.filter { $0.reaches(file.dataSet) }
            if masks.isEmpty {
                findings.add(.pixelsNotCleaned, .pixelData)
            } else {
                result = try blanked(file, masks)
                findings.add(.pixelRegionsCleaned, .pixelData)
                isClean = true
            }
        }
        if !isClean, let warning = BurnedInText.warning(for: file.dataSet) {
            if deidentifier.refusesBurnedInText {
                throw DeidentificationError(
                    .burnedInText, file.path, tag: .pixelData,
                    remedy:
                        "\(Finding(warning)): write a pixel rule for such images, or look at it and let it pass.")
            }
            findings.add(warning)
        }
        if deidentifier.options.contains(.cleanRecognizableVisualFeatures) {
            findings.add(.visualFeaturesNotCleaned)
        }
        if deidentifier.profile != .keepAll { result.dataSet = withoutHiddenBytes(result, &findings) }
        return (result, isClean)
    }

    private func blanked(_ file: DICOMFile, _ masks: [PixelMask]) throws -> DICOMFile {
        var file = file
        if case .fragments? = file.dataSet[.pixelData]?.value {
            guard let decoder = deidentifier.decoder else {
                throw DeidentificationError(
                    .undecodablePixels, file.path, tag: .pixelData,
                    remedy: "A rule blanks part of these compressed pixels: decompress the file first.")
            }
            file = try decoder(file)
        }
        let blanker: PixelBlanker
        do {
            blanker = try PixelBlanker(file)
        } catch let error as DICOMError {
            throw DeidentificationError(.undecodablePixels, file.path, tag: error.tag, remedy: error.detail)
        }
        file.dataSet[.pixelData] = try blanker.blanked(masks)
        return file
    }

    /// Comments in compressed frames, bytes behind the last frame, bits beside the stored ones.
    private func withoutHiddenBytes(_ file: DICOMFile, _ findings: inout FindingList) -> DataSet {
        var dataSet = file.dataSet
        guard let element = dataSet[.pixelData] else { return dataSet }
        switch element.value {
        case .fragments(let offsetTable, let fragments):
            guard JPEGComments.applies(to: file.transferSyntax) else { return dataSet }
            if let cleaned = JPEGComments.blanked(fragments, frames: dataSet.int(.numberOfFrames) ?? 1) {
                findings.add(.compressedCommentsRemoved, .pixelData)
                dataSet[.pixelData] = Element(
                    .pixelData, element.vr, .fragments(offsetTable: offsetTable, cleaned))
            }
        case .bytes(let bytes):
            guard let blanker = try? PixelBlanker(file) else { return dataSet }
            var kept = bytes
            if let length = blanker.expectedLength, bytes.count > length + length & 1 {
                kept = bytes[0..<length + length & 1]
                findings.add(.bytesAfterPixelsRemoved, .pixelData)
            }
            if let cleared = blanker.withoutOverlayBits(kept) {
                kept = cleared
                findings.add(.overlayBitsRemoved, .pixelData)
            }
            if kept.count != bytes.count || kept != bytes {
                dataSet[.pixelData] = Element(.pixelData, element.vr, .bytes(kept))
            }
        case .sequence: break
        }
        return dataSet
    }
}

/// Whether an image is of a kind that often shows names and dates.
enum BurnedInText {
    /// Modalities and SOP classes that capture screens, and ultrasound.
    private static let modalities: Set<String> = ["US", "IVUS", "SC", "OT", "ES", "XC", "GM", "SM", "ECG", "DOC"]

    static func warning(for dataSet: DataSet) -> Finding.Code? {
        switch dataSet.string(MethodAttributes.burnedInAnnotation)?.uppercased() {
        case "YES": return .burnedInAnnotation
        case "NO": return nil
        default: break
        }
        let sopClass = dataSet.string(.sopClassUID) ?? ""
        // Secondary Capture and its multi-frame forms, and ultrasound.
        if sopClass.hasPrefix("1.2.840.10008.5.1.4.1.1.7") || sopClass.hasPrefix("1.2.840.10008.5.1.4.1.1.6.1")
            || sopClass == "1.2.840.10008.5.1.4.1.1.3.1"
        {
            return .mayHaveBurnedInText
        }
        if modalities.contains(dataSet.string(.modality) ?? "") { return .mayHaveBurnedInText }
        if dataSet.string(Tag(0x0008, 0x0064)) != nil { return .mayHaveBurnedInText }
        let isCapture = dataSet.strings(.imageType).contains { value in
            let value = value.uppercased()
            return value == "SECONDARY" || value.contains("SCREEN") || value.contains("CAPTURE")
                || value == "DOSE_INFO"
                || value.contains("REPORT")
        }
        return isCapture ? .mayHaveBurnedInText : nil
    }
}
