import DICOM

/// What stands before a data set in a file: preamble and file meta information (PS3.10 section 7.1).
enum FileHead {
    static func bytes(_ sopClass: String, _ sopInstance: String, _ syntax: String) throws -> [UInt8] {
        let identity = DataSet([.text(.sopClassUID, sopClass), .text(.sopInstanceUID, sopInstance)])
        let known = TransferSyntax(uid: syntax) ?? TransferSyntax(unknown: syntax)
        let file = try DICOMFile(dataSet: identity, transferSyntax: known).serialized(as: known)
        return try Array(file.dropLast(identity.serialized(as: known).count))
    }
}
