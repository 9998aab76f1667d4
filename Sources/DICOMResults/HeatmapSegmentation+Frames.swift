import DICOM
import LightboxCore

extension HeatmapSegmentation {
    /// What holds of all frames and of each, and by which coordinates they are ordered (PS3.3 C.7.6.16, C.7.6.17).
    var functionalGroups: [Element] {
        let geometry = SourceGeometry(source, frames: maps.map { $0.frame ?? 1 })
        let organization = ResultUID.make(["dimensions", key.instance ?? ""])
        let pointers = self.pointers(geometry)
        var elements: [Element] = [
            .int(.numberOfFrames, maps.count),
            .sequence(
                .dimensionOrganizationSequence, [DataSet([.text(.dimensionOrganizationUID, organization)])]),
            .sequence(
                .dimensionIndexSequence,
                pointers.map { pointer in
                    DataSet([
                        .tags(.dimensionIndexPointer, pointer.tag),
                        .tags(.functionalGroupPointer, pointer.group),
                        .text(.dimensionOrganizationUID, organization),
                        .text(.dimensionDescriptionLabel, pointer.label),
                    ])
                }),
            .sequence(.sharedFunctionalGroupsSequence, [DataSet(geometry?.shared ?? [])]),
            .sequence(.perFrameFunctionalGroupsSequence, frames(geometry)),
        ]
        if let geometry {
            elements += [
                .text(.frameOfReferenceUID, geometry.frameOfReferenceUID),
                source.dataSet.inUTF8(.positionReferenceIndicator) ?? .text(.positionReferenceIndicator, ""),
            ]
        }
        return elements
    }

    private typealias Pointer = (tag: Tag, group: Tag, label: String)

    /// Segment first, then the place in the patient, or, where that is not known, the number among the frames.
    private func pointers(_ geometry: SourceGeometry?) -> [Pointer] {
        let segment: Pointer = (.referencedSegmentNumber, .segmentIdentificationSequence, "Segment")
        if geometry != nil { return [segment, (.imagePositionPatient, .planePositionSequence, "Position")] }
        if source.frameCount > 1 { return [segment, (.inStackPositionNumber, .frameContentSequence, "Frame")] }
        return [segment]
    }

    private func frames(_ geometry: SourceGeometry?) -> [DataSet] {
        let places = placeIndices(geometry)
        return maps.enumerated().map { index, map in
            let segment = labels.firstIndex(of: map.label)! + 1
            var content = DataSet([.uint32(.dimensionIndexValues, UInt32(segment))])
            if geometry != nil || source.frameCount > 1 {
                content[.dimensionIndexValues] = .uint32(
                    .dimensionIndexValues, UInt32(segment), UInt32(places[index]))
            }
            if geometry == nil && source.frameCount > 1 {
                content[.stackID] = .text(.stackID, "1")
                content[.inStackPositionNumber] = .uint32(.inStackPositionNumber, UInt32(map.frame ?? 1))
            }
            var groups = DataSet([
                .sequence(.frameContentSequence, [content]),
                .sequence(
                    .segmentIdentificationSequence, [DataSet([.uint16(.referencedSegmentNumber, UInt16(segment))])]
                ),
                .sequence(.derivationImageSequence, [derivation(map)]),
            ])
            if let geometry { groups[.planePositionSequence] = geometry.plane(index) }
            return groups
        }
    }

    /// Each map's place among those that occur, from 1.
    private func placeIndices(_ geometry: SourceGeometry?) -> [Int] {
        guard let geometry else { return maps.map { $0.frame ?? 1 } }
        let ranks = geometry.ranks
        let sorted = Set(ranks).sorted { $0.lexicographicallyPrecedes($1) }
        return ranks.map { sorted.firstIndex(of: $0)! + 1 }
    }

    private func derivation(_ map: Map) -> DataSet {
        var reference = source.reference(frame: map.frame)
        reference[.purposeOfReferenceCodeSequence] = .sequence(
            .purposeOfReferenceCodeSequence, [Code.sourceOfProcessing.item])
        reference[.spatialLocationsPreserved] = .text(.spatialLocationsPreserved, "YES")
        return DataSet([
            .sequence(.sourceImageSequence, [reference]),
            .sequence(.derivationCodeSequence, [Code("113076", "DCM", "Segmentation").item]),
        ])
    }
}
