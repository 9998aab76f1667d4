extension Pages {
    /// Options of the basic profile that the form offers, by the names that `lightbox dicom deidentify` has for them.
    private static let profileOptions: [(name: String, text: String)] = [
        ("retain-modified-dates", "Keep the time between dates, shifted for each patient"),
        ("retain-patient-characteristics", "Keep age, sex, size and weight"),
        ("retain-device-identity", "Keep which device it was"),
        ("clean-descriptors", "Keep descriptions, cleaned of what identifies"),
    ]

    func deidentify(_ view: StudyView) -> HTML {
        guard mayChange else { return .nothing }
        let options = Self.profileOptions.map { option -> HTML in
            "<p><label><input type=\"checkbox\" name=\"\(option.name)\" value=\"on\" /> \(option.text)</label></p>"
        }
        return """
            <details class="deidentify"><summary>De-identify this study</summary>
            <form method="post" action="\(PagePath.study(view.study.uid, in: view.place))/deidentify">
            <div class="field"><label for="destination">Into the store</label>
            <input id="destination" name="destination" required="required" maxlength="401" autocomplete="off" \
            value="\(view.place.name)_public" /></div>
            \(options)
            <p><label><input type="checkbox" name="refuse-burned-in" value="on" /> Leave out images with text in their pixels</label></p>
            <button>De-identify</button>
            </form>
            <p class="quiet">By the basic profile of PS3.15 with this home’s key; text within pixels is not recognised.</p>
            </details>

            """
    }
}
