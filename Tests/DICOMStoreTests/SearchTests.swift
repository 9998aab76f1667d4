import DICOM
import DICOMStore
import LightboxCore
import TestSupport
import Testing

@Suite("Searches that are walked") struct SearchTests {
    static let operators = Tag(0x0008, 0x1070)

    /// Attributes of the index and of the data sets alone; more results than fit a page.
    static let queries: [AttributeQuery] = [
        AttributeQuery(level: .study, fields: .tags([.studyInstanceUID, .patientID])),
        AttributeQuery(level: .series, terms: [.init(.modality, "DX")], fields: .tags([.seriesInstanceUID])),
        AttributeQuery(
            level: .instance, terms: [.init(.seriesInstanceUID, "1.3.2\\1.3.7")], fields: .tags([.sopInstanceUID])),
        AttributeQuery(level: .instance, terms: [.init(operators, "Nurse^A*")], fields: .tags([operators])),
        AttributeQuery(level: .instance, limit: 7, offset: 5),
        AttributeQuery(level: .instance, terms: [.init(operators, "Nurse*")], limit: 7, offset: 5),
    ]

    private static func filled(_ body: (DICOMStore) throws -> Void) async throws {
        try await withStore { store, _ async throws in
            for index in 0..<30 {
                let bytes = instanceBytes(
                    study: "1.2.\(index / 6)", series: "1.3.\(index / 3)", instance: "1.4.\(index)",
                    patient: "P\(index / 12)",
                    more: [.text(operators, index & 1 == 0 ? "Nurse^Ann" : "Nurse^Bea", vr: .PN)])
                _ = try store.ingest(Bytes(bytes), from: "")
            }
            try body(store)
        }
    }

    @Test("They find what a search in one go finds, in its order") func sameAsWhole() async throws {
        try await Self.filled { store in
            for var query in Self.queries {
                if query.limit == 100 { query.limit = 1000 }
                var walked: [[UInt8]] = []
                try store.search(query) { walked.append(DICOMJSON.encode($0)) }
                #expect(try walked == store.search(query).map { DICOMJSON.encode($0) })
                #expect(!walked.isEmpty)
            }
        }
    }

    @Test("Pages fit together, whatever comes and goes meanwhile") func changes() async throws {
        try await Self.filled { store in
            let first = try #require(try store.instance("1.4.0")).record
            try store.addRows(
                (0..<2500).lazy.map { index in
                    var record = first
                    record.instance.sopInstanceUID = "1.5.\(index)"
                    return (record, ContentHash(of: "\(index)".utf8))
                })
            var met: [String] = []
            let query = AttributeQuery(
                level: .instance, terms: [.init(.studyInstanceUID, "1.2.0")], fields: .tags([.sopInstanceUID]),
                limit: 10_000)
            try store.search(query) { match in
                // Rows before and behind the one that is told, in its own series.
                if met.count == 10 {
                    try store.remove(InstanceFilter(sopInstanceUID: "1.4.1"))
                    for uid in ["1.4.00", "1.5.00000", "1.5.99999"] {
                        let bytes = instanceBytes(study: "1.2.0", series: "1.3.0", instance: uid)
                        _ = try store.ingest(Bytes(bytes), from: "")
                    }
                }
                met.append(match.string(.sopInstanceUID) ?? "")
            }
            let wanted = (0..<6).map { "1.4.\($0)" } + (0..<2500).map { "1.5.\($0)" }
            let areSame = met.sorted() == wanted.sorted()
            #expect(areSame, "\(met.count) of \(wanted.count)")
        }
    }

    @Test("Instances are found with all that is known of them") func instances() async throws {
        try await Self.filled { store in
            let query = AttributeQuery(level: .instance, terms: [.init(.studyInstanceUID, "1.2.0\\1.2.3")])
            let found = try store.instances(matching: query)
            #expect(found.count == 12)
            for instance in found {
                #expect(try store.instance(instance.record.instance.sopInstanceUID) == instance)
            }
        }
    }
}
