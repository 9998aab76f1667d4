import CTurboJPEG
public import LightboxCore

extension JPEG {
    /// Writes a grey or RGB image as baseline JPEG; equal images give equal bytes.
    ///
    /// Colour is stored with halved chroma (4:2:0) as by TensorFlow and Pillow. Opacity is dropped, and
    /// 16-bit samples give their upper eight bits.
    /// - Parameter quality: 1...100; TensorFlow's default is 95.
    public static func encode(_ image: Image, quality: Int = 95) throws -> [UInt8] {
        precondition((1...100).contains(quality))
        guard image.width <= 65_500, image.height <= 65_500 else {
            throw ImageError(.tooLarge, remedy: "A JPEG has at most 65500 pixels a side: write PNG.")
        }
        guard let handle = tjInitCompress() else {
            throw ImageError(.unsupported, remedy: "libjpeg-turbo could not start: free memory and try again.")
        }
        defer { tjDestroy(handle) }
        let format = [1: TJPF_GRAY, 3: TJPF_RGB, 4: TJPF_RGBX][image.channels]!
        let subsampling = Int32((image.channels == 1 ? TJSAMP_GRAY : TJSAMP_420).rawValue)
        let (width, height) = (Int32(image.width), Int32(image.height))
        let bound = tjBufSize(width, height, subsampling)
        return try [UInt8](unsafeUninitializedCapacity: Int(bound)) { output, filled in
            var target = output.baseAddress
            var size = bound
            let status = tjCompress2(
                handle, image.eightBitSamples, width, 0, height, Int32(format.rawValue), &target, &size,
                subsampling,
                Int32(quality), Int32(TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT))
            guard status == 0 else {
                throw ImageError(.unsupported, remedy: String(cString: tjGetErrorStr2(handle)))
            }
            filled = Int(size)
        }
    }
}

extension Image {
    /// 0...255; 16-bit samples without their lower half.
    var eightBitSamples: [UInt8] {
        switch samples {
        case .uint8(let values): values
        case .uint16(let values): values.map { UInt8($0 >> 8) }
        }
    }
}
