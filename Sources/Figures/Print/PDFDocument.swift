import CCairo

/// Writes drawings as the pages of a PDF file.
struct PDFDocument {
    /// All of the first one's size.
    var pages: [Drawing]
    var title: String

    /// The bytes of the file. Text stays text, so that it can be searched and copied.
    func bytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        let size = pages.first.map { ($0.width, $0.height) } ?? PrintLayout.paper
        try withUnsafeMutablePointer(to: &bytes) { bytes in
            let surface = cairo_pdf_surface_create_for_stream(
                { bytes, data, count in
                    let buffer = UnsafeBufferPointer(start: data, count: Int(count))
                    bytes?.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: buffer)
                    return CAIRO_STATUS_SUCCESS
                }, bytes, size.0, size.1)
            defer { cairo_surface_destroy(surface) }
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title)
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Lightbox")
            let context = cairo_create(surface)
            defer { cairo_destroy(context) }
            for page in pages {
                if let context {
                    let painter = CairoPainter(context: context)
                    for element in page.elements { try painter.draw(element) }
                }
                cairo_show_page(context)
            }
            cairo_surface_finish(surface)
            guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS,
                cairo_status(context) == CAIRO_STATUS_SUCCESS
            else { throw FigureError(code: .notDrawn, remedy: "Free memory and try again, or write HTML.") }
        }
        return bytes
    }
}
