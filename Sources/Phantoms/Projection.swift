/// What the rays meet on their way to each pixel, in centimetres of material.
final class Projection {
    let canvas: Canvas
    /// The whole body as if it were solid water.
    let body: Plane
    /// Lung on the way: water replaced by inflated tissue.
    let air: Plane
    /// What part of that lung is filled with fluid or collapsed, 0...1.
    let opacity: Plane
    /// What part of it is free air in the pleural space, without tissue and vessels, 0...1.
    let freeAir: Plane
    /// Vessels within the lung, as water.
    let vessels: Plane
    /// Water that does not depend on lung around it: nodules, thick pleura. May be negative (air passages).
    let water: Plane
    let bone: Plane
    /// Lead and steel, in centimetres of bone that stop as much.
    let metal: Plane

    init(_ canvas: Canvas) {
        self.canvas = canvas
        body = canvas.plane()
        air = canvas.plane()
        opacity = canvas.plane()
        freeAir = canvas.plane()
        vessels = canvas.plane()
        water = canvas.plane()
        bone = canvas.plane()
        metal = canvas.plane()
    }

    /// Adds a layer of strokes: within it the thickest counts, to what is there it adds.
    func add(_ strokes: [Stroke], to plane: Plane, times factor: Float = 1) {
        let layer = canvas.plane()
        for stroke in strokes { stroke.draw(on: layer, canvas) }
        for index in 0..<plane.count { plane.values[index] += factor * layer.values[index] }
    }

    /// Fills a further part, 0...1, of the lung at a pixel.
    @inline(__always)
    func fill(_ index: Int, _ part: Float) {
        let before = opacity.values[index]
        opacity.values[index] = before + (1 - before) * part
    }

    /// Fills lung in a cloud with a ragged edge.
    ///
    /// - Parameters:
    ///   - radii: half width and half height in centimetres.
    ///   - softness: the edge's part of the radius: 0.1 sharp, 0.9 a haze.
    ///   - ragged: how far `noise` moves the edge, over the radius.
    func fillCloud(
        at center: Point, radii: Point, part: Float, softness: Float, ragged: Float, noise: Plane
    ) {
        let reach = 1 + ragged
        let (rows, columns) = canvas.pixels(around: center, radii.x * reach, radii.y * reach)
        for row in rows {
            let y = canvas.y(ofRow: row)
            let (first, step) = canvas.columns(atHeight: y)
            let dy = (y - center.y) / radii.y
            for column in columns {
                let dx = (first + step * Float(column) - center.x) / radii.x
                let distance = (dx * dx + dy * dy).squareRoot()
                let index = row * canvas.width + column
                let edge = distance + ragged * noise.values[index]
                let value = part * (1 - smoothStep(1 - softness, 1, edge))
                if value > 0 { fill(index, value) }
            }
        }
    }

    /// Adds a ball of water (or, with a negative weight, of air), its rim slightly blurred.
    func addBall(at center: Point, radius: Float, weight: Float, to plane: Plane, flatness: Float = 1) {
        let (rows, columns) = canvas.pixels(around: center, radius, radius * flatness)
        for row in rows {
            let y = canvas.y(ofRow: row)
            let (first, step) = canvas.columns(atHeight: y)
            let dy = (y - center.y) / (radius * flatness)
            for column in columns {
                let dx = (first + step * Float(column) - center.x) / radius
                let rest = 1 - dx * dx - dy * dy
                if rest > 0 { plane.row(row)[column] += weight * 2 * radius * rest.squareRoot() }
            }
        }
    }
}
