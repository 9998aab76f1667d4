public import LightboxCore

/// A DICOM Part 10 file: file meta information and a data set (PS3.10 section 7).
public struct DICOMFile: Sendable {
    /// Group 0002; empty when the file has none.
    public var fileMeta: DataSet
    public var dataSet: DataSet
    /// How the data set stands in the file. It is what the file meta says, or, where they differ, what the
    /// bytes turned out to be; a file that claims compressed pixels keeps that claim.
    public var transferSyntax: TransferSyntax
    /// Where the file was read, for messages.
    public var path: String?

    public init(
        fileMeta: DataSet = DataSet(), dataSet: DataSet,
        transferSyntax: TransferSyntax = .explicitVRLittleEndian, path: String? = nil
    ) {
        self.fileMeta = fileMeta
        self.dataSet = dataSet
        self.transferSyntax = transferSyntax
        self.path = path
    }

    /// Reads a file, which stays mapped while a value of it lives; no value is copied unless its byte order
    /// has to change.
    ///
    /// - Throws: ``DICOMError`` naming the file and the tag, or `FileFailure` when the file cannot be opened.
    public init(path: String, options: ReadOptions = ReadOptions()) throws {
        try self.init(bytes: Bytes(MappedFile(path: path)), path: path, options: options)
    }

    /// Reads a file's bytes.
    ///
    /// - Parameter path: for messages only.
    public init(bytes: Bytes, path: String? = nil, options: ReadOptions = ReadOptions()) throws {
        let parts = try FileReader(bytes: bytes, path: path, options: options).read()
        self.init(
            fileMeta: parts.fileMeta, dataSet: parts.dataSet, transferSyntax: parts.transferSyntax, path: path)
    }
}

extension DataSet {
    /// Reads a data set that stands alone, as a network message carries it.
    ///
    /// - Parameter path: for messages only.
    public init(
        bytes: Bytes, as syntax: TransferSyntax, path: String? = nil, options: ReadOptions = ReadOptions()
    ) throws {
        let content = try syntax.isDeflated ? FileReader.inflated(bytes, path: path, options: options) : bytes
        self = try DataSetParser.parse(
            content, isExplicit: syntax.isExplicit, isBigEndian: syntax.isBigEndian, path: path, options: options)
    }
}
