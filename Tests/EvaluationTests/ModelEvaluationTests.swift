import Evaluation
import Foundation
import Testing

@Suite("Evaluation of a model") struct ModelEvaluationTests {
    static func data(_ label: String, seed: UInt64, shift: Double = 0.4, prevalence: Double = 0.3)
        -> LabelledScores
    {
        let samples = Samples(seed: seed, count: 200, prevalence: prevalence, shift: shift)
        return LabelledScores(
            label: label, scores: samples.scores, truths: samples.truths,
            patients: Samples.integers(seed: seed, count: 200, below: 120))
    }

    static var settings: EvaluationSettings {
        var settings = EvaluationSettings()
        settings.bootstrap = Bootstrap(replicates: 100)
        settings.curvePoints = 20
        return settings
    }

    @Test("Every interval holds its value, and the label's numbers are those of their functions")
    func label() throws {
        let data = Self.data("edema", seed: 1)
        let result = LabelEvaluation(data, settings: Self.settings)
        let ranked = try RankedScores(scores: data.scores, truths: data.truths)
        #expect(try result.auc.value == ranked.area())
        #expect(result.auc.intervals.map(\.method) == [.deLong, .deLongLogit, .bootstrapBCa])
        #expect(result.auc.intervals.allSatisfy { $0.contains(result.auc.value!) })
        #expect(result.averagePrecision.interval!.contains(result.averagePrecision.value!))
        #expect(result.operatingPoints.map(\.rule) == Self.settings.operatingPoints)
        #expect(result.calibration?.brier == result.brier.value)
        #expect(result.calibration?.equalWidth.expectedError == result.calibrationError.value)
        #expect(result.temperatureScaling?.temperature == result.temperature?.value)
        #expect(result.roc!.thresholds.count <= 20 && result.roc!.area == result.auc.value)
        #expect(result.counts.patients == Set(data.patients!).count)
    }

    @Test("Means leave out what is undefined and name it")
    func means() throws {
        let data = [Self.data("a", seed: 1), Self.data("b", seed: 2), Self.data("none", seed: 3, prevalence: 0)]
        let result = ModelEvaluation(model: "m", dataSet: "d", data, settings: Self.settings)
        let areas = result.labels.compactMap(\.auc.value)
        #expect(areas.count == 2)
        #expect(agrees(result.means.macroAUC.value, (areas[0] + areas[1]) / 2))
        #expect(result.means.leftOut == ["none"])
        #expect(result.labels[2].auc.undefined == .noPositives && result.labels[2].roc == nil)
        #expect(
            result.labels[2].brier.value != nil && result.labels[2].operatingPoints[0].undefined == .noPositives)
        let pooled = try RankedScores(scores: data.flatMap(\.scores), truths: data.flatMap(\.truths))
        #expect(try result.means.microAUC.value == pooled.area())
    }

    @Test("Scores that are no numbers, and no cases, leave every metric undefined with a reason")
    func undefined() throws {
        let notFinite = LabelledScores(label: "x", scores: [0.1, .nan], truths: [true, false])
        let result = LabelEvaluation(notFinite, settings: Self.settings)
        for metric in [result.auc, result.averagePrecision, result.brier, result.logLoss, result.temperature] {
            #expect(metric?.undefined == .notFinite)
        }
        let empty = ModelEvaluation([LabelledScores(label: "x", scores: [], truths: [])], settings: Self.settings)
        #expect(empty.labels[0].auc.undefined == .noCases && empty.means.macroAUC.undefined == .noDefinedLabel)
        #expect(ModelEvaluation([]).means.microAUC.undefined == .noCases)
        let logits = LabelledScores(label: "x", scores: [-3, 2, 5, 1], truths: [false, true, true, false])
        #expect(LabelEvaluation(logits, settings: .quick).auc.value == 1)
        #expect(LabelEvaluation(logits, settings: .quick).brier.undefined == .notProbabilities)
    }

    @Test("JSON comes back as it was, has the same bytes each time, and says null with the reason")
    func json() throws {
        let data = [Self.data("a", seed: 1), Self.data("none", seed: 3, prevalence: 0)]
        let result = ModelEvaluation(model: "m", dataSet: "d", data, settings: Self.settings)
        let bytes = try result.json()
        #expect(try JSONDecoder().decode(ModelEvaluation.self, from: bytes) == result)
        #expect(
            try ModelEvaluation(model: "m", dataSet: "d", data, settings: Self.settings, threads: 2).json()
                == bytes)
        let tree = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let labels = try #require(tree["labels"] as? [[String: Any]])
        let auc = try #require(labels[1]["auc"] as? [String: Any])
        #expect(auc["value"] is NSNull && auc["undefined"] as? String == "there is no positive case")
        let roc = try #require(labels[0]["roc"] as? [String: Any])
        #expect((roc["thresholds"] as? [Any])?.first is NSNull)
        #expect(snakeCase(tree), "all keys are snake_case")
    }

    @Test("Tables: one row per label and the mean; one row per metric and interval")
    func tables() throws {
        let data = [Self.data("a", seed: 1), Self.data("none", seed: 3, prevalence: 0)]
        let result = ModelEvaluation(data, settings: Self.settings)
        let summary = result.summary()
        #expect(summary.rows.map(\.first) == ["a", "none", "macro mean"])
        #expect(summary.rows.allSatisfy { $0.count == summary.header.count })
        #expect(
            summary.rows[1][3] == "–" && summary.rows[0][3].hasPrefix("0.") && summary.rows[0][3].contains("("))
        let long = result.longTable()
        #expect(long.rows.allSatisfy { $0.count == long.header.count })
        let areas = long.rows.filter { $0[0] == "a" && $0[1] == "auc" }
        #expect(areas.map { $0[3] } == ["delong", "delong_logit", "bootstrap_bca"])
        #expect(areas.allSatisfy { Double($0[2]) == result.labels[0].auc.value })
        let undefined = long.rows.first { $0[0] == "none" && $0[1] == "auc" }
        #expect(undefined?[2] == "" && undefined?.last == "there is no positive case")
    }

    @Test("The interval of a mean over one label is that of the label; labels share their draws")
    func macroInterval() throws {
        var bootstrap = Bootstrap(replicates: 200, method: .percentile, isStratified: false)
        let data = [Self.data("a", seed: 1), Self.data("b", seed: 2)]
        let alone = LabelledScores(label: "a", scores: data[0].scores, truths: data[0].truths)
        let ranked = try RankedScores(scores: alone.scores, truths: alone.truths)
        #expect(try bootstrap.macroAreaInterval([alone]) == bootstrap.areaInterval(ranked))
        let same = LabelledScores(label: "b", scores: alone.scores, truths: alone.truths)
        #expect(try bootstrap.macroAreaInterval([alone, same]) == bootstrap.macroAreaInterval([alone]))
        let difference = try bootstrap.macroDifferenceInterval([alone], [same])
        #expect(difference.lower == 0 && difference.upper == 0)
        let shared = data.map { label in
            LabelledScores(
                label: label.label, scores: label.scores, truths: label.truths, patients: data[0].patients)
        }
        bootstrap.replicates = 400
        let means = ModelEvaluation(shared, settings: Self.settings).means
        #expect(means.macroAUC.interval!.contains(means.macroAUC.value!))
        #expect(throws: Undefined.noDefinedLabel) {
            try bootstrap.macroAreaInterval([Self.data("none", seed: 3, prevalence: 0)])
        }
        #expect(throws: Undefined.differentCases) { try bootstrap.macroDifferenceInterval([alone], [data[1]]) }
    }

    private func snakeCase(_ value: Any) -> Bool {
        if let object = value as? [String: Any] {
            return object.allSatisfy { key, value in
                key.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" } && snakeCase(value)
            }
        }
        return (value as? [Any])?.allSatisfy(snakeCase) ?? true
    }

    @Test("A metric with neither value nor reason, or both, is refused")
    func damagedMetric() {
        for text in [#"{"value": null}"#, #"{"value": 1, "undefined": "there is no case"}"#, #"{"value": "x"}"#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Metric.self, from: Data(text.utf8))
            }
        }
    }

    @Test("Several classes: each against the rest, and the whole")
    func classes() throws {
        let rows = (0..<60).map { index in [0.5, 0.3, 0.2].indices.map { [0.5, 0.3, 0.2][($0 + index * 7) % 3] } }
        let result = ModelEvaluation(
            classes: ["a", "b", "c"], probabilities: rows, truths: (0..<60).map { $0 % 3 }, settings: .quick)
        #expect(result.labels.map(\.label) == ["a", "b", "c"])
        #expect(result.classes?.confusion.count == 60)
        #expect(try JSONDecoder().decode(ModelEvaluation.self, from: result.json()) == result)
    }

    @Test("Two models are compared label by label, with Holm's p-values")
    func comparison() throws {
        let first = [Self.data("a", seed: 1), Self.data("b", seed: 2), Self.data("none", seed: 3, prevalence: 0)]
        let second = first.map { data in
            let noise = Samples.uniform(seed: 77, count: 200)
            return LabelledScores(
                label: data.label, scores: zip(data.scores, noise).map { 0.4 * $0 + 0.6 * $1 },
                truths: data.truths,
                patients: data.patients)
        }
        let comparison = ModelComparison(first, second, names: ("one", "two"))
        let values = comparison.labels.compactMap(\.test?.pValue)
        #expect(values.count == 2)
        #expect(comparison.labels.compactMap(\.adjustedPValue) == Holm.adjusted(values))
        #expect(comparison.labels[2].undefined == .noPositives && comparison.labels[2].adjustedPValue == nil)
        #expect(comparison.labels[0].test!.difference > 0)
        #expect(try JSONDecoder().decode(ModelComparison.self, from: comparison.json()) == comparison)
        let means = ModelComparison(first, second, bootstrap: Bootstrap(replicates: 100)).macroDifference
        #expect(means!.value! > 0 && means!.interval!.contains(means!.value!))
        #expect(ModelComparison(first, first).labels[0].undefined == .identicalRanking)
        let fewer = LabelledScores(label: "a", scores: [1, 2, 3, 4], truths: [true, false, true, false])
        #expect(ModelComparison([first[0]], [fewer]).labels[0].undefined == .differentCases)
    }
}
