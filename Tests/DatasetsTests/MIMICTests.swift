import Datasets
import Foundation
import Imaging
import LightboxCore
import TestSupport
import Testing

@Suite("The layout of MIMIC-CXR-JPG") struct MIMICTests {
    static let columns =
        "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,"
        + "Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices\n"

    /// Two patients, three studies with labels and one without, five images of which one is not there.
    private func tree(_ folder: String, labels: String? = nil, version: String = "2.0.0") throws {
        let said =
            labels ?? MIMICTests.columns + "10000032,50000001,1.0,,0.0,-1.0,,,,,,,,,,1.0\n"
            + "10000032,50000002,,,,,,,,,1.0,,,,,\n" + "11000099,50000003,,-1.0,,,,,,1.0,,0.0,,,,\n"
        try write(gzip(said), "\(folder)/mimic-cxr-\(version)-chexpert.csv.gz")
        let split = """
            dicom_id,study_id,subject_id,split
            aaaa-1,50000001,10000032,train
            aaaa-2,50000001,10000032,train
            bbbb-1,50000002,10000032,validate
            cccc-1,50000003,11000099,test
            dddd-1,50000004,11000099,train

            """
        try write(gzip(split), "\(folder)/mimic-cxr-\(version)-split.csv.gz")
        let metadata = #"""
            dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows
            aaaa-1,10000032,50000001,"CHEST (PA AND LAT), ""2 views""",PA,3056
            aaaa-2,10000032,50000001,x,LATERAL,3056
            bbbb-1,10000032,50000002,x,LL,2544
            cccc-1,11000099,50000003,x,LAO,2544
            dddd-1,11000099,50000004,x,AP,2544

            """#
        try write(gzip(metadata), "\(folder)/mimic-cxr-\(version)-metadata.csv.gz")
        for name in ["p10000032/s50000001/aaaa-1", "p10000032/s50000001/aaaa-2", "p10000032/s50000002/bbbb-1"] {
            try write(JPEG.encode(picture(name.utf8.count)), "\(folder)/files/p10/\(name).jpg")
        }
    }

    @Test("Labels, split, view, patient and path come by name") func reads() throws {
        try withTemporaryFolder { folder in
            try tree(folder)
            let set = try DatasetSource(folder).read()
            #expect(set.count == 3 && set.labels == .chexpert14 && set.content == .images)
            let first = set[0]
            #expect(first.key.path == "files/p10/p10000032/s50000001/aaaa-1.jpg")
            #expect(first.key.study == "50000001" && first.key.instance == "aaaa-1")
            #expect(first.source == .file(path: folder + "/" + first.key.path!))
            #expect(first.patient == "10000032" && first.study == "50000001")
            let states = Dictionary(uniqueKeysWithValues: zip(set.labels.names, first.states))
            #expect(states["atelectasis"] == .positive && states["support_devices"] == .positive)
            #expect(states["consolidation"] == .negative && states["edema"] == .uncertain)
            #expect(states.values.filter { $0 == .notMentioned }.count == 10)
            #expect((0..<3).map { set[$0].view } == [.frontal, .lateral, .lateral])
            #expect((0..<3).map { set[$0].split } == [.train, .train, .valid])
            #expect(set.only(.valid).count == 1 && set.only(ViewKind.frontal).count == 1)
            #expect(set.stateCounts[0] == [2, 0, 0, 1])
            #expect(set.report.missing == 1 && set.report.leftOut == 1)
            #expect(set.report.problems.contains { $0.source.hasSuffix("cccc-1.jpg") })
        }
    }

    @Test("Without looking for files, all of them count; other views are other") func unchecked() throws {
        try withTemporaryFolder { folder in
            try tree(folder, version: "2.1.0")
            var options = ReadOptions()
            options.checksFiles = false
            let set = try LabelledDataset.mimicCXR(folder, options: options)
            #expect(set.count == 4 && set[3].view == .other && set[3].split == .test)
            #expect(set.states(of: 3)[LabelSet.chexpert14.index(of: "Lung Opacity")!] == .positive)
        }
    }

    @Test(
        "A label that is none is named by file, line and column, and not repeated",
        arguments: ["0.5", "2.0", "3", "nan", "yes", "1e400", "-2"])
    func invalidLabel(cell: String) throws {
        try withTemporaryFolder { folder in
            let row = "10000032,50000001,,,,\(cell),,,,,,,,,,\n"
            try tree(folder, labels: MIMICTests.columns + "10000032,50000002,,,,,,,,,,,,,,\n" + row)
            let error = try #require(failure { try LabelledDataset.mimicCXR(folder) })
            #expect(error.code == .invalidValue)
            #expect(error.place.hasSuffix("chexpert.csv.gz line 3 column Edema"), "\(error)")
            #expect(!error.remedy.contains("nan") && !error.remedy.contains("yes"))
        }
    }

    @Test("Missing tables, columns and images are said") func missing() throws {
        try withTemporaryFolder { folder in
            try tree(folder)
            let negbio = failure { try LabelledDataset.mimicCXR(folder, labeler: .negbio) }
            #expect(negbio?.code == .missingFile && negbio?.remedy.contains("-negbio.csv") == true)
            try tree(folder, labels: "subject_id,study_id,Edema\n1,2,1.0\n")
            let columns = failure { try LabelledDataset.mimicCXR(folder) }
            #expect(columns?.code == .missingColumn && columns?.remedy.contains("pneumonia") == true)
            let edema = try LabelSet(name: "one", kind: .states, names: ["edema"])
            #expect(failure { try LabelledDataset.mimicCXR(folder, labels: edema) }?.code == .empty)
            try tree(folder)
            try FileManager.default.removeItem(atPath: folder + "/files")
            #expect(failure { try LabelledDataset.mimicCXR(folder) }?.code == .missingFile)
        }
    }

    @Test("An identifier that would leave the folder is refused") func traversal() throws {
        try withTemporaryFolder { folder in
            try tree(folder)
            let metadata = "dicom_id,subject_id,study_id,ViewPosition\n../../x,10000032,50000001,PA\n"
            try write(metadata, folder + "/mimic-cxr-2.0.0-metadata.csv")
            let error = failure { try LabelledDataset.mimicCXR(folder) }
            #expect(error?.code == .invalidValue && error?.place.contains("line 2 column dicom_id") == true)
        }
    }
}

@Suite("The layout of CheXpert") struct CheXpertTests {
    static let header =
        "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,"
        + "Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,"
        + "Support Devices\n"

    private func tree(_ folder: String, root: String) throws {
        let name = "CheXpert-v1.0-small"
        let paths = ["train/patient00001/study1/view1_frontal.jpg", "train/patient00002/study2/view2_lateral.jpg"]
        let train =
            CheXpertTests.header + "\(name)/\(paths[0]),Female,68,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0\n"
            + "\(name)/\(paths[1]),Female,87,Lateral,,,,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,\n"
        let valid =
            CheXpertTests.header + "\(name)/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,"
            + "0.0,1.0,1.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
        try write(train, folder + "/train.csv")
        try write(valid, folder + "/valid.csv")
        for path in paths + ["valid/patient64541/study1/view1_frontal.jpg"] {
            try write(JPEG.encode(picture(3)), root + "/" + path)
        }
    }

    @Test("Images are found in the folder, beside it, or below its own name", arguments: [0, 1, 2])
    func reads(place: Int) throws {
        try withTemporaryFolder { parent in
            let folder = parent + "/CheXpert-v1.0-small"
            try tree(folder, root: [folder, folder, folder + "/CheXpert-v1.0-small"][place])
            // In case 1 the tables stand beside the data set's folder.
            if place == 1 {
                for name in ["train.csv", "valid.csv"] {
                    try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(parent)/\(name)")
                }
            }
            let set = try DatasetSource(place == 1 ? parent : folder).read()
            #expect(set.count == 3 && set.report.missing == 0)
            #expect((0..<3).map { set[$0].patient } == ["patient00001", "patient00002", "patient64541"])
            #expect(set[1].study == "patient00002/study2")
            #expect((0..<3).map { set[$0].view } == [.frontal, .lateral, .frontal])
            #expect((0..<3).map { set[$0].split } == [.train, .train, .valid])
            #expect(set[0].key.path == "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg")
            let states = set[1].states
            #expect(states[3] == .positive && states[2] == .uncertain && states[0] == .notMentioned)
            #expect(set[2].states[4] == .negative && set[2].states[1] == .positive)
            let loader = try BatchLoader(set, preprocessing: small, settings: .evaluation(batchSize: 2))
            #expect(try loader.rest().map(\.count) == [2, 1])
        }
    }
}
