/// Attributes in ascending order of their tags: a file's content, or one item of a sequence.
public struct DataSet: Sendable {
    /// Ascending, each tag once.
    public private(set) var elements: [Element]
    /// The Specific Character Set that an item without its own inherits from the data set around it.
    package var inheritedCharacterSet: String?

    /// - Parameter elements: in any order; of two with the same tag the last one counts.
    public init(_ elements: [Element] = []) {
        if zip(elements, elements.dropFirst()).allSatisfy({ $0.tag < $1.tag }) {
            self.elements = elements
            return
        }
        // Swift's sort is stable, so of equal tags the last one stays last.
        self.elements = []
        for element in elements.sorted(by: { $0.tag < $1.tag }) {
            if self.elements.last?.tag == element.tag { self.elements.removeLast() }
            self.elements.append(element)
        }
    }

    /// - Precondition: `elements` ascend, each tag once.
    init(ascending elements: [Element], inheritedCharacterSet: String?) {
        self.elements = elements
        self.inheritedCharacterSet = inheritedCharacterSet
    }

    /// Reads, replaces, adds or (with nil) removes an attribute.
    public subscript(_ tag: Tag) -> Element? {
        get {
            let index = position(of: tag)
            return index < elements.count && elements[index].tag == tag ? elements[index] : nil
        }
        set {
            precondition(newValue == nil || newValue?.tag == tag)
            let index = position(of: tag)
            let exists = index < elements.count && elements[index].tag == tag
            switch (newValue, exists) {
            case (let element?, true): elements[index] = element
            case (let element?, false): elements.insert(element, at: index)
            case (nil, true): elements.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// Where `tag` stands or would stand.
    private func position(of tag: Tag) -> Int {
        var low = 0
        var high = elements.count
        while low < high {
            let middle = (low + high) / 2
            if elements[middle].tag < tag { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
