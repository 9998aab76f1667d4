import DICOM
import LightboxCore

/// Whether a value that is kept is what its VR says: words in a number or a date are not (PS3.5 table 6.2-1).
enum ValueCheck {
    /// True for VRs whose values have no form to check.
    static func isWellFormed(_ bytes: Bytes, _ vr: VR) -> Bool {
        switch vr {
        case .DA, .TM, .DT, .AS, .DS, .IS, .UI, .CS: bytes.withUnsafeBytes { isWellFormed($0, vr) }
        default: true
        }
    }

    private static func isWellFormed(_ bytes: UnsafeRawBufferPointer, _ vr: VR) -> Bool {
        bytes.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
            .allSatisfy { isWellFormed(trimmed($0), vr) }
    }

    private static func trimmed(_ value: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var value = value
        while let last = value.last, last == 0x20 || last == 0 { value.removeLast() }
        while let first = value.first, first == 0x20 { value.removeFirst() }
        return value
    }

    private static func isWellFormed(_ value: Slice<UnsafeRawBufferPointer>, _ vr: VR) -> Bool {
        switch vr {
        case .DA: return value.isEmpty || (value.count <= 10 && value.allSatisfy { isDigit($0) || $0 == 0x2e })
        case .TM: return value.count <= 16 && value.allSatisfy { isDigit($0) || $0 == 0x2e || $0 == 0x3a }
        case .DT:
            return value.count <= 26 && value.allSatisfy { isDigit($0) || $0 == 0x2e || $0 == 0x2b || $0 == 0x2d }
        case .AS: return value.isEmpty || isAge(value)
        case .DS: return value.count <= 32 && value.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
        case .IS: return value.count <= 16 && value.allSatisfy { isDigit($0) || $0 == 0x2b || $0 == 0x2d }
        case .UI: return value.count <= 64 && value.allSatisfy { isDigit($0) || $0 == 0x2e }
        // Lower case and hyphens occur though they should not.
        default:
            return value.count <= 16
                && value.allSatisfy { isDigit($0) || isLetter($0) || " _-.".utf8.contains($0) }
        }
    }

    private static func isAge(_ value: Slice<UnsafeRawBufferPointer>) -> Bool {
        value.count <= 4 && value.dropLast().allSatisfy(isDigit) && "DWMY".utf8.contains(value.last!)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
}
