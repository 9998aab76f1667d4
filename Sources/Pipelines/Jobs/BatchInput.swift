import Catalog
import Foundation
import LightboxCore
import WireFormats

/// The records of a batch job's input files, one after another, the same on every run.
struct BatchInput {
    enum Entry: Sendable {
        case instance(BatchInstance, source: String)
        case problem(StageReport.Problem)
    }

    private enum Reader {
        case lines(LineReader)
        case records(TFRecordReader)
    }

    private var waiting: ArraySlice<String>
    private var reader: Reader?
    private let format: PredictionWork.DataFormat

    init(files: [String], format: PredictionWork.DataFormat) {
        waiting = files[...]
        self.format = format
    }

    /// Every file that one of the addresses names, each once, without those of the output.
    ///
    /// - Throws: `HomeError` for an address that names nothing.
    static func files(_ addresses: [String], outside output: String, home: Home) throws -> [String] {
        let folder = output.hasSuffix("/") ? output : output + "/"
        var seen: Set<String> = []
        var found: [String] = []
        for address in addresses {
            for file in try home.files(at: address) where !file.hasPrefix(folder) {
                if seen.insert(file).inserted { found.append(file) }
            }
        }
        guard !found.isEmpty else {
            throw InputError(.notFound, "\(addresses.joined(separator: ", ")): there are no files.")
        }
        return found
    }

    /// The next record, or what is wrong with it; nil at the end.
    ///
    /// A file that cannot be read on counts as one problem.
    mutating func next() throws -> Entry? {
        while true {
            if reader == nil {
                guard let path = waiting.popFirst() else { return nil }
                switch format {
                case .json, .text:
                    let limits = JSONLimits()
                    reader = .lines(LineReader(try ByteStream(path: path), maximumLength: limits.maximumBytes))
                case .tfRecord, .tfRecordGzip: reader = .records(TFRecordReader(paths: [path]))
                }
            }
            switch reader {
            case .lines(let lines): if let entry = nextLine(lines) { return entry }
            case .records(let records): if let entry = nextRecord(records) { return entry }
            case nil: break
            }
        }
    }

    private mutating func nextRecord(_ records: TFRecordReader) -> Entry? {
        do {
            guard let record = try records.next() else {
                reader = nil
                return nil
            }
            // A copy: the file's pages are handed back while the batch is still under way.
            let bytes = Bytes(record.data.array)
            return .instance(.record(bytes), source: "\(record.file)@\(record.offset)")
        } catch let error as RecordError {
            return .problem(.init(source: error.source, error: error))
        } catch {
            reader = nil
            return .problem(.init(source: "", error: error))
        }
    }

    private mutating func nextLine(_ lines: LineReader) -> Entry? {
        do {
            while true {
                let entry = try lines.next { line -> Entry? in
                    let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }
                    return isBlank ? nil : self.entry(line, lines)
                }
                guard let entry else { break }
                if let entry { return entry }
            }
        } catch {
            reader = nil
            let place = (error as? RecordError)?.source ?? lines.name
            return .problem(.init(source: place, error: error))
        }
        reader = nil
        return nil
    }

    private func entry(_ line: UnsafeRawBufferPointer, _ lines: LineReader) -> Entry {
        let line = line.last == 0x0d ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
        return .instance(.line(Bytes(line)), source: "\(lines.name):\(lines.lineNumber)")
    }
}
