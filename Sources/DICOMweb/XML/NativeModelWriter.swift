import DICOM
import Foundation
import LightboxCore

/// Data sets as XML documents of the Native DICOM Model (PS3.19 section A.1).
enum NativeModelWriter {
    /// - Parameter options: which values get an address instead, as for JSON.
    static func document(_ dataSet: DataSet, options: DICOMJSON.EncodeOptions = .init()) -> [UInt8] {
        var writer = Writer(options: options)
        writer.text += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        writer.text += "<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\" "
        writer.text += "xml:space=\"preserve\">"
        writer.append(dataSet, place: "")
        writer.text += "</NativeDicomModel>\n"
        return Array(writer.text.utf8)
    }

    private struct Writer {
        let options: DICOMJSON.EncodeOptions
        var text = ""

        mutating func append(_ dataSet: DataSet, place: String) {
            for element in dataSet.elements where element.tag.element != 0 && element.tag.group != 2 {
                append(element, dataSet, place: place)
            }
        }

        private mutating func append(_ element: Element, _ dataSet: DataSet, place: String) {
            let tag = element.tag
            // The block of a private attribute is told by its creator, not by its number.
            let isInBlock = tag.isPrivate && tag.element > 0xff
            let name = isInBlock ? Tag(tag.group, tag.element & 0xff) : tag
            text += "<DicomAttribute tag=\"\(name.keyDigits)\" vr=\"\(element.vr)\""
            if let keyword = DICOMDictionary.entry(for: tag)?.keyword, !keyword.isEmpty {
                text += " keyword=\"\(keyword)\""
            }
            if isInBlock,
                let creator = dataSet.string(Tag(tag.group, tag.element >> 8))
            {
                text += " privateCreator=\"\(Self.escaped(creator))\""
            }
            text += ">"
            let here = place + tag.keyDigits
            switch element.value {
            case .sequence:
                for (index, item) in dataSet.items(tag).enumerated() {
                    text += "<Item number=\"\(index + 1)\">"
                    append(item, place: "\(here)/\(index)/")
                    text += "</Item>"
                }
            case .fragments:
                if let uri = options.bulkDataURI?(here) { text += "<BulkData uri=\"\(Self.escaped(uri))\"/>" }
            case .bytes(let bytes):
                if options.isBulk(element.vr, byteCount: bytes.count), let uri = options.bulkDataURI?(here) {
                    text += "<BulkData uri=\"\(Self.escaped(uri))\"/>"
                } else if element.isBinary {
                    if !bytes.isEmpty {
                        text += "<InlineBinary>\(Data(bytes.array).base64EncodedString())</InlineBinary>"
                    }
                } else {
                    appendValues(element, dataSet)
                }
            }
            text += "</DicomAttribute>"
        }

        private mutating func appendValues(_ element: Element, _ dataSet: DataSet) {
            let values = element.tag == .specificCharacterSet ? ["ISO_IR 192"] : dataSet.strings(element.tag)
            if values.allSatisfy(\.isEmpty) { return }
            for (index, value) in values.enumerated() where !value.isEmpty {
                if element.vr == .PN {
                    appendName(value, index + 1)
                } else {
                    text += "<Value number=\"\(index + 1)\">\(Self.escaped(value))</Value>"
                }
            }
        }

        private mutating func appendName(_ name: String, _ number: Int) {
            text += "<PersonName number=\"\(number)\">"
            let groups = name.split(separator: "=", omittingEmptySubsequences: false)
            for (kind, group) in zip(["Alphabetic", "Ideographic", "Phonetic"], groups) where !group.isEmpty {
                text += "<\(kind)>"
                let parts = group.split(separator: "^", omittingEmptySubsequences: false)
                for (part, value) in zip(Self.nameParts, parts) where !value.isEmpty {
                    text += "<\(part)>\(Self.escaped(String(value)))</\(part)>"
                }
                text += "</\(kind)>"
            }
            text += "</PersonName>"
        }

        private static let nameParts = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"]

        /// Characters that XML 1.0 cannot hold become U+FFFD.
        private static func escaped(_ text: String) -> String {
            var result = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": result += "&amp;"
                case "<": result += "&lt;"
                case ">": result += "&gt;"
                case "\"": result += "&quot;"
                case "\t": result += "&#9;"
                case "\n": result += "&#10;"
                case "\r": result += "&#13;"
                case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff:
                    result += "\u{fffd}"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
    }
}

extension Element {
    /// Whether the value is bytes that have no form as text.
    var isBinary: Bool {
        switch vr {
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN: true
        default: false
        }
    }
}
