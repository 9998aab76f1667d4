// swift-tools-version: 6.2
import PackageDescription

// The layers, bottom to top; a target imports only what stands in its dependencies, and
// scripts/check-layers holds the imports against this file (the build alone does not).

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Headers and libraries that `scripts/bootstrap` unpacked.
let native = Context.packageDirectory + "/.native"

/// A module map over a C library that Debian packages.
func debian(_ name: String, _ pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

func tests(of name: String, named tests: String? = nil, using dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: tests ?? name + "Tests",
        dependencies: [.init(stringLiteral: name), "LightboxCore", "TestSupport"] + dependencies,
        swiftSettings: swift)
}

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let http: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "lightbox",
    products: [
        .executable(name: "lightbox", targets: ["lightbox"]),
        // The training engine: opened when a command trains, so that no other command loads libtorch.
        .library(name: "LightboxTorch", type: .dynamic, targets: ["TorchBackend"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    ],
    targets: [
        // 0: the C faces of native libraries, one importer each
        debian("CCrypto", "libcrypto", package: "libssl-dev"),
        debian("CTurboJPEG", "libturbojpeg", package: "libturbojpeg0-dev"),
        debian("CZlib", "zlib", package: "zlib1g-dev"),
        debian("CDeflate", "libdeflate", package: "libdeflate-dev"),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(
            name: "CDICOMCodecs",
            linkerSettings: ["dcmdata", "dcmjpeg", "dcmjpls", "oflog", "ofstd", "openjp2"].map {
                .linkedLibrary($0)
            }),
        .target(name: "COpenVINO", cSettings: [.unsafeFlags(["-I\(native)/openvino/include"])]),
        debian("CCairo", "cairo", package: "libcairo2-dev"),
        .target(name: "COpenBLAS"),
        .target(name: "CProducts"),
        .target(name: "CSVM"),
        .target(name: "CPQ"),
        .target(name: "CTorch"),
        .target(
            name: "TorchBackend",
            cxxSettings: [
                .headerSearchPath("../CTorch/include"),
                .unsafeFlags([
                    "-isystem", "\(native)/torch/torch/include",
                    "-isystem", "\(native)/torch/torch/include/torch/csrc/api/include",
                ]),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-L\(native)/torch/torch/lib", "-ltorch_cpu", "-lc10",
                    // Beside the library once installed, in the source tree before that.
                    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/.native/torch/torch/lib",
                    "-Xlinker", "-rpath", "-Xlinker", "\(native)/torch/torch/lib",
                ])
            ]),

        // 1: the nouns, the formats, the standard, the architectures: no image or model library
        library("LightboxCore", ["CCrypto", "CZlib"]),
        library("WireFormats", ["LightboxCore", protobuf], exclude: ["ONNX/onnx.proto"]),
        library("DICOM", ["LightboxCore"]),
        library("Networks", ["LightboxCore", "WireFormats"]),
        library("Evaluation", ["LightboxCore"]),

        // 2: settings, and one Swift face for each native library
        library("HomeConfiguration", ["LightboxCore"]),
        library("DICOMPixels", ["LightboxCore", "DICOM", "CDICOMCodecs"]),
        library("Imaging", ["LightboxCore", "CPNG", "CTurboJPEG", "CDeflate"]),
        library("KerasFiles", ["LightboxCore", "Networks", "WireFormats"]),
        library("Inference", ["LightboxCore", "COpenVINO"]),
        library("Deidentification", ["LightboxCore", "DICOM", yams]),
        library("DICOMResults", ["LightboxCore", "DICOM", "Imaging"]),
        library("Torch", ["LightboxCore", "Networks", "CTorch"]),
        library("Analysis", ["LightboxCore", "WireFormats", "COpenBLAS", "CSVM"]),
        library("Figures", ["LightboxCore", "Evaluation", "CCairo"]),

        // 3: what is kept on disk, in object storage and in databases
        library("Database", ["LightboxCore", "CPQ", grdb, sqlite]),
        library("ObjectStorage", ["LightboxCore", "WireFormats"]),
        library("Buckets", ["LightboxCore", "WireFormats", "Database"]),
        library("Warehouse", ["LightboxCore", "WireFormats", "Database", sqlite]),
        library("GoogleSQL", ["LightboxCore", "Database", "Warehouse"]),
        library("DICOMStore", ["LightboxCore", "DICOM", "DICOMPixels", "Database", "Warehouse"]),
        library("Datasets", ["LightboxCore", "WireFormats", "Imaging", yams]),
        library("ModelRegistry", ["LightboxCore", "WireFormats", "Networks", "KerasFiles"]),
        library("SavedModels", ["LightboxCore", "WireFormats", "Imaging"]),
        library("Catalog", ["LightboxCore", "WireFormats", "Database"]),

        // 4: the domain's verbs
        library(
            "Features",
            [
                "LightboxCore", "WireFormats", "Networks", "KerasFiles", "Inference", "Imaging", "ObjectStorage",
                "ModelRegistry",
            ]),
        library(
            "Training",
            ["LightboxCore", "WireFormats", "Networks", "Torch", "Datasets", "Evaluation", "Figures"]),
        library(
            "Serving",
            [
                "LightboxCore", "WireFormats", "DICOM", "DICOMPixels", "Imaging", "Networks", "KerasFiles",
                "Inference", "ModelRegistry", "SavedModels", "Features", "CProducts",
            ]),
        library("DICOMNetwork", ["LightboxCore", "DICOM", "DICOMPixels", "DICOMStore", nio, nioPosix, nioSSL]),
        library("DICOMweb", ["LightboxCore", "WireFormats", "DICOM", "DICOMPixels", "DICOMStore", "Imaging"]),
        library("Phantoms", ["LightboxCore", "DICOM"]),

        library(
            "AnswerCards",
            [
                "LightboxCore", "WireFormats", "DICOM", "Evaluation", "Figures", "Imaging", "Inference",
                "Analysis",
                "DICOMResults", "ModelRegistry", "Serving",
            ]),

        // 5: stages that walk the data
        library(
            "Pipelines",
            [
                "LightboxCore", "WireFormats", "DICOM", "DICOMPixels", "Imaging", "Networks", "KerasFiles",
                "Inference", "Warehouse", "DICOMStore", "Features", "Phantoms", "Evaluation", "Figures", "Torch",
                "Datasets", "ModelRegistry", "Training", "Catalog", "Serving", "Deidentification", "DICOMResults",
                "Analysis", "AnswerCards",
            ]),
        .target(
            name: "WebPages",
            dependencies: [
                "LightboxCore", "WireFormats", "Evaluation", "Figures", "Catalog", "ModelRegistry", "Serving",
                "AnswerCards",
            ],
            resources: [.embedInCode("Assets")], swiftSettings: swift),
        library(
            "Server",
            [
                "LightboxCore", "WireFormats", "Imaging", "Inference", "Catalog", "ModelRegistry", "Evaluation",
                "Figures", "Features", "Serving", "Datasets", "Warehouse", "GoogleSQL", "Pipelines", "WebPages",
                "DICOM", "DICOMStore", "DICOMweb", "Deidentification", "ObjectStorage", "Buckets", "AnswerCards",
                nio, nioSSL,
            ] + http),

        // 6: the command line
        .executableTarget(
            name: "lightbox",
            dependencies: [
                "LightboxCore", "HomeConfiguration", "WireFormats", "DICOM", "Networks", "Inference", "Warehouse",
                "Database", "ObjectStorage", "DICOMStore", "Features", "Evaluation", "Figures", "Torch",
                "Datasets",
                "ModelRegistry", "SavedModels", "Catalog", "Serving", "Training", "Deidentification",
                "DICOMNetwork", "Analysis", "AnswerCards", "Pipelines", "Server", arguments,
            ],
            swiftSettings: swift),

        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "LightboxCore", "WireFormats", "DICOM", "Networks", "DICOMPixels", "Imaging", "Inference",
                "Torch", "DICOMStore", "Warehouse", "ModelRegistry", "Features", "Serving", "Analysis",
                "Pipelines",
            ],
            path: "Benchmarks/Lightbox", swiftSettings: swift),

        .target(
            name: "TestSupport", dependencies: ["LightboxCore"], path: "Tests/TestSupport", swiftSettings: swift),
        .target(
            name: "PlantedFiles", dependencies: ["LightboxCore", "DICOM"], path: "Tests/PlantedFiles",
            swiftSettings: swift),
        .testTarget(
            name: "LightboxCoreTests", dependencies: ["LightboxCore", "TestSupport"], swiftSettings: swift),
        tests(of: "HomeConfiguration"),
        tests(of: "WireFormats"),
        tests(of: "DICOM"),
        tests(of: "Networks", using: ["KerasFiles", "Inference", "Imaging"]),
        tests(of: "DICOMPixels", using: ["DICOM"]),
        tests(of: "Analysis", using: ["WireFormats"]),
        tests(
            of: "AnswerCards",
            using: [
                "WireFormats", "DICOM", "Imaging", "Evaluation", "Figures", "ModelRegistry", "Networks", "Serving",
                "Analysis", "Phantoms",
            ]),
        tests(of: "Imaging"),
        tests(of: "KerasFiles", using: ["Networks", "Inference", "WireFormats"]),
        tests(of: "Inference"),
        tests(of: "Torch", using: ["Networks", "WireFormats"]),
        tests(of: "Evaluation"),
        tests(of: "Figures", using: ["Evaluation"]),
        tests(of: "Datasets", using: ["WireFormats", "Imaging", "Phantoms"]),
        tests(of: "ModelRegistry", using: ["Networks", "WireFormats", "KerasFiles", "Inference", "Imaging"]),
        tests(of: "Training", using: ["Networks", "Torch", "Datasets", "WireFormats"]),
        tests(of: "SavedModels", using: ["WireFormats", "Imaging", "Inference"]),
        tests(of: "Database"),
        tests(of: "Catalog", using: ["WireFormats", "Database"]),
        tests(
            of: "Serving",
            using: ["WireFormats", "Imaging", "Inference", "ModelRegistry", "Networks", "Features"]),
        tests(
            of: "WebPages",
            using: ["WireFormats", "Catalog", "ModelRegistry", "Serving", "Evaluation", "Figures"]),
        tests(
            of: "Server",
            using: [
                "WireFormats", "Imaging", "Serving", "Catalog", "ModelRegistry", "Networks", "Warehouse", "DICOM",
                "DICOMStore", "Pipelines", "AnswerCards", "Features",
            ]),
        tests(of: "ObjectStorage", using: ["WireFormats", "DICOM", "DICOMStore", "Catalog"]),
        tests(of: "Buckets"),
        tests(of: "Warehouse", using: ["Database"]),
        tests(of: "GoogleSQL", using: ["Database", "Warehouse", "WireFormats"]),
        tests(of: "DICOMStore", using: ["DICOM", "Database", "Warehouse"]),
        tests(
            of: "Features",
            using: ["Networks", "Inference", "Imaging", "ModelRegistry", "KerasFiles", "WireFormats"]),
        tests(of: "Deidentification", using: ["DICOM", "Phantoms", "PlantedFiles"]),
        tests(of: "DICOMResults", using: ["DICOM"]),
        tests(of: "DICOMNetwork", using: ["DICOM", "DICOMStore", nio, nioPosix]),
        tests(of: "DICOMweb", using: ["DICOM", "DICOMPixels", "DICOMStore", "WireFormats", "Imaging"]),
        tests(of: "Phantoms", using: ["DICOM", "DICOMPixels"]),
        tests(
            of: "Pipelines",
            using: [
                "WireFormats", "Warehouse", "DICOMStore", "Features", "Datasets", "Training", "ModelRegistry",
                "Analysis", "Inference", "Evaluation", "Phantoms", "Figures", "Imaging", "Networks", "Torch",
                "Catalog", "DICOM",
                "Deidentification", "DICOMResults", "PlantedFiles", "AnswerCards",
            ]),
        tests(of: "lightbox", named: "CommandLineTests", using: [arguments]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
