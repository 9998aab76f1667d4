import DICOM
import LightboxCore

/// Damages what stands in and around the pixel data of a file, the same way for the same seed.
struct PixelMutation {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func apply(to file: DICOMFile) -> DICOMFile {
        var file = file
        guard let element = file.dataSet[.pixelData] else { return file }
        let value: Element.Value
        switch element.value {
        case .bytes(let bytes): value = .bytes(Bytes(damaged(bytes.array)))
        case .fragments(let offsetTable, var fragments):
            var offsets = offsetTable.array
            switch Int.random(in: 0..<12, using: &random) {
            case 0: offsets = damaged(offsets)
            case 1: fragments.removeLast()
            case 2: fragments.append(fragments[0])
            case 3: fragments = fragments.flatMap { [$0[0..<$0.count / 2], $0[$0.count / 2..<$0.count]] }
            default:
                let index = fragments.indices.randomElement(using: &random)!
                fragments[index] = Bytes(damaged(fragments[index].array))
            }
            value = .fragments(offsetTable: Bytes(offsets), fragments)
        case .sequence: return file
        }
        file.dataSet[.pixelData] = Element(.pixelData, element.vr, value)
        if Int.random(in: 0..<6, using: &random) == 0 { forgeDescription(&file.dataSet) }
        return file
    }

    private mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [0xff] }
        var bytes = bytes
        switch Int.random(in: 0..<10, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        case 1: bytes.removeFirst(Int.random(in: 0...min(16, bytes.count), using: &random))
        case 2: bytes.insert(contentsOf: bytes.prefix(32), at: Int.random(in: 0...bytes.count, using: &random))
        case 3, 4, 5:
            // The stream's own header, where sizes stand.
            for _ in 0..<Int.random(in: 1...4, using: &random) { flip(&bytes, below: 100) }
        default:
            for _ in 0..<Int.random(in: 1...12, using: &random) { flip(&bytes, below: bytes.count) }
        }
        return bytes
    }

    private mutating func flip(_ bytes: inout [UInt8], below limit: Int) {
        let index = Int.random(in: 0..<min(limit, bytes.count), using: &random)
        let rubbish: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)]
        bytes[index] = rubbish.randomElement(using: &random)!
    }

    private mutating func forgeDescription(_ dataSet: inout DataSet) {
        let tags: [Tag] = [
            .rows, .columns, .samplesPerPixel, .bitsAllocated, .bitsStored, .highBit, .pixelRepresentation,
            .planarConfiguration,
        ]
        let any = UInt16.random(in: 0...0xffff, using: &random)
        let numbers: [UInt16] = [0, 1, 3, 8, 16, 32, 64, 1000, 0xffff, any]
        dataSet[tags.randomElement(using: &random)!].map { element in
            dataSet[element.tag] = .uint16(element.tag, numbers.randomElement(using: &random)!)
        }
        if Bool.random(using: &random) {
            let counts = ["2", "7", "100000", "2147483647", "-1"]
            dataSet[.numberOfFrames] = .text(.numberOfFrames, counts.randomElement(using: &random)!)
        }
    }
}
