/// The three questions with which the demo ends.
enum DemoQueries {
    static func all(hasLabels: Bool) -> [(title: String, sql: String)] {
        [
            ("What is in the store?", contents),
            hasLabels ? ("What do the labels say?", labels) : ("How large are the images?", sizes),
            ("Which images are most like the first one?", similar),
        ]
    }

    private static let contents = """
        SELECT Modality, ViewPosition, count(*) AS images, count(DISTINCT PatientID) AS patients
        FROM "demo.metadata"
        GROUP BY Modality, ViewPosition
        ORDER BY images DESC LIMIT 10
        """

    private static let sizes = """
        SELECT "Rows", "Columns", PhotometricInterpretation, count(*) AS images
        FROM "demo.metadata"
        GROUP BY "Rows", "Columns", PhotometricInterpretation
        ORDER BY images DESC LIMIT 10
        """

    /// States as in the label columns: 0 not mentioned, 1 negative, 2 uncertain, 3 positive.
    private static let labels = """
        SELECT view,
               count(*) AS images,
               sum(cardiomegaly = 3) AS cardiomegaly,
               sum(pleural_effusion = 3) AS pleural_effusion,
               sum(airspace_opacity = 3) AS airspace_opacity,
               sum(support_devices = 3) AS support_devices
        FROM "demo.labels"
        GROUP BY view ORDER BY images DESC
        """

    private static let similar = """
        WITH query AS (
          SELECT instance, feature_vector FROM "demo.vectors" ORDER BY instance LIMIT 1)
        SELECT m.PatientID, m.Modality, m.ViewPosition,
               round(cosine_similarity(v.feature_vector, query.feature_vector), 4) AS similarity
        FROM "demo.vectors" AS v
        CROSS JOIN query
        JOIN "demo.metadata" AS m ON m.SOPInstanceUID = v.instance
        WHERE v.instance != query.instance
        ORDER BY similarity DESC LIMIT 5
        """
}
