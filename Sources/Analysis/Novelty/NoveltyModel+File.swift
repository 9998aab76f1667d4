import Foundation
import LightboxCore
import WireFormats

extension NoveltyModel {
    /// What the file says of itself, as JSON.
    private struct Header: Codable {
        var version = 1
        let cases, neighbour: Int
        let sphere, shrinkage: Double
        let notes: [String: String]
    }

    private static let note = "lightbox.novelty"

    /// Writes a safetensors file that appears whole or not at all.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = Header(
            cases: count, neighbour: neighbour, sphere: covariance.sphere, shrinkage: covariance.shrinkage,
            notes: notes)
        var tensors = [
            SafetensorsTensor("features.centre", NDArray(shape: [length], values: covariance.centre)),
            SafetensorsTensor("features.components", Self.array(covariance.components)),
            SafetensorsTensor("features.variances", covariance.variances),
            SafetensorsTensor("features.cases", Self.array(neighbours.rows)),
            SafetensorsTensor("distances.features", scales.distances.features),
            SafetensorsTensor("distances.neighbours", scales.distances.neighbours),
        ]
        if let appearance, let distances = scales.distances.appearance {
            let shape = [appearance.centre.count]
            tensors += [
                SafetensorsTensor("appearance.centre", NDArray(shape: shape, values: appearance.centre)),
                SafetensorsTensor("appearance.deviations", NDArray(shape: shape, values: appearance.deviations)),
                SafetensorsTensor("appearance.cases", Self.array(appearance.neighbours.rows)),
                SafetensorsTensor("distances.appearance", distances),
            ]
        }
        let text = String(decoding: try encoder.encode(header), as: UTF8.self)
        try Safetensors.write(tensors, metadata: [Self.note: text], to: path)
    }

    /// Reads what ``write(to:)`` wrote.
    ///
    /// - Throws: `RecordError` for a file of another kind or version, or one whose parts do not fit each other.
    public init(path: String) throws {
        let file = try Safetensors(path: path)
        do { try self.init(file) } catch let error as RecordError { throw error.located(in: path) }
    }

    private init(_ file: Safetensors) throws {
        guard let text = file.metadata[Self.note],
            let header = try? JSONDecoder().decode(Header.self, from: Data(text.utf8))
        else { throw Self.malformed("it says nothing of novelty") }
        guard header.version == 1 else {
            throw RecordError(
                .unsupported,
                remedy: "It has version \(header.version) of its format, this program reads 1. Update it.")
        }
        let parts = Parts(file: file)
        let cases = header.cases
        guard (Self.minimumCases...(1 << 24)).contains(cases), (1...cases).contains(header.neighbour),
            header.sphere.isFinite, header.sphere > 0, header.shrinkage > 0, header.shrinkage <= 1
        else { throw Self.malformed("its numbers are out of range") }

        let components = try parts.matrix("features.components")
        let rows = try parts.matrix("features.cases", rows: cases)
        guard components.rows <= components.columns, rows.columns <= components.rows else {
            throw Self.malformed("its components do not fit each other")
        }
        covariance = ShrunkCovariance(
            count: cases, centre: try parts.floats("features.centre", components.columns), components: components,
            variances: try parts.doubles("features.variances", components.rows, above: true),
            sphere: header.sphere,
            shrinkage: header.shrinkage)
        neighbours = NeighbourDistance(rows: rows, rank: header.neighbour)
        var distances: [Double]?
        if file["appearance.cases"] != nil {
            let looks = try parts.matrix("appearance.cases", rows: cases)
            let deviations = try parts.floats("appearance.deviations", looks.columns)
            guard deviations.allSatisfy({ $0 > 0 }) else { throw Self.malformed("a deviation is not above 0") }
            appearance = Appearance(
                centre: try parts.floats("appearance.centre", looks.columns), deviations: deviations,
                neighbours: NeighbourDistance(rows: looks, rank: header.neighbour))
            distances = try parts.doubles("distances.appearance", cases)
        } else {
            appearance = nil
        }
        scales = Scales(
            LeftOut(
                features: try parts.doubles("distances.features", cases),
                neighbours: try parts.doubles("distances.neighbours", cases), appearance: distances))
        notes = header.notes
    }

    /// Arrays of the file with the shape that is expected of them, finite throughout.
    private struct Parts {
        let file: Safetensors

        func matrix(_ name: String, rows: Int? = nil) throws -> FeatureMatrix {
            let array = try tensor(name, dimensions: 2).array()
            guard array.shape[0] > 0, array.shape[1] > 0, rows.map({ $0 == array.shape[0] }) ?? true,
                array.values.allSatisfy(\.isFinite)
            else { throw NoveltyModel.malformed("\(name) has another shape, or a number that is none") }
            return FeatureMatrix(rows: array.shape[0], columns: array.shape[1], values: array.values)
        }

        func floats(_ name: String, _ count: Int) throws -> [Float] {
            let values = try tensor(name, dimensions: 1).array().values
            guard values.count == count, values.allSatisfy(\.isFinite) else {
                throw NoveltyModel.malformed("\(name) has another length, or a number that is none")
            }
            return values
        }

        /// - Parameter above: 0 is refused, too.
        func doubles(_ name: String, _ count: Int, above: Bool = false) throws -> [Double] {
            let values = try tensor(name, dimensions: 1).doubles()
            guard values.count == count, values.allSatisfy({ $0.isFinite && (above ? $0 > 0 : $0 >= 0) }) else {
                throw NoveltyModel.malformed("\(name) has another length, or a number out of range")
            }
            return values
        }

        private func tensor(_ name: String, dimensions: Int) throws -> SafetensorsTensor {
            guard let tensor = file[name], tensor.shape.count == dimensions, tensor.type.isFloat else {
                throw NoveltyModel.malformed("\(name) is missing or of another kind")
            }
            return tensor
        }
    }

    private static func array(_ matrix: FeatureMatrix) -> NDArray {
        NDArray(shape: [matrix.rows, matrix.columns], values: matrix.values)
    }

    private static func malformed(_ what: String) -> RecordError {
        RecordError(
            .malformedSafetensors,
            remedy: "This is no file of training cases (\(what)): make it with `lightbox analyze novelty --save`.")
    }
}
