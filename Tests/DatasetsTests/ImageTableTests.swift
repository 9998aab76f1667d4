import Datasets
import Foundation
import Imaging
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("Labelled image tables") struct ImageTableTests {
    private func images(_ names: [String], in folder: String) throws {
        for (number, name) in names.enumerated() { try write(PNG.encode(picture(number)), folder + "/" + name) }
    }

    @Test("path,label without and with a header", arguments: ["", "path,label\n", "Image,Label\n"])
    func twoColumns(header: String) throws {
        try withTemporaryFolder { folder in
            try images(["a.png", "sub/b.png", "c.png"], in: folder)
            try write(header + "a.png,ok\nsub/b.png,nok\n\(folder)/c.png,ok\nd.png,ok\n", folder + "/all.csv")
            let set = try DatasetSource(folder + "/all.csv").read()
            #expect(set.labels.names == ["nok", "ok"] && set.labels.kind == .classes)
            #expect((0..<3).map { set[$0].classIndex } == [1, 0, 1])
            #expect(set[1].source == .file(path: folder + "/sub/b.png") && set[1].key.path == "sub/b.png")
            #expect(set.report.missing == 1 && set.report.problems.first?.source == folder + "/d.png")
            #expect(set.classCounts == [1, 2, 0])
        }
    }

    @Test("A label set orders the classes; an empty label is none; another one is an error") func dictionary()
        throws
    {
        try withTemporaryFolder { folder in
            try images(["a.png", "b.png"], in: folder)
            let labels = try LabelSet(name: "dict", kind: .classes, names: ["ok", "nok"])
            try write("a.png,nok\nb.png,\n", folder + "/x.csv")
            let set = try LabelledDataset.imageTable(folder + "/x.csv", labels: labels)
            #expect(set[0].classIndex == 1 && set[1].classIndex == nil)
            try write("path,label\na.png,nok\nb.png,bad\n", folder + "/y.csv")
            let error = failure { try LabelledDataset.imageTable(folder + "/y.csv", labels: labels) }
            #expect(error?.place == folder + "/y.csv row 3 column label")
            #expect(error?.remedy.contains("bad") == false)
        }
    }

    static let table = """
        file,patient_id,view,finding,split
        a.png,p1,AP,normal,train
        b.png,p1,AP,viral pneumonia,train
        c.png,p2,PA,bacterial pneumonia,valid
        d.png,p3,PA,COVID-19,test

        """

    @Test("Columns, classes and rows can be chosen") func choosing() throws {
        try withTemporaryFolder { folder in
            try images(["a.png", "b.png", "c.png", "d.png"], in: folder)
            try write(Self.table, folder + "/m.csv")
            let columns = try TableColumns(
                columns: "label=finding", classes: "pneumonia=bacterial pneumonia|viral pneumonia, normal")
            let set = try LabelledDataset.imageTable(folder + "/m.csv", columns: columns)
            #expect(set.labels.names == ["pneumonia", "normal"] && set.report.leftOut == 1)
            #expect((0..<3).map { set[$0].classIndex } == [1, 0, 0])
            #expect((0..<3).map { set[$0].patient } == ["p1", "p1", "p2"])
            #expect((0..<3).map { set[$0].split } == [.train, .train, .valid])
            let only = try TableColumns(columns: "label=finding,split=", only: "view=PA")
            let covid = try LabelledDataset.imageTable(folder + "/m.csv", columns: only)
            #expect(covid.labels.names == ["COVID-19", "bacterial pneumonia"] && covid[0].split == nil)
            #expect(covid[0].view == .frontal)
        }
    }

    @Test(
        "A choice that cannot be is said",
        arguments: [
            ("lable=finding", "", "", "lable"), ("label=nothing", "", "", "nothing"), ("", "a=b,a=c", "", "share"),
            ("", "", "view", "COLUMN=VALUE"), ("label=finding", "", "view=pa", "case counts"),
            ("label=finding", "", "sex=F", "sex"), ("label=finding,split=view", "", "", "split="),
        ]) func badChoices(columns: String, classes: String, only: String, said: String) throws
    {
        try withTemporaryFolder { folder in
            try images(["a.png", "b.png", "c.png", "d.png"], in: folder)
            try write(Self.table, folder + "/m.csv")
            let error = failure {
                try LabelledDataset.imageTable(
                    folder + "/m.csv", columns: TableColumns(columns: columns, classes: classes, only: only))
            }
            #expect(error?.description.contains(said) == true, "\(error?.description ?? "no error")")
        }
    }

    /// The columns that synthetic radiographs come with.
    @Test("A column per label with the numbers 0...3, as phantoms have them") func phantoms() throws {
        try withTemporaryFolder { folder in
            let names = LabelSet.chexpert14.names
            let header =
                "path,patient_id,study,series,instance,view,view_position,split," + names.joined(separator: ",")
            let rows = (0..<4).map { row in
                "1.2.\(row)/3/4.dcm,LB-\(row / 2),1.2.\(row),3,4.\(row),\(row == 1 ? "lateral,LL" : "frontal,PA"),"
                    + (row < 3 ? "train" : "valid") + (0..<14).map { ",\(($0 + row) % 4)" }.joined()
            }
            try write(([header] + rows).joined(separator: "\n") + "\n", folder + "/labels.csv")
            for row in 0..<4 { try write([0], "\(folder)/1.2.\(row)/3/4.dcm") }
            let set = try DatasetSource(folder).read(labels: .chexpert14)
            #expect(set.count == 4)
            for row in 0..<4 {
                #expect(set[row].states.map(\.rawValue) == (0..<14).map { ($0 + row) % 4 })
                #expect(set[row].key.instance == "4.\(row)" && set[row].study == "1.2.\(row)")
            }
            #expect((0..<4).map { set[$0].view } == [.frontal, .lateral, .frontal, .frontal])
            #expect(set.only(.train).count == 3 && set[2].patient == "LB-1")
        }
    }

    @Test("Findings separated by bars are positive, the others not mentioned") func listed() throws {
        try withTemporaryFolder { folder in
            try images(["a.png", "b.png"], in: folder)
            try write("Image Index,Finding Labels\na.png,Edema|Pleural Effusion\nb.png,\n", folder + "/n.csv")
            let columns = try TableColumns(columns: "path=Image Index,label=Finding Labels")
            let set = try LabelledDataset.imageTable(folder + "/n.csv", labels: .chexpert14, columns: columns)
            #expect(set.states(of: 0).enumerated().filter { $0.element == .positive }.map(\.offset) == [5, 10])
            #expect(set.states(of: 1).allSatisfy { $0 == .notMentioned })
        }
    }

    @Test("Random tables come back as they were written, in either coding", arguments: 0..<20 as Range<UInt64>)
    func property(seed: UInt64) throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...5, using: &random)
            let labels = try LabelSet(name: "l", kind: .states, names: (0..<count).map { "finding \($0), \"x\"" })
            let coding = Bool.random(using: &random) ? LabelCoding.states : .findings
            let texts: [LabelState: [String]] =
                coding == .states
                ? [
                    .notMentioned: ["0", "", "0.0"], .negative: ["1", "1.0"], .uncertain: ["2"],
                    .positive: ["3", "3.0"],
                ]
                : [
                    .notMentioned: [""], .negative: ["0", "0.0"], .uncertain: ["-1.0", "-1"],
                    .positive: ["1", "1.0"],
                ]
            let order = Array(0..<count).shuffled(using: &random)
            var states: [[LabelState]] = []
            let writer = try CSVWriter(path: folder + "/t.csv", header: ["path"] + order.map { labels.names[$0] })
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let row = (0..<count).map { _ in LabelState.allCases.randomElement(using: &random)! }
                states.append(row)
                try writer.append(["x.png"] + order.map { texts[row[$0]]!.randomElement(using: &random)! })
            }
            try writer.finish()
            try images(["x.png"], in: folder)
            var columns = TableColumns()
            columns.coding = coding
            let set = try LabelledDataset.imageTable(folder + "/t.csv", labels: labels, columns: columns)
            #expect((0..<set.count).map { set.states(of: $0) } == states)
        }
    }

    @Test("Whatever the bytes, a table is a data set or an error") func fuzz() throws {
        try withTemporaryFolder { folder in
            try images(["a.png", "b.png", "c.png", "d.png"], in: folder)
            var random = SeededGenerator(seed: 9)
            for _ in 0..<400 {
                var bytes = Array(Self.table.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] = Array(",\"\n\r \u{0}ab0".utf8).randomElement(using: &random)!
                }
                try write(bytes, folder + "/f.csv")
                do {
                    let columns = try TableColumns(columns: "label=finding")
                    let set = try LabelledDataset.imageTable(folder + "/f.csv", columns: columns)
                    for index in 0..<set.count { _ = set[index] }
                } catch { #expect(error is any Failure) }
            }
        }
    }

    @Test(
        "The photos, and normal against pneumonia among the radiographs",
        .enabled(if: testData("photos/labels.csv") != nil, "needs the real data folder, see LIGHTBOX_TEST_DATA"))
    func realData() throws {
        let photos = try DatasetSource(testData("photos/labels.csv")!).read()
        #expect(photos.count == 200 && photos.labels.names == ["daisy", "dandelion"])
        #expect(photos.classCounts == [100, 100, 0])
        let columns = try TableColumns(
            columns: "label=finding", classes: "normal,pneumonia=bacterial pneumonia|viral pneumonia")
        let chests = try LabelledDataset.imageTable(testData("chest-xrays/metadata.csv")!, columns: columns)
        #expect(chests.classCounts == [55, 55, 0] && chests.report.leftOut == 90)
        let split = try chests.split(SplitChoice(validation: 0.3, seed: 4))
        #expect(LeakageCheck().identifiers(split).patients.isEmpty)
        #expect(abs(split.only(.valid).count - 33) <= 2)
        let loader = try BatchLoader(
            split.only(.valid), preprocessing: Preprocessing(height: 32, width: 32, scaling: .minusOneToOne),
            settings: .evaluation(batchSize: 10))
        let batches = try loader.rest()
        #expect(batches.map(\.count).reduce(0, +) == split.only(.valid).count && loader.problems.isEmpty)
        #expect(batches.allSatisfy { $0.images.values.allSatisfy { (-1...1).contains($0) } })
    }
}
