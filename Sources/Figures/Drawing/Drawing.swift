import Foundation
public import LightboxCore

/// A picture as a list of what is drawn, in points from the upper left; later elements cover earlier ones.
///
/// The same list becomes SVG text with ``svg()`` and a PNG with ``png(scale:)``.
/// ```swift
/// var drawing = Drawing(width: 200, height: 100)
/// drawing.line(Point(10, 90), Point(190, 10), Stroke(.series(0), width: 2))
/// drawing.text("rising", at: Point(100, 20), anchor: .middle)
/// ```
public struct Drawing: Sendable, Equatable {
    /// Which part of a text stands at its point.
    public enum Anchor: String, Sendable {
        case start, middle, end
    }

    /// Which height of a text stands at its point.
    public enum Baseline: Sendable {
        case top, middle, baseline
    }

    public struct Text: Sendable, Equatable {
        public let text: String
        /// Of the anchor, on the baseline.
        public let place: Point
        public let size: Double
        public let anchor: Anchor
        public let paint: Paint
        public let isBold: Bool
        /// Clockwise about `place`, in degrees.
        public let rotation: Double
    }

    public enum Element: Sendable, Equatable {
        case path([Point], isClosed: Bool, fill: Fill?, stroke: Stroke?)
        case rectangle(Rectangle, radius: Double, fill: Fill?, stroke: Stroke?)
        case circle(Point, radius: Double, fill: Fill?, stroke: Stroke?)
        case text(Text)
        /// `isSmooth` blends pixels; otherwise each is a small square.
        case image(Image, Rectangle, isSmooth: Bool)
        /// Elements of another drawing with its upper left at a place, larger or smaller by a factor.
        case placed([Element], Point, scale: Double)
        /// Elements that show only inside a rectangle.
        case clipped([Element], Rectangle)
    }

    /// In points.
    public var width: Double
    /// In points.
    public var height: Double
    /// What the picture shows, for readers who do not see it.
    public var summary: String
    public private(set) var elements: [Element] = []

    public init(width: Double, height: Double, summary: String = "") {
        self.width = width
        self.height = height
        self.summary = summary
    }

    public mutating func line(_ start: Point, _ end: Point, _ stroke: Stroke) {
        polyline([start, end], stroke)
    }

    public mutating func polyline(_ points: [Point], _ stroke: Stroke) {
        guard points.count > 1 else { return }
        elements.append(.path(points, isClosed: false, fill: nil, stroke: stroke))
    }

    public mutating func polygon(_ points: [Point], fill: Fill? = nil, stroke: Stroke? = nil) {
        guard points.count > 2 else { return }
        elements.append(.path(points, isClosed: true, fill: fill, stroke: stroke))
    }

    /// - Parameter radius: of the corners.
    public mutating func rectangle(
        _ rectangle: Rectangle, fill: Fill? = nil, stroke: Stroke? = nil, radius: Double = 0
    ) {
        elements.append(.rectangle(rectangle, radius: radius, fill: fill, stroke: stroke))
    }

    public mutating func circle(_ middle: Point, radius: Double, fill: Fill? = nil, stroke: Stroke? = nil) {
        elements.append(.circle(middle, radius: radius, fill: fill, stroke: stroke))
    }

    /// Writes one line of text, in DejaVu Sans or the page's font.
    ///
    /// - Parameters:
    ///   - size: of the font, in points.
    ///   - rotation: clockwise about `place`, in degrees.
    public mutating func text(
        _ text: String, at place: Point, size: Double = 10, anchor: Anchor = .start,
        baseline: Baseline = .baseline, paint: Paint = .ink, isBold: Bool = false, rotation: Double = 0
    ) {
        guard !text.isEmpty else { return }
        // Renderers differ in what they take for a font's middle, so it is reckoned here.
        let drop = baseline == .baseline ? 0 : baseline == .middle ? 0.36 * size : 0.76 * size
        let turn = rotation * .pi / 180
        let moved = Point(place.x - drop * sin(turn), place.y + drop * cos(turn))
        elements.append(
            .text(
                Text(
                    text: text, place: moved, size: size, anchor: anchor, paint: paint, isBold: isBold,
                    rotation: rotation)))
    }

    public mutating func image(_ image: Image, in rectangle: Rectangle, isSmooth: Bool = true) {
        elements.append(.image(image, rectangle, isSmooth: isSmooth))
    }

    /// Puts another drawing with its upper left at `place`.
    ///
    /// - Parameter scale: what its lengths are multiplied by.
    public mutating func add(_ drawing: Drawing, at place: Point, scale: Double = 1) {
        elements.append(.placed(drawing.elements, place, scale: scale))
    }

    /// Draws what shows only inside `rectangle`.
    public mutating func clipped(to rectangle: Rectangle, _ draw: (inout Drawing) -> Void) {
        var inner = Drawing(width: width, height: height)
        draw(&inner)
        elements.append(.clipped(inner.elements, rectangle))
    }
}
