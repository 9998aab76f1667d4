/// Where the stored bits of a sample stand in its allocated word (PS3.5 section 8.1.1).
///
/// What stands outside them (overlays of old images, rubbish) is dropped, and signed values are extended.
package struct BitField: Sendable, Equatable {
    /// The position of the lowest stored bit.
    package var lowBit: Int
    package var count: Int

    package init(lowBit: Int = 0, count: Int) {
        self.lowBit = lowBit
        self.count = count
    }

    package init(_ description: PixelDescription) {
        self.init(lowBit: description.highBit + 1 - description.bitsStored, count: description.bitsStored)
    }

    @inline(__always)
    func extract<T: FixedWidthInteger>(_ word: T) -> T {
        (word &<< T(truncatingIfNeeded: T.bitWidth - lowBit - count)) &>> T(truncatingIfNeeded: T.bitWidth - count)
    }

    /// Extracts in place; nothing is done when the field is the whole word.
    package func extract<T: FixedWidthInteger>(from words: inout [T]) {
        guard count < T.bitWidth else { return }
        words.withUnsafeMutableBufferPointer { words in
            for index in words.indices { words[index] = extract(words[index]) }
        }
    }
}
