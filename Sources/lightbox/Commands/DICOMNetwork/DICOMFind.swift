import ArgumentParser
import DICOM
import DICOMNetwork
import LightboxCore
import Pipelines

struct DICOMFind: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Ask another application what it has (C-FIND).",
        discussion: """
            * and ? stand for any letters and for one; FROM-TO is a range of dates or times. An attribute without a \
            value is only shown. The output may identify patients.

            Examples:
              lightbox dicom find ARCHIVE@10.0.0.5:104 -k 'PatientName=Doe*' -k StudyDate=20240101-
              lightbox dicom find ARCHIVE@10.0.0.5:104 --level series -k StudyInstanceUID=1.2.3 -k Modality --json
            """)

    @OptionGroup var peer: PeerArguments
    @OptionGroup var keys: KeyArguments
    @Option(help: "End after so many matches.") var limit: Int?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            var wanted = keys.dataSet
            for tag in Self.usual(keys.level) where wanted[tag] == nil { wanted[tag] = .text(tag, "") }
            let columns = wanted.elements.map(\.tag).filter { $0 != .specificCharacterSet }
            if !global.json { print(columns.map(Self.name).joined(separator: "\t")) }
            let count = try peer.client(in: context.home).find(keys.level, matching: wanted, limit: limit) {
                match in
                if global.json {
                    print(String(decoding: DICOMJSON.encode(match), as: UTF8.self))
                } else {
                    print(columns.map { Self.text(match, $0) }.joined(separator: "\t"))
                }
            }
            global.note("\(count) found")
        }
    }

    private static func name(_ tag: Tag) -> String {
        let keyword = DICOMDictionary.entry(for: tag)?.keyword ?? ""
        return keyword.isEmpty ? "\(tag)" : keyword
    }

    private static func text(_ match: DataSet, _ tag: Tag) -> String {
        Terminal.printable(match.strings(tag).joined(separator: "\\"))
    }

    private static func usual(_ level: QueryLevel) -> [Tag] {
        switch level {
        case .patient: [.patientID, .patientName]
        case .study: [.studyInstanceUID, .studyDate, .patientID, .patientName, .studyDescription]
        case .series: [.studyInstanceUID, .seriesInstanceUID, .modality, .seriesNumber]
        case .image: [.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .instanceNumber]
        }
    }
}
