import ArgumentParser

/// `lightbox dicom …`
struct DICOMCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dicom", abstract: "Import, export, look into, send and fetch DICOM files.",
        subcommands: [
            DICOMImport.self, DICOMExport.self, DICOMMetadata.self, DICOMShow.self,
            DICOMEcho.self, DICOMSend.self, DICOMFind.self, DICOMGet.self, DICOMMove.self, DICOMListen.self,
        ])
}
