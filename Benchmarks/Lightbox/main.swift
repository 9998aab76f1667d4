// The project's own half of `make bench`; Benchmarks/run calls it and puts the peers' figures beside these.
//
//   benchmarks metadata FILE COPIES        DICOM files to DICOM JSON
//   benchmarks render FILE TIMES           a DICOM file to PNG
//   benchmarks embed RECORDS NETWORK PRECISION
//   benchmarks serve-models FOLDER         writes the models that the serving rows ask
//   benchmarks serve-loop FOLDER           the image model of these without a server
//   benchmarks store-index HOME COUNT      an index of many instances
//   benchmarks train SECONDS THREADS PRECISION
//   benchmarks warehouse COUNT LENGTH      vectors into SQL, and a search
//   benchmarks similar COUNT LENGTH        the most alike of many vectors in memory
//   benchmarks analysis                    maps and classifiers of vectors

import Features
import Foundation
import Torch

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("metadata", 3): try DICOMBenchmarks.metadata(arguments[1], copies: Int(arguments[2]) ?? 2000)
case ("render", 3): try DICOMBenchmarks.render(arguments[1], times: Int(arguments[2]) ?? 200)
case ("embed", 4):
    let precision = Precision(rawValue: arguments[3]) ?? .float32
    try EmbedBenchmarks.run(records: arguments[1], network: arguments[2], precision: precision)
case ("serve-models", 2): try ServeBenchmarks.writeModels(to: arguments[1])
case ("serve-loop", 2): try ServeBenchmarks.bareLoop(arguments[1])
case ("store-index", 3): try StoreBenchmarks.fillIndex(of: arguments[1], count: Int(arguments[2]) ?? 1_000_000)
case ("train", 4):
    try TrainBenchmarks.run(
        for: Double(arguments[1]) ?? 20, threads: Int(arguments[2]) ?? 2,
        precision: TrainingPrecision(rawValue: arguments[3]) ?? .auto)
case ("warehouse", 3):
    try WarehouseBenchmarks.run(count: Int(arguments[1]) ?? 10_000, length: Int(arguments[2]) ?? 2048)
case ("similar", 3):
    try SimilarBenchmarks.run(count: Int(arguments[1]) ?? 100_000, length: Int(arguments[2]) ?? 2048)
case ("analysis", 1): try AnalysisBenchmarks.run()
default:
    print(
        "usage: benchmarks metadata FILE COPIES | render FILE TIMES | embed RECORDS NETWORK PRECISION"
            + " | serve-models FOLDER | serve-loop FOLDER | store-index HOME COUNT | train SECONDS THREADS PRECISION"
            + " | warehouse COUNT LENGTH | similar COUNT LENGTH | analysis"
    )
    exit(2)
}
