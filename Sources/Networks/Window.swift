/// Height and width: `3` for 3 × 3, `(1, 7)` written `Extent(1, 7)`.
public struct Extent: Sendable, Hashable, ExpressibleByIntegerLiteral {
    public var height: Int
    public var width: Int

    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    public init(integerLiteral side: Int) { self.init(side, side) }
}

/// How many rows and columns stand on each side.
public struct Edges: Sendable, Hashable {
    public var top = 0
    public var left = 0
    public var bottom = 0
    public var right = 0

    public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    public init(all: Int) { self.init(top: all, left: all, bottom: all, right: all) }

    static func + (a: Edges, b: Edges) -> Edges {
        Edges(top: a.top + b.top, left: a.left + b.left, bottom: a.bottom + b.bottom, right: a.right + b.right)
    }
}

/// TensorFlow's two rules for the border of a sliding window.
public enum Padding: String, Sendable, Hashable {
    /// Only windows that lie inside.
    case valid
    /// `ceil(size / stride)` windows; where the missing rows are odd, the odd one is at the bottom or right.
    case same
}

/// A window that slides over rows and columns: of a convolution or a pooling.
public struct Window: Sendable, Hashable {
    public var size: Extent
    public var stride: Extent
    public var padding: Padding

    public init(_ size: Extent, stride: Extent = 1, padding: Padding = .valid) {
        self.size = size
        self.stride = stride
        self.padding = padding
    }

    /// Rows and columns that come out; zero or less where the window does not fit.
    public func output(of input: Extent) -> Extent {
        func along(_ input: Int, _ size: Int, _ stride: Int) -> Int {
            switch padding {
            case .valid: input < size ? 0 : (input - size) / stride + 1
            case .same: (input + stride - 1) / stride
            }
        }
        return Extent(
            along(input.height, size.height, stride.height), along(input.width, size.width, stride.width))
    }

    /// What is added around the input: nothing for `valid`.
    public func edges(of input: Extent) -> Edges {
        guard padding == .same else { return Edges() }
        let output = output(of: input)
        let rows = max(0, (output.height - 1) * stride.height + size.height - input.height)
        let columns = max(0, (output.width - 1) * stride.width + size.width - input.width)
        return Edges(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
}
