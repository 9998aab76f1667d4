/// The output of one layer while an architecture is being written: each method adds a layer behind it.
///
/// Names are those of the weight file. A layer without weights may stay unnamed.
public struct Node {
    let builder: GraphBuilder
    let index: Int

    /// `[height, width, channels]` or `[features]`.
    public var shape: [Int] { builder.layers[index].shape }
    public var channels: Int { shape.last ?? 0 }

    /// Adds any layer behind this one, and behind `others` where it has more inputs.
    public func layer(_ operation: Operation, _ name: String? = nil, with others: [Node] = []) -> Node {
        builder.append(operation, named: name, inputs: [index] + others.map(\.index))
    }

    public func conv(
        _ name: String?, _ filters: Int, kernel: Extent, stride: Extent = 1, padding: Padding = .valid,
        bias: Bool = false
    ) -> Node {
        let window = Window(kernel, stride: stride, padding: padding)
        return layer(.convolution(filters: filters, window, hasBias: bias), name)
    }

    /// A convolution that the weight file leaves unnamed.
    public func conv(
        _ filters: Int, kernel: Extent, stride: Extent = 1, padding: Padding = .valid, bias: Bool = false
    ) -> Node {
        conv(nil, filters, kernel: kernel, stride: stride, padding: padding, bias: bias)
    }

    public func depthwise(
        _ name: String? = nil, kernel: Extent = 3, stride: Extent = 1, padding: Padding = .same,
        multiplier: Int = 1, bias: Bool = false
    ) -> Node {
        let window = Window(kernel, stride: stride, padding: padding)
        return layer(.depthwise(multiplier: multiplier, window, hasBias: bias), name)
    }

    public func separable(
        _ name: String?, _ filters: Int, kernel: Extent = 3, stride: Extent = 1, padding: Padding = .same,
        bias: Bool = false
    ) -> Node {
        let window = Window(kernel, stride: stride, padding: padding)
        return layer(.separable(filters: filters, window, hasBias: bias), name)
    }

    public func dense(_ name: String?, _ units: Int, bias: Bool = true) -> Node {
        layer(.dense(units: units, hasBias: bias), name)
    }

    /// Batch normalisation; behind a named layer it is called that name and `_bn` unless told otherwise.
    public func norm(_ name: String? = nil, _ norm: Norm = Norm()) -> Node {
        let previous = builder.layers[index]
        return layer(.norm(norm), name ?? (previous.isNamed ? previous.name + "_bn" : nil))
    }

    public func norm(_ norm: Norm) -> Node { self.norm(nil, norm) }

    public func relu(_ name: String? = nil) -> Node { layer(.activation(.relu), name) }
    public func relu6(_ name: String? = nil) -> Node { layer(.activation(.relu6), name) }

    /// `linear` adds nothing.
    public func activation(_ activation: Activation, _ name: String? = nil) -> Node {
        activation == .linear ? self : layer(.activation(activation), name)
    }

    public func maxPool(
        _ name: String?, _ size: Extent, stride: Extent, padding: Padding = .valid
    ) -> Node {
        layer(.pool(.max, Window(size, stride: stride, padding: padding)), name)
    }

    public func maxPool(_ size: Extent, stride: Extent, padding: Padding = .valid) -> Node {
        maxPool(nil, size, stride: stride, padding: padding)
    }

    public func averagePool(
        _ name: String?, _ size: Extent, stride: Extent, padding: Padding = .valid
    ) -> Node {
        layer(.pool(.average, Window(size, stride: stride, padding: padding)), name)
    }

    public func averagePool(_ size: Extent, stride: Extent, padding: Padding = .valid) -> Node {
        averagePool(nil, size, stride: stride, padding: padding)
    }

    public func globalAverage(_ name: String? = nil, keepsDimensions: Bool = false) -> Node {
        layer(.globalPool(.average, keepsDimensions: keepsDimensions), name)
    }

    public func globalMax(_ name: String? = nil) -> Node {
        layer(.globalPool(.max, keepsDimensions: false), name)
    }

    public func padded(_ name: String?, _ edges: Edges) -> Node { layer(.zeroPadding(edges), name) }
    public func padded(_ edges: Edges) -> Node { padded(nil, edges) }
    public func flattened(_ name: String? = nil) -> Node { layer(.flatten, name) }
    public func reshaped(_ name: String?, _ shape: [Int]) -> Node { layer(.reshape(shape), name) }
    public func dropout(_ name: String? = nil, rate: Float) -> Node { layer(.dropout(rate: rate), name) }

    /// The sum, element by element.
    public func adding(_ other: Node, _ name: String? = nil) -> Node { layer(.add, name, with: [other]) }

    /// This node's channels, then the others'.
    public func joined(with others: Node..., named name: String? = nil) -> Node {
        layer(.concatenate, name, with: others)
    }
}
