public import LightboxCore

/// The DICOM JSON model (PS3.18 annex F): data sets as UTF-8 bytes and back.
public enum DICOMJSON {
    public struct EncodeOptions: Sendable {
        /// Gives the address under which a value is fetched, or nil to put it in the text.
        ///
        /// It is asked for values over the limits below, with the attribute's place: `7FE00010`, or
        /// `54000100/0/54001010` for an attribute of an item (items count from 0).
        public var bulkDataURI: (@Sendable (_ place: String) -> String?)?
        /// Binary values up to this many bytes always stand in the text as base64.
        public var inlineLimit: Int
        /// The same for binary values that are numbers (OD, OF, OL, OV); `inlineLimit` when nil.
        public var inlineNumbersLimit: Int?
        /// How many numbers an attribute of any other numeric VR may have before it gets an address, too.
        public var mostNumbers = Int.max

        public init(inlineLimit: Int = 1024, bulkDataURI: (@Sendable (_ place: String) -> String?)? = nil) {
            self.inlineLimit = inlineLimit
            self.bulkDataURI = bulkDataURI
        }

        /// Whether a value is over the limits.
        public func isBulk(_ vr: VR, byteCount: Int) -> Bool {
            switch vr {
            case .OB, .OW, .UN, .SQ: byteCount > inlineLimit
            case .OD, .OF, .OL, .OV: byteCount > inlineNumbersLimit ?? inlineLimit
            case .FD, .FL, .SL, .SS, .SV, .UL, .US, .UV: byteCount / vr.wordSize > mostNumbers
            default: false
            }
        }
    }

    /// Writes a data set as one JSON object behind what `output` holds.
    ///
    /// Texts are decoded by their character set, and Specific Character Set then says `ISO_IR 192`. Numbers
    /// of DS and IS become JSON numbers with the digits they have in the file, and texts where they are no
    /// numbers; infinities and NaN become the texts `Infinity`, `-Infinity`, `NaN`. Group lengths and group
    /// 0002 are left out. Compressed pixel data without a bulk data address becomes the base64 of its items.
    public static func encode(
        _ dataSet: DataSet, into output: inout [UInt8], options: EncodeOptions = EncodeOptions()
    ) {
        var writer = JSONDataSetWriter(options: options)
        writer.write(dataSet, characterSet: dataSet.inheritedCharacterSet ?? "")
        writer.sink.withBytes { output.append(contentsOf: $0) }
    }

    public static func encode(_ dataSet: DataSet, options: EncodeOptions = EncodeOptions()) -> [UInt8] {
        var output: [UInt8] = []
        encode(dataSet, into: &output, options: options)
        return output
    }

    public struct DecodeOptions: Sendable {
        /// Fetches the value of a `BulkDataURI`; without it such an attribute gets an empty value.
        public var bulkData: (@Sendable (_ uri: String) throws -> Bytes)?
        public var limits: ReadLimits

        public init(
            limits: ReadLimits = ReadLimits(), bulkData: (@Sendable (_ uri: String) throws -> Bytes)? = nil
        ) {
            self.limits = limits
            self.bulkData = bulkData
        }
    }

    /// Reads one data set: a JSON object, or an array that holds one.
    ///
    /// - Throws: ``DICOMError`` naming the tag where the text is no DICOM JSON.
    public static func decode(_ json: [UInt8], options: DecodeOptions = DecodeOptions()) throws -> DataSet {
        let dataSets = try decodeAll(json, options: options)
        guard dataSets.count == 1 else {
            throw DICOMError(.corrupt, "The JSON holds \(dataSets.count) data sets where one is expected.")
        }
        return dataSets[0]
    }

    /// Reads an array of data sets, as DICOMweb sends them, or a single one.
    public static func decodeAll(_ json: [UInt8], options: DecodeOptions = DecodeOptions()) throws -> [DataSet] {
        try json.withUnsafeBytes { bytes in
            var decoder = JSONDataSetReader(options: options)
            return try decoder.dataSets(of: JSONText.parse(bytes, maxDepth: 3 * options.limits.maxDepth + 4))
        }
    }
}
