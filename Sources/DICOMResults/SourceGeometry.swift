import DICOM

/// Where the frames of an image lie in the patient.
struct SourceGeometry {
    let frameOfReferenceUID: String
    /// Six direction cosines.
    let orientation: [Double]
    /// Millimetres between rows and between columns.
    let spacing: [Double]
    let sliceThickness: Double?
    /// Millimetres, of each frame asked for.
    let positions: [[Double]]

    /// nil for an image that does not say, as a plain film, or whose frames are turned to one another.
    ///
    /// - Parameter frames: from 1.
    init?(_ source: SourceImage, frames: [Int]) {
        guard let uid = source.dataSet.string(.frameOfReferenceUID) else { return nil }
        let planes = frames.map { Plane(source.dataSet, frame: $0) }
        guard let first = planes.first, first.isWhole, planes.allSatisfy({ $0.isParallel(to: first) }) else {
            return nil
        }
        frameOfReferenceUID = uid
        orientation = first.orientation
        spacing = first.spacing
        sliceThickness = first.thickness
        positions = planes.map(\.position)
    }

    /// Pixel measures and plane orientation, the same for all frames (PS3.3 C.7.6.16.2.1, .4).
    var shared: [Element] {
        var measures = DataSet([decimals(.pixelSpacing, spacing)])
        if let sliceThickness { measures[.sliceThickness] = decimals(.sliceThickness, [sliceThickness]) }
        return [
            .sequence(.pixelMeasuresSequence, [measures]),
            .sequence(.planeOrientationSequence, [DataSet([decimals(.imageOrientationPatient, orientation)])]),
        ]
    }

    func plane(_ index: Int) -> Element {
        .sequence(.planePositionSequence, [DataSet([decimals(.imagePositionPatient, positions[index])])])
    }

    /// The places of each frame along x, y and z, counted from 1: the value's rank among those that occur.
    var ranks: [[Int]] {
        let sorted = (0..<3).map { axis in Set(positions.map { $0[axis] }).sorted() }
        return positions.map { position in (0..<3).map { sorted[$0].firstIndex(of: position[$0])! + 1 } }
    }

    private func decimals(_ tag: Tag, _ values: [Double]) -> Element {
        .text(tag, values.map { value in Element.double(tag, value).texts.first ?? "0" })
    }

    /// One frame's, from its functional groups or from the image's own attributes.
    private struct Plane {
        var position: [Double]
        var orientation: [Double]
        var spacing: [Double]
        var thickness: Double?

        init(_ dataSet: DataSet, frame: Int) {
            let own = dataSet.items(.perFrameFunctionalGroupsSequence)
            let groups =
                [own.indices.contains(frame - 1) ? own[frame - 1] : nil]
                + [dataSet.items(.sharedFunctionalGroupsSequence).first]
            func numbers(_ macro: Tag, _ tag: Tag) -> [Double] {
                for case let group? in groups {
                    if let item = group.items(macro).first, item[tag] != nil { return item.doubles(tag) }
                }
                return own.isEmpty ? dataSet.doubles(tag) : []
            }
            position = numbers(.planePositionSequence, .imagePositionPatient)
            orientation = numbers(.planeOrientationSequence, .imageOrientationPatient)
            spacing = numbers(.pixelMeasuresSequence, .pixelSpacing)
            thickness = numbers(.pixelMeasuresSequence, .sliceThickness).first
        }

        var isWhole: Bool { position.count == 3 && orientation.count == 6 && spacing.count { $0 > 0 } == 2 }

        func isParallel(to other: Plane) -> Bool {
            isWhole && orientation == other.orientation && spacing == other.spacing
        }
    }
}

extension Element {
    /// The value's texts, for a value that was just written.
    fileprivate var texts: [String] { DataSet([self]).strings(tag) }
}
