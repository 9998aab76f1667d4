import LightboxCore

extension Drawing {
    /// Writes a file: PNG where its name ends in `.png`, else SVG.
    ///
    /// - Throws: ``FigureError`` for a picture that is too large, or what the disk says.
    public func write(to path: String) throws {
        try AtomicFile.write(
            path.hasSuffix(".png") ? png() : Array(svg().utf8), to: path)
    }
}
