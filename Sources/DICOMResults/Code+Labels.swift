extension Code {
    /// The concept that a model's label stands for: a standard code for those of the fourteen CheXpert findings that
    /// have one of the same meaning, else the label itself in ``ownScheme``.
    ///
    /// Spelling does not matter: `Pleural Effusion`, `pleural_effusion`.
    public static func label(_ name: String) -> Code {
        let key = name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
        let own = name.fitting(.max)
        return standard[key] ?? Code(own.isEmpty ? "unnamed" : own, ownScheme, own.isEmpty ? "unnamed" : own)
    }

    /// From PS3.16 context groups 645, 3700 and 6102 as pydicom 3.0.2 has them; atelectasis, cardiomegaly,
    /// consolidation, fracture and pneumonia from SNOMED CT, by public maps of it (docs/dicom-results.md lists them).
    /// PS3.16 prints another number for cardiomegaly in context group 12248, which SNOMED CT gives to a disorder of
    /// the septum. No Finding, Enlarged Cardiomediastinum, Lung Lesion, Pleural Other and Support Devices are the
    /// labeller's own groupings and keep their names.
    private static let standard: [String: Code] = [
        "atelectasis": Code("46621007", "SCT", "Atelectasis"),
        "cardiomegaly": Code("8186001", "SCT", "Cardiomegaly"),
        "consolidation": Code("95436008", "SCT", "Lung consolidation"),
        "edema": Code("19242006", "SCT", "Pulmonary edema"),
        "pulmonary edema": Code("19242006", "SCT", "Pulmonary edema"),
        "fracture": Code("125605004", "SCT", "Fracture of bone"),
        "lung opacity": Code("112001", "DCM", "Opacity"),
        "pleural effusion": Code("60046008", "SCT", "Pleural effusion"),
        "pneumonia": Code("233604007", "SCT", "Pneumonia"),
        "pneumothorax": Code("36118008", "SCT", "Pneumothorax"),
    ]
}
