/// One synthetic picture with everything that its DICOM file says.
public struct Radiograph: Sendable {
    public let patient: PhantomPatient
    public let study: PhantomStudy
    public let view: ProjectionView
    public let columns: Int
    public let rows: Int
    /// At the detector.
    public let spacingMillimetres: Double
    /// 0...4095, dense is bright, row by row: what a display shows, not yet what is stored.
    public let values: [UInt16]
    package let identity: Identity
}
