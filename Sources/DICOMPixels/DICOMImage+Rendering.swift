public import DICOM
public import LightboxCore

extension DICOMImage {
    /// Decodes a frame and makes the picture that a display shows of it: grey through the modality and VOI
    /// transforms (PS3.3 C.11), colours as RGB.
    ///
    /// Overlays are not burnt in, and colour profiles are not applied.
    /// - Parameter frame: counted from 0.
    /// - Parameter bits: 8 or 16, for grey images; colours have 8.
    /// - Throws: ``DICOM/DICOMError`` naming the file.
    public func rendered(frame: Int = 0, window: WindowChoice = .fromFile, bits: Int = 8) throws -> Image {
        try naming { try storedFrame(frame).rendered(dataSet, index: frame, window: window, bits: bits) }
    }
}
