package import DICOM

extension DICOMFile {
    /// Whether two files hold the same instance, though their bytes differ: the same attributes with the same values.
    /// File meta information, group lengths, VRs and native encodings do not count.
    package func holdsSame(as other: DICOMFile) -> Bool {
        let areNative = !transferSyntax.isEncapsulated && !other.transferSyntax.isEncapsulated
        guard
            transferSyntax == other.transferSyntax
                || (areNative && transferSyntax.isBigEndian == other.transferSyntax.isBigEndian)
        else { return false }
        return dataSet.hasValues(of: other.dataSet)
    }
}

extension DataSet {
    fileprivate func hasValues(of other: DataSet) -> Bool {
        let (mine, its) = (elements.lazy.filter(\.counts), other.elements.lazy.filter(\.counts))
        return mine.elementsEqual(its) { $0.tag == $1.tag && $0.value.equals($1.value) }
    }
}

extension Element {
    /// Group lengths are retired and come and go with the encoding.
    fileprivate var counts: Bool { tag.element != 0 }
}

extension Element.Value {
    fileprivate func equals(_ other: Element.Value) -> Bool {
        switch (self, other) {
        case (.bytes(let mine), .bytes(let its)): mine == its
        case (.sequence(let mine), .sequence(let its)): mine.elementsEqual(its) { $0.hasValues(of: $1) }
        case (.fragments(_, let mine), .fragments(_, let its)): mine == its
        default: false
        }
    }
}
