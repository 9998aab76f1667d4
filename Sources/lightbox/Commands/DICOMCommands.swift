import ArgumentParser

/// `lightbox dicom …`
struct DICOMCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dicom",
        abstract: "Import, export, verify, de-identify, send, fetch and look into DICOM files.",
        subcommands: [
            DICOMImport.self, DICOMExport.self, DICOMVerify.self, DICOMRevisions.self, DICOMMetadata.self,
            DICOMShow.self,
            DICOMDeidentify.self, DICOMPredictions.self,
            DICOMEcho.self, DICOMSend.self, DICOMFind.self, DICOMGet.self, DICOMMove.self, DICOMCommit.self,
            DICOMListen.self,
        ])
}
