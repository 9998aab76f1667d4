import DICOM
import DICOMStore

/// A study, a series or an instance as a path names it; the UIDs are known to be digits and dots.
struct Target: Sendable, Hashable {
    var study: String?
    var series: String?
    var instance: String?

    var filter: InstanceFilter {
        InstanceFilter(studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: instance)
    }

    var level: AttributeQuery.Level { instance != nil ? .instance : series != nil ? .series : .study }

    /// `studies/1.2/series/1.3`.
    var path: String {
        "studies/\(study ?? "")" + (series.map { "/series/\($0)" } ?? "")
            + (instance.map { "/instances/\($0)" } ?? "")
    }
}

/// What a path asks for (PS3.18 section 10).
enum Route: Sendable, Hashable {
    case collection(AttributeQuery.Level, within: Target)
    case resource(Target)
    case metadata(Target)
    /// Frame numbers as they are written.
    case frames(Target, list: String)
    case rendered(Target, frames: String?, isThumbnail: Bool)
    /// The attribute's place, as ``DICOM/DICOMJSON/EncodeOptions`` gives it.
    case bulkData(Target, place: [String])

    init(_ segments: [String]) throws {
        var rest = segments[...]
        var target = Target()
        switch rest.popFirst() {
        case "series" where rest.isEmpty:
            self = .collection(.series, within: target)
            return
        case "instances" where rest.isEmpty:
            self = .collection(.instance, within: target)
            return
        case "studies": break
        default: throw Self.unknown
        }
        guard let study = rest.popFirst() else {
            self = .collection(.study, within: target)
            return
        }
        target.study = try Self.uid(study)
        if rest.first == "series" {
            rest.removeFirst()
            guard let series = rest.popFirst() else {
                self = .collection(.series, within: target)
                return
            }
            target.series = try Self.uid(series)
        }
        if rest.first == "instances" {
            rest.removeFirst()
            guard let instance = rest.popFirst() else {
                self = .collection(.instance, within: target)
                return
            }
            // Without its series an instance has no address.
            guard target.series != nil else { throw Self.unknown }
            target.instance = try Self.uid(instance)
        }
        self = try Self.ending(Array(rest), target)
    }

    private static func ending(_ rest: [String], _ target: Target) throws -> Route {
        let isInstance = target.instance != nil
        switch (rest.first, rest.count) {
        case (nil, _): return .resource(target)
        case ("metadata", 1): return .metadata(target)
        case ("rendered", 1): return .rendered(target, frames: nil, isThumbnail: false)
        case ("thumbnail", 1): return .rendered(target, frames: nil, isThumbnail: true)
        case ("frames", 2) where isInstance: return .frames(target, list: rest[1])
        case ("frames", 3) where isInstance && rest[2] == "rendered":
            return .rendered(target, frames: rest[1], isThumbnail: false)
        case ("frames", 3) where isInstance && rest[2] == "thumbnail":
            return .rendered(target, frames: rest[1], isThumbnail: true)
        case ("bulkdata", 2...) where isInstance: return .bulkData(target, place: Array(rest.dropFirst()))
        default: throw unknown
        }
    }

    private static var unknown: DICOMwebError {
        DICOMwebError(.notFound, "There is no such resource in DICOMweb.")
    }

    private static func uid(_ text: String) throws -> String {
        guard isUsable(uid: text) else {
            throw DICOMwebError(.badRequest, "A UID in the path is not up to 64 digits and dots.")
        }
        return text
    }
}
