import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// QIDO-RS (PS3.18 section 10.6).
    func search(
        _ request: DICOMwebRequest, _ level: AttributeQuery.Level, within target: Target
    ) throws -> DICOMwebResponse {
        let type = try Self.choose(DataSetsWriter.offers, request)
        let asked = try SearchRequest(request.query, level, within: target, flavour: settings.flavour)
        guard asked.query.limit > 0 else {
            return DataSetsWriter(type: type, options: .init()).response([], on: workers)
        }
        var results = try store.search(asked.query)
        if asked.query.fields.includes(.retrieveURL) {
            for index in results.indices {
                let url = "\(request.root)/\(Self.target(of: results[index], level).path)"
                results[index][.retrieveURL] = .text(.retrieveURL, url)
            }
        }
        return DataSetsWriter(type: type, options: .init()).response(results, on: workers)
    }

    private static func target(of result: DataSet, _ level: AttributeQuery.Level) -> Target {
        Target(
            study: result.string(.studyInstanceUID),
            series: level >= .series ? result.string(.seriesInstanceUID) : nil,
            instance: level == .instance ? result.string(.sopInstanceUID) : nil)
    }
}

extension AttributeQuery.Fields {
    fileprivate func includes(_ tag: Tag) -> Bool {
        switch self {
        case .all: true
        case .tags(let tags): tags.contains(tag)
        }
    }
}
