import Foundation
import WebPages

/// Made-up studies; every text of them is `words`.
extension Samples {
    var store: StoreSummary {
        StoreSummary(
            .init(dataset: words, store: "films"), studies: 1200, series: 2400, instances: 9000, bytes: 7_000_000)
    }

    var study: StudySummary {
        var study = StudySummary(uid: words)
        (study.patientName, study.patientID) = ("Doe^Jane^\(words)=\(words)", words)
        (study.birthDate, study.sex, study.date, study.time) = ("19700102", words, "20240131", "101530")
        (study.accessionNumber, study.description) = (words, words)
        study.modalities = ["CT", words]
        (study.seriesCount, study.instanceCount) = (2, 41)
        return study
    }

    var search: StudySearch {
        var search = StudySearch()
        (search.patientName, search.patientID, search.modality, search.accessionNumber) = (
            words, words, words, words
        )
        (search.from, search.to, search.isByPatient) = (words, words, true)
        return search
    }

    var studies: Pages.StudyList {
        Pages.StudyList(
            place: store.place, search: search, studies: [study, study], offset: 50, size: 50, hasMore: true)
    }

    var view: Pages.StudyView {
        var series = SeriesSummary(uid: "1.2.3")
        (series.number, series.modality, series.description, series.bodyPart) = (1, words, words, words)
        series.instanceCount = 3
        var report = SeriesSummary(uid: words)
        report.modality = "SR"
        return Pages.StudyView(
            place: store.place, study: study, series: [series, report],
            shown: .init(
                uid: "1.2.3", images: [.init(uid: words, frames: 1), .init(uid: "1.5", frames: 30)],
                others: [words],
                index: 1, frame: 2, window: words), choices: choices)
    }

    var mapSummary: MapSummary {
        MapSummary(
            table: words, axes: ["x,y", words], rows: 1200, method: words, source: words,
            made: Date(timeIntervalSince1970: 1_790_000_000))
    }

    var mapView: MapView {
        MapView(
            table: words, axes: "x,y", planes: ["x,y", words], method: words, source: words, made: mapSummary.made,
            identity: ["path", words])
    }

    var instance: Pages.InstanceView {
        let item = [AttributeRow(tag: "(0008,0100)", name: words, vr: "SH", value: words)]
        return Pages.InstanceView(
            key: .init(store: store.place, study: words, series: words, instance: words), kind: words,
            hasPicture: true,
            rows: [
                AttributeRow(tag: "(0010,0010)", name: "Patient's Name", vr: "PN", value: words),
                AttributeRow(tag: "(0008,1032)", name: words, vr: "SQ", value: "2 items", items: [item, item]),
                AttributeRow(tag: "(0009,1001)", name: words, vr: "LO", value: words, isPrivate: true),
            ])
    }
}
