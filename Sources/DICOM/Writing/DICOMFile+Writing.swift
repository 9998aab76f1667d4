import LightboxCore

extension DICOMFile {
    /// Names this software as the one that wrote a file (PS3.10 section 7.1): a UUID as an integer.
    public static let implementationClassUID = "2.25.299588393248301444090431684358211597937"
    public static let implementationVersionName = "LIGHTBOX_1"

    /// The file as bytes: preamble, file meta information, data set.
    ///
    /// Only the encoding of attributes changes. Compressed pixels stay as they are, so a file that has them
    /// can keep its syntax and no other; native pixels follow a change of byte order.
    ///
    /// - Parameter syntax: the one it was read in when nil. A file that claims compressed pixels and has none
    ///   is then written as explicit little endian.
    /// - Throws: ``DICOMError`` when the pixels would have to be decoded or encoded.
    public func serialized(as syntax: TransferSyntax? = nil) throws -> [UInt8] {
        let target = try target(syntax)
        var output = [UInt8](repeating: 0, count: 128)
        output += Array("DICM".utf8)
        output += try serializedFileMeta(target)
        output += try withPixels(inOrderOf: target).serialized(as: target, path: path)
        return output
    }

    /// Writes the file so that no reader meets half of it.
    public func write(to path: String, as syntax: TransferSyntax? = nil) throws {
        try AtomicFile.write(serialized(as: syntax), to: path)
    }

    private func target(_ syntax: TransferSyntax?) throws -> TransferSyntax {
        let isCompressed = if case .fragments? = dataSet[.pixelData]?.value { true } else { false }
        guard let syntax else {
            return isCompressed || !transferSyntax.isEncapsulated ? transferSyntax : .explicitVRLittleEndian
        }
        if isCompressed && syntax != transferSyntax {
            throw DICOMError(
                .unsupportedTransferSyntax, file: path, tag: .pixelData,
                "The pixels are compressed as \(transferSyntax); decode them before writing \(syntax).")
        }
        if syntax.isEncapsulated && !isCompressed && dataSet[.pixelData] != nil {
            throw DICOMError(
                .unsupportedTransferSyntax, file: path, tag: .pixelData,
                "The pixels are not compressed, and \(syntax) needs them to be.")
        }
        return syntax
    }

    private func serializedFileMeta(_ syntax: TransferSyntax) throws -> [UInt8] {
        var meta = fileMeta
        meta[.fileMetaInformationGroupLength] = nil
        meta[.fileMetaInformationVersion] = .bytes(.fileMetaInformationVersion, [0, 1])
        for (name, source) in [
            (Tag.mediaStorageSOPClassUID, Tag.sopClassUID), (.mediaStorageSOPInstanceUID, .sopInstanceUID),
        ] {
            if let uid = dataSet.string(source) { meta[name] = .text(name, uid) }
        }
        meta[.transferSyntaxUID] = .text(.transferSyntaxUID, syntax.uid)
        meta[.implementationClassUID] = .text(.implementationClassUID, Self.implementationClassUID)
        meta[.implementationVersionName] = .text(.implementationVersionName, Self.implementationVersionName)
        var writer = DataSetWriter(.explicitVRLittleEndian, file: path)
        try writer.write(meta)
        var length = DataSetWriter(.explicitVRLittleEndian, file: path)
        try length.write(.uint32(.fileMetaInformationGroupLength, UInt32(writer.output.count)))
        return length.output + writer.output
    }

    /// The data set with native pixels in the byte order of `target`.
    private func withPixels(inOrderOf target: TransferSyntax) -> DataSet {
        target.isBigEndian == transferSyntax.isBigEndian ? dataSet : dataSet.withPixelsTurnedAround()
    }
}

extension DataSet {
    /// The data set alone, as a network message carries it. Group 0002 has no place in it.
    ///
    /// - Parameter path: for messages only.
    public func serialized(as syntax: TransferSyntax, path: String? = nil) throws -> [UInt8] {
        var writer = DataSetWriter(syntax, file: path)
        for element in elements where element.tag.element != 0 && element.tag.group != 2 {
            try writer.write(element)
        }
        return syntax.isDeflated ? Self.deflated(writer.output) : writer.output
    }

    /// PS3.5 annex A.5; in pieces, since a deflater's input is below 4 GB.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        let deflater = Deflater(.raw)
        var output: [UInt8] = []
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            repeat {
                let piece = rest.prefix(1 << 30)
                rest = rest.dropFirst(piece.count)
                deflater.deflate(UnsafeRawBufferPointer(rebasing: piece), into: &output, finish: rest.isEmpty)
            } while !rest.isEmpty
        }
        if output.count & 1 == 1 { output.append(0) }
        return output
    }

    /// Native pixels in the other byte order, here and in items, which hold icons.
    fileprivate func withPixelsTurnedAround() -> DataSet {
        // OW is at least a word of 16 bits; samples of 32 and 64 bits are turned around whole.
        let sample = (int(.bitsAllocated) ?? 16) / 8
        var result = self
        for element in elements {
            switch element.value {
            case .bytes(let bytes) where element.tag == .pixelData && element.vr != .OB:
                let turned = bytes.swapped(wordSize: sample == 4 || sample == 8 ? sample : 2)
                result[element.tag] = Element(element.tag, element.vr, .bytes(turned))
            case .sequence(let items):
                result[element.tag] = .sequence(element.tag, items.map { $0.withPixelsTurnedAround() })
            default: break
            }
        }
        return result
    }
}
