import Figures
import LightboxCore

extension ShownSamples {
    /// A picture with what the network says under each sample, and below that what is true.
    var grid: ImageGrid {
        let tiles = samples.flatMap { sample -> [ImageGrid.Tile] in
            guard let truth = sample.truth, let prediction = sample.prediction else {
                return [ImageGrid.Tile(sample.input, captions: sample.predicted + ["true: " + sample.actual])]
            }
            let maps = [truth, prediction].map { ColourMap.inferno.image(of: $0) }
            return [
                ImageGrid.Tile(sample.input, captions: ["input"]), ImageGrid.Tile(maps[0], captions: ["truth"]),
                ImageGrid.Tile(maps[1], captions: ["prediction"]),
            ]
        }
        let areMaps = samples.first?.truth != nil
        return ImageGrid(tiles, columns: areMaps ? 6 : 4, side: areMaps ? 110 : 180, isSmooth: !areMaps)
    }
}
