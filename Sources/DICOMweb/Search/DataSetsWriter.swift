import DICOM
import LightboxCore

/// Data sets as the body of an answer: a JSON array, or XML documents as the parts of a multipart message.
struct DataSetsWriter: Sendable {
    static let json = "application/dicom+json"
    static let xml = "multipart/related; type=\"application/dicom+xml\""
    /// JSON first: it is the default (PS3.18 table 8.7.3-5). Clients that ask for plain JSON get DICOM's.
    static let offers = [json, "application/json", xml]

    let type: String
    let options: DICOMJSON.EncodeOptions
    private let boundary = Multipart.newBoundary()

    init(type: String, options: DICOMJSON.EncodeOptions) {
        self.type = type
        self.options = options
    }

    private var isXML: Bool { type == Self.xml }

    var contentType: String {
        isXML ? "\(type); boundary=\(boundary)" : type == "application/json" ? "application/json" : Self.json
    }

    func response(_ dataSets: [DataSet], on workers: Workers) -> DICOMwebResponse {
        if isXML && dataSets.isEmpty { return DICOMwebResponse(status: 204) }
        var body: [UInt8] = []
        for (index, dataSet) in dataSets.enumerated() { append(dataSet, isFirst: index == 0, to: &body) }
        appendEnd(isEmpty: dataSets.isEmpty, to: &body)
        return DICOMwebResponse(
            status: 200, headers: [("Content-Type", contentType)], body: .bytes(Bytes(body)))
    }

    func append(_ dataSet: DataSet, isFirst: Bool, to body: inout [UInt8]) {
        append(dataSet, isFirst: isFirst, options, to: &body)
    }

    func append(
        _ dataSet: DataSet, isFirst: Bool, _ options: DICOMJSON.EncodeOptions, to body: inout [UInt8]
    ) {
        if isXML {
            body += Multipart.opening(boundary, isFirst: isFirst, [("Content-Type", "application/dicom+xml")])
            body += NativeModelWriter.document(dataSet, options: options)
        } else {
            body.append(UInt8(ascii: isFirst ? "[" : ","))
            DICOMJSON.encode(dataSet, into: &body, options: options)
        }
    }

    func appendEnd(isEmpty: Bool, to body: inout [UInt8]) {
        if isXML {
            body += Multipart.ending(boundary)
        } else {
            if isEmpty { body.append(UInt8(ascii: "[")) }
            body.append(UInt8(ascii: "]"))
        }
    }
}
