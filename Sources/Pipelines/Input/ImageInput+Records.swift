import Foundation
import LightboxCore
import WireFormats

extension ImageInput {
    /// The images inside TFRecord shards: `png_bytes`, `jpg_bytes`, another feature that ends in `_bytes` or
    /// `encoded`, or `raw_bytes` with `height`, `width` and `channels`.
    func recordItems(_ pattern: String, home: Home) throws -> ItemSource {
        let paths = try TFRecordShards.paths(matching: home.localPath(of: pattern))
        let reader = TFRecordReader(paths: paths)
        return ItemSource(total: nil, fingerprint: ItemSource.fingerprint(of: paths)) {
            do {
                return try reader.next().map(Self.entry)
            } catch let error as RecordError {
                return .problem(StageReport.Problem(source: error.source, error: error))
            }
        }
    }

    private static func entry(of record: TFRecord) -> ItemSource.Entry {
        let origin = RemoteFiles.shown("\(record.file)@\(record.offset)")
        do {
            return .item(try ImageItem(record.example(), origin: origin))
        } catch {
            return .problem(StageReport.Problem(source: origin, error: error))
        }
    }

    /// The images inside JSON lines: the first member that is `{"b64": …}`; text and number members are keys.
    func jsonLineItems(_ pattern: String, home: Home) throws -> ItemSource {
        let paths = try home.files(at: pattern)
        var rest = paths.makeIterator()
        var reader: JSONLinesReader?
        var path = ""
        return ItemSource(total: nil, fingerprint: ItemSource.fingerprint(of: paths)) {
            while true {
                if reader == nil {
                    guard let next = rest.next() else { return nil }
                    path = next
                    reader = try JSONLinesReader(path: path)
                }
                do {
                    guard let line = try reader?.next() else {
                        reader = nil
                        continue
                    }
                    return Self.entry(of: line, in: path)
                } catch let error as RecordError {
                    return .problem(StageReport.Problem(source: error.source, error: error))
                }
            }
        }
    }

    private static func entry(of line: JSONLine, in path: String) -> ItemSource.Entry {
        let origin = RemoteFiles.shown("\(path):\(line.number)")
        do {
            return .item(try ImageItem(line.value, origin: origin))
        } catch {
            return .problem(StageReport.Problem(source: origin, error: error))
        }
    }
}

extension ImageItem {
    init(_ example: Example, origin: String) throws {
        guard let imageName = example.imageFeatureName else {
            let names = example.features.keys.sorted().joined(separator: ", ")
            throw InputError(.invalidInput, "no image in this record: no png_bytes or jpg_bytes among \(names).")
        }
        var extras: [Extra] = []
        for (name, feature) in example.features.sorted(by: { $0.key < $1.key })
        where name != imageName && !Example.keyNames.contains(name) {
            switch feature {
            case .bytes(let values) where values.count == 1:
                if let text = String(validating: values[0].array, as: UTF8.self) {
                    extras.append(Extra(name: name, value: .text(text)))
                }
            case .ints(let values) where values.count == 1:
                extras.append(Extra(name: name, value: .integer(values[0])))
            case .floats(let values) where values.count == 1:
                extras.append(Extra(name: name, value: .real(values[0])))
            default: break
            }
        }
        let payload = try Self.payload(of: example, named: imageName)
        self.init(origin: origin, key: example.imageKey, extras: extras, payload: payload)
    }

    private static func payload(of example: Example, named name: String) throws -> Payload {
        guard let bytes = example.bytes(name) else {
            throw InputError(.invalidInput, "the feature \(name) is not one bytes value.")
        }
        guard name == "raw_bytes" else { return .encoded(bytes) }
        guard let image = example.rawImage else {
            throw InputError(.invalidInput, "raw_bytes does not fit height, width and channels.")
        }
        return .raw(image)
    }

    init(_ line: JSONValue, origin: String) throws {
        guard let members = line.members else {
            throw InputError(.invalidInput, "the line is not a JSON object.")
        }
        var fields: [InstanceKey.Field] = []
        var image: Bytes?
        for member in members {
            if member.name == "b64", image == nil {
                // The whole line is the image, with its keys beside it.
                let whole = JSONValue.object([member])
                guard let decoded = whole.base64 else {
                    throw InputError(.invalidInput, "b64 is not valid base64.")
                }
                image = decoded
            } else if case .object = member.value {
                guard image == nil else { continue }
                guard let decoded = member.value.base64 else {
                    throw InputError(.invalidInput, "\(member.name) is not {\"b64\": …} with valid base64.")
                }
                image = decoded
            } else if let text = member.value.string ?? member.value.integer?.description {
                fields.append(.init(member.name, text))
            }
        }
        guard let image else {
            throw InputError(.invalidInput, "no image in this line: no member of the form {\"b64\": …}.")
        }
        self.init(origin: origin, key: InstanceKey(fields: fields), extras: [], payload: .encoded(image))
    }
}
