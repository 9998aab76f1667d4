public import DICOM
import LightboxCore

extension Radiograph {
    /// The picture as a DICOM object: Digital X-Ray (upright) or Computed Radiography (bedside), for presentation.
    ///
    /// Not all files say the same thing in the same way, as in a real archive: some are MONOCHROME1, some have a
    /// VOI look-up table in place of a window, some a rescale slope, some implicit VR. All show the same
    /// values on a display. Everything in them says that they are synthetic.
    public var file: DICOMFile {
        let layout = FileLayout(self)
        return DICOMFile(
            dataSet: DataSet(RadiographAttributes(self, layout).elements), transferSyntax: layout.transferSyntax)
    }
}

/// How one file stores its picture.
struct FileLayout {
    let isComputedRadiography: Bool
    /// MONOCHROME1: what is bright on the display is stored as a small number.
    let isInverted: Bool
    let hasLookUpTable: Bool
    /// Computed Radiography only; the other has to have 1 and 0 (PS3.3 C.8.11.3).
    let rescale: (slope: Double, intercept: Double)
    let transferSyntax: TransferSyntax

    static let highest = 4095

    init(_ radiograph: Radiograph) {
        var draw = Draw(seed: radiograph.identity.shape, stream: "layout")
        isComputedRadiography = radiograph.view == .anteroposterior
        isInverted = draw.chance(0.2)
        hasLookUpTable = draw.chance(0.2)
        let isRescaled = draw.chance(0.4) && isComputedRadiography
        rescale = isRescaled ? (0.5, -100) : (1, 0)
        transferSyntax = draw.chance(0.15) ? .implicitVRLittleEndian : .explicitVRLittleEndian
    }

    /// The display window over ``Radiograph/values``: nearly black to nearly white tissue.
    static let window = (center: 2000.0, width: 3500.0)

    /// The window over the rescaled stored values. PS3.3 C.11.2.1.2.1 maps `center - 0.5` to the middle.
    var window: (center: Double, width: Double) {
        let center = isInverted ? Double(Self.highest) - Self.window.center + 1 : Self.window.center
        return (center * rescale.slope + rescale.intercept, Self.window.width * rescale.slope)
    }

    func stored(_ values: [UInt16]) -> [UInt16] {
        isInverted ? values.map { UInt16(Self.highest) - $0 } : values
    }

    /// A curve as of film: steep in the middle. Rising, since MONOCHROME1 is inverted after it.
    var lookUpTable: [UInt16] {
        let low = (isInverted ? Float(Self.highest) - 2000 : 2000) - 2000
        return (0...Self.highest).map { stored in
            let t = clamped((Float(stored) - low) / 4000)
            return UInt16(65_535 * (0.4 * t + 0.6 * t * t * (3 - 2 * t)))
        }
    }
}
