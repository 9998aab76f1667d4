import ArgumentParser
import DICOM
import DICOMStore
import LightboxCore
import Pipelines

/// Which DICOM store a command works on.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The DICOM store, NAME or DATASET/NAME.", valueName: "store"))
    var store: String

    func open(in home: Home, creating: Bool = false) throws -> DICOMStore {
        try DICOMCatalog(home: home).store(DICOMStoreName(store), creating: creating)
    }
}

/// How DICOM pixels become display values.
struct DisplayArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "file: the window or LUT of the file; full: the whole range; CENTER,WIDTH: your own.",
            valueName: "window"))
    var window: WindowChoice = .fromFile

    @Option(help: "Frames of multi-frame images: all, first, middle, or numbers such as 1,5,9.")
    var frames: FrameChoice = .all
}
