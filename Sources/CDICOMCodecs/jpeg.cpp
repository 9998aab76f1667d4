#include "include/CDICOMCodecs.h"
#include "message.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace {

std::once_flag registered;

void registerCodecs() {
    std::call_once(registered, [] {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        DJDecoderRegistration::registerCodecs(EDC_never);
        DJLSDecoderRegistration::registerCodecs();
    });
}

/// The stream with zeros behind it: CharLS reads on behind the end of a stream that stops inside its header,
/// by no more than a segment's greatest length, and then stops at a zero where a marker should be.
std::vector<Uint8> withRoom(const void *stream, size_t count) {
    std::vector<Uint8> padded(count + 0x10000 + 64);
    std::copy_n(static_cast<const Uint8 *>(stream), count, padded.begin());
    return padded;
}

/// A data set of one frame, for DCMTK's codecs take their parameters from one.
void describe(DcmDataset &dataset, lightbox_frame_shape shape) {
    dataset.putAndInsertUint16(DCM_SamplesPerPixel, shape.samples);
    dataset.putAndInsertString(DCM_PhotometricInterpretation, shape.samples == 1 ? "MONOCHROME2" : "RGB");
    if (shape.samples > 1) dataset.putAndInsertUint16(DCM_PlanarConfiguration, 0);
    dataset.putAndInsertString(DCM_NumberOfFrames, "1");
    dataset.putAndInsertUint16(DCM_Rows, shape.rows);
    dataset.putAndInsertUint16(DCM_Columns, shape.columns);
    dataset.putAndInsertUint16(DCM_BitsAllocated, shape.precision > 8 ? 16 : 8);
    dataset.putAndInsertUint16(DCM_BitsStored, shape.precision);
    dataset.putAndInsertUint16(DCM_HighBit, shape.precision - 1);
    dataset.putAndInsertUint16(DCM_PixelRepresentation, 0);
}

OFCondition decode(
    E_TransferSyntax syntax, lightbox_frame_shape shape, const void *stream, size_t streamBytes, void *samples,
    size_t sampleBytes) {
    DcmDataset dataset;
    describe(dataset, shape);

    auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag));
    OFCondition status = sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
    if (status.bad()) return status;
    DcmOffsetList offsets;
    // DCMTK copies the stream and does not write into it.
    auto *bytes = static_cast<Uint8 *>(const_cast<void *>(stream));
    status = sequence->storeCompressedFrame(offsets, bytes, static_cast<Uint32>(streamBytes), 0);
    if (status.bad()) return status;

    auto *pixels = new DcmPixelData(DCM_PixelData);
    pixels->putOriginalRepresentation(syntax, nullptr, sequence.release());
    status = dataset.insert(pixels);
    if (status.bad()) {
        delete pixels;
        return status;
    }
    Uint32 firstFragment = 0;
    OFString colourModel;
    return pixels->getUncompressedFrame(
        &dataset, 0, firstFragment, samples, static_cast<Uint32>(sampleBytes), colourModel);
}

}  // namespace

int lightbox_decode_jpeg(
    const char *transfer_syntax, lightbox_frame_shape shape, const void *stream, size_t stream_bytes,
    void *samples, size_t sample_bytes, char *message) {
    return lightbox::guarded(message, [&] {
        size_t expected = size_t(shape.rows) * shape.columns * shape.samples * (shape.precision > 8 ? 2 : 1);
        if (expected != sample_bytes || expected == 0 || expected >= UINT32_MAX || stream_bytes >= UINT32_MAX / 2)
            return lightbox::fail(message, "the frame's size does not fit its description");
        registerCodecs();
        DcmXfer syntax(transfer_syntax);
        std::vector<Uint8> room;
        if (syntax.getXfer() == EXS_JPEGLSLossless || syntax.getXfer() == EXS_JPEGLSLossy) {
            room = withRoom(stream, stream_bytes);
            stream = room.data();
            stream_bytes = room.size();
        }
        OFCondition status;
        if (expected % 2 == 0) {
            status = decode(syntax.getXfer(), shape, stream, stream_bytes, samples, sample_bytes);
        } else {
            // DCMTK wants room for the padding byte.
            std::vector<Uint8> padded(expected + 1);
            status = decode(syntax.getXfer(), shape, stream, stream_bytes, padded.data(), padded.size());
            std::copy(padded.begin(), padded.end() - 1, static_cast<Uint8 *>(samples));
        }
        return status.good() ? 0 : lightbox::fail(message, status.text());
    });
}
