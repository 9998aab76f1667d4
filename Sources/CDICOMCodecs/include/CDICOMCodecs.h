#pragma once
#include <stddef.h>
#include <stdint.h>

// One compressed frame to samples. The caller has read the stream's own header and checked its size
// against its limits; these functions refuse a stream that turns out to be of another shape.

#ifdef __cplusplus
extern "C" {
#endif

/// The shape of one frame, as its compressed stream states it.
typedef struct {
    uint16_t columns;
    uint16_t rows;
    /// 1 or 3, interleaved in the output.
    uint16_t samples;
    /// Bits per sample of the stream, 1...16 (JPEG, JPEG-LS) or 1...32 (JPEG 2000).
    uint16_t precision;
} lightbox_frame_shape;

/// Room for an error message with its final zero.
enum { LIGHTBOX_CODEC_MESSAGE = 256 };

/// Decodes one JPEG (lossy or lossless, 8 to 16 bits) or JPEG-LS frame with DCMTK. Colours stay as coded.
///
/// @param transfer_syntax a UID of JPEG or JPEG-LS.
/// @param samples receives rows × columns × samples values of 1 (precision up to 8) or 2 bytes.
/// @param sample_bytes the size of `samples`; must be exactly that many.
/// @param message receives why it failed, LIGHTBOX_CODEC_MESSAGE bytes.
/// @return 0, or 1 with a message.
int lightbox_decode_jpeg(
    const char *transfer_syntax, lightbox_frame_shape shape, const void *stream, size_t stream_bytes,
    void *samples, size_t sample_bytes, char *message);

/// Decodes one JPEG 2000 or HTJ2K frame (codestream or JP2 file) with OpenJPEG.
///
/// Undoes the codestream's own component transform: what was coded from RGB comes back as RGB.
/// @param samples receives rows × columns × samples 32-bit values, with the codestream's sign.
/// @param sample_count the number of values `samples` has room for; must be exactly that many.
/// @param message receives why it failed, LIGHTBOX_CODEC_MESSAGE bytes.
/// @return 0, or 1 with a message.
int lightbox_decode_jpeg2000(
    lightbox_frame_shape shape, const void *stream, size_t stream_bytes, int32_t *samples, size_t sample_count,
    char *message);

#ifdef __cplusplus
}
#endif
