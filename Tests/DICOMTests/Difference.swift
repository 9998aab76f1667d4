import DICOM
import LightboxCore

/// Where two data sets differ: the place and kind of the first difference, nil when there is none. Group
/// lengths, which are not written, and padding to an even length do not count.
func difference(_ left: DataSet, _ right: DataSet, at place: String = "") -> String? {
    let left = left.elements.filter { $0.tag.element != 0 }
    let right = right.elements.filter { $0.tag.element != 0 }
    if left.map(\.tag) != right.map(\.tag) {
        let lost = Set(left.map(\.tag)).symmetricDifference(right.map(\.tag)).map(\.description).sorted()
        return "\(place) tags \(lost)"
    }
    for (one, other) in zip(left, right) {
        let name = place + one.tag.description
        if one.vr != other.vr { return "\(name) \(one.vr) became \(other.vr)" }
        switch (one.value, other.value) {
        case (.bytes(let one), .bytes(let other)):
            if !isSame(one, other) { return "\(name) value" }
        case (.sequence(let ones), .sequence(let others)):
            if ones.count != others.count { return "\(name) \(ones.count) items became \(others.count)" }
            for (index, pair) in zip(ones, others).enumerated() {
                if let inner = difference(pair.0, pair.1, at: "\(name)[\(index)]") { return inner }
            }
        case (.fragments(let table, let ones), .fragments(let otherTable, let others)):
            if table != otherTable || ones.count != others.count || !zip(ones, others).allSatisfy(isSame) {
                return "\(name) fragments"
            }
        default: return "\(name) kind of value"
        }
    }
    return nil
}

private func isSame(_ one: Bytes, _ other: Bytes) -> Bool {
    one == other || (one.count & 1 == 1 && other.count == one.count + 1 && other[0..<one.count] == one)
}
