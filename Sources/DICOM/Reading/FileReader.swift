import LightboxCore

/// Takes a file apart: preamble, file meta information, data set. It also reads files that lack the first
/// two, and data sets whose encoding is not the one that the file meta claims.
struct FileReader {
    let bytes: Bytes
    let path: String?
    let options: ReadOptions

    func read() throws -> (fileMeta: DataSet, dataSet: DataSet, transferSyntax: TransferSyntax) {
        let start = try contentStart()
        let (fileMeta, metaEnd) = try DataSetParser.parseFileMeta(bytes, from: start, path: path, options: options)
        let content = bytes[metaEnd..<bytes.count]
        let uid = fileMeta.string(.transferSyntaxUID) ?? ""
        guard uid.isEmpty else {
            return try read(content, fileMeta, as: TransferSyntax(uid: uid) ?? TransferSyntax(unknown: uid))
        }
        guard !(content.isEmpty && fileMeta.elements.isEmpty) else { throw notDICOM }
        let guess = Encoding.afterFileMeta(content)
        return (fileMeta, try parse(content, guess), guess.transferSyntax)
    }

    private func read(
        _ content: Bytes, _ fileMeta: DataSet, as claimed: TransferSyntax
    ) throws -> (fileMeta: DataSet, dataSet: DataSet, transferSyntax: TransferSyntax) {
        if claimed.isDeflated {
            let inflated = try Self.inflated(content, path: path, options: options)
            return (fileMeta, try parse(inflated, Encoding(claimed)), claimed)
        }
        let encoding = Encoding(claimed).corrected(by: content)
        let dataSet = try parse(content, encoding)
        let isAsClaimed = claimed.isEncapsulated || encoding == Encoding(claimed)
        return (fileMeta, dataSet, isAsClaimed ? claimed : encoding.transferSyntax)
    }

    private func parse(_ content: Bytes, _ encoding: Encoding) throws -> DataSet {
        try DataSetParser.parse(
            content, isExplicit: encoding.isExplicit, isBigEndian: encoding.isBigEndian, path: path,
            options: options)
    }

    /// Behind the preamble and `DICM` (PS3.10 section 7.1), or 0 where a data set seems to start at once.
    private func contentStart() throws -> Int {
        if hasPrefix(at: 128) { return 132 }
        if hasPrefix(at: 0) { return 4 }
        guard Encoding.guess(from: bytes) != nil else { throw notDICOM }
        return 0
    }

    private func hasPrefix(at offset: Int) -> Bool {
        bytes.count >= offset + 4 && bytes[offset..<offset + 4] == Self.prefix
    }

    private static let prefix = Bytes("DICM".utf8)

    private var notDICOM: DICOMError {
        DICOMError(.notDICOM, file: path, "Not a DICOM file: no DICM prefix, and no attribute at its start.")
    }

    static func inflated(_ content: Bytes, path: String?, options: ReadOptions) throws -> Bytes {
        let limit = options.limits.maxInflatedBytes
        do {
            return Bytes(
                try content.withUnsafeBytes { try Inflater.inflate($0, format: .raw, limit: limit) })
        } catch let error as DeflateError {
            switch error {
            case .limitExceeded:
                throw DICOMError(
                    .tooLarge, file: path, "The deflated data set is larger than the limit of \(limit) bytes.")
            case .corrupt: throw DICOMError(.corrupt, file: path, "The deflated data set is corrupt.")
            case .truncated: throw DICOMError(.truncated, file: path, "The deflated data set ends early.")
            }
        }
    }
}
