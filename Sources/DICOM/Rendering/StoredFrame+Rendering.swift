package import LightboxCore

extension StoredFrame {
    /// The picture that a display shows: grey through the modality and VOI transforms, colours as RGB.
    ///
    /// Overlays are not burnt in, and colour profiles are not applied.
    /// - Parameter dataSet: the object that the frame is of.
    /// - Parameter index: the frame's number in the object, from 0: frames may have windows of their own.
    /// - Parameter bits: 8 or 16, for grey images; colours have 8.
    /// - Throws: ``DICOMError`` for colour models that are not rendered and for broken lookup tables.
    package func rendered(
        _ dataSet: DataSet, index: Int = 0, window: WindowChoice = .fromFile, bits: Int = 8
    ) throws -> Image {
        precondition(bits == 8 || bits == 16)
        let interpretation = description.photometricInterpretation
        if interpretation.isMonochrome {
            let renderer = try GreyRenderer(dataSet, self, index: index, window: window)
            return image(1, bits == 8 ? .uint8(renderer.render(samples)) : .uint16(renderer.render(samples)))
        }
        if interpretation == .paletteColor {
            return image(3, .uint8(try Palette(dataSet, isSigned: description.isSigned).apply(samples)))
        }
        return image(3, .uint8(try ColourRenderer(self).render()))
    }

    private func image(_ channels: Int, _ samples: Image.Samples) -> Image {
        Image(width: description.columns, height: description.rows, channels: channels, samples: samples)
    }
}
