import DICOM

/// Who a file is about, for what has to be the same in all files of a patient.
struct PatientIdentity {
    /// PatientID; where there is none, name and birth date; where these are missing too, the study.
    let original: String
    let pseudonym: String
    let days: Int

    init(_ dataSet: DataSet, _ names: KeyedNames) {
        let name = dataSet.string(.patientName).map { "\($0)\u{0}\(dataSet.string(.patientBirthDate) ?? "")" }
        let patient = dataSet.string(.patientID)
        original = patient ?? ""
        let identity = patient ?? name ?? dataSet.string(.studyInstanceUID) ?? ""
        pseudonym = names.patient(identity)
        days = names.days(identity)
    }
}
