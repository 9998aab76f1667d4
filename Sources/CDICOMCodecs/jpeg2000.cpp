#include "include/CDICOMCodecs.h"
#include "message.h"

#if __has_include(<openjpeg-2.5/openjpeg.h>)
#include <openjpeg-2.5/openjpeg.h>
#else
#include <openjpeg.h>
#endif

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace {

/// The compressed bytes and how far OpenJPEG has read them.
struct Source {
    const uint8_t *bytes;
    size_t count;
    size_t position = 0;
};

OPJ_SIZE_T readBytes(void *buffer, OPJ_SIZE_T wanted, void *user) {
    auto *source = static_cast<Source *>(user);
    size_t count = std::min<size_t>(wanted, source->count - source->position);
    if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(buffer, source->bytes + source->position, count);
    source->position += count;
    return count;
}

OPJ_OFF_T skipBytes(OPJ_OFF_T wanted, void *user) {
    auto *source = static_cast<Source *>(user);
    if (wanted < 0) return -1;
    size_t count = std::min<size_t>(static_cast<size_t>(wanted), source->count - source->position);
    source->position += count;
    return static_cast<OPJ_OFF_T>(count);
}

OPJ_BOOL seekBytes(OPJ_OFF_T position, void *user) {
    auto *source = static_cast<Source *>(user);
    if (position < 0 || static_cast<size_t>(position) > source->count) return OPJ_FALSE;
    source->position = static_cast<size_t>(position);
    return OPJ_TRUE;
}

void keepFirstMessage(const char *text, void *user) {
    auto *kept = static_cast<std::string *>(user);
    if (!kept->empty()) return;
    *kept = text;
    while (!kept->empty() && kept->back() == '\n') kept->pop_back();
}

void ignore(const char *, void *) {}

// opj_codec_t and opj_stream_t are both void: one deleter type for each.
struct CodecDeleter {
    void operator()(opj_codec_t *codec) const { opj_destroy_codec(codec); }
};
struct StreamDeleter {
    void operator()(opj_stream_t *stream) const { opj_stream_destroy(stream); }
};
struct ImageDeleter {
    void operator()(opj_image_t *image) const { opj_image_destroy(image); }
};

bool isJP2(const Source &source) {
    static const uint8_t signature[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
    return source.count >= sizeof signature && std::memcmp(source.bytes, signature, sizeof signature) == 0;
}

bool matches(const opj_image_t &image, lightbox_frame_shape shape, bool decoded) {
    if (image.numcomps != shape.samples) return false;
    for (OPJ_UINT32 index = 0; index < image.numcomps; ++index) {
        const opj_image_comp_t &component = image.comps[index];
        if (component.w != shape.columns || component.h != shape.rows || component.prec != shape.precision)
            return false;
        if (decoded && component.data == nullptr) return false;
    }
    return true;
}

/// One plane per component to interleaved samples.
void interleave(const opj_image_t &image, size_t pixels, int32_t *samples) {
    size_t stride = image.numcomps;
    if (stride == 1) {
        std::memcpy(samples, image.comps[0].data, pixels * sizeof *samples);
        return;
    }
    for (size_t index = 0; index < stride; ++index) {
        const OPJ_INT32 *plane = image.comps[index].data;
        for (size_t pixel = 0; pixel < pixels; ++pixel) samples[pixel * stride + index] = plane[pixel];
    }
}

int decode(lightbox_frame_shape shape, Source source, int32_t *samples, char *message) {
    std::string reason;
    std::unique_ptr<opj_codec_t, CodecDeleter> codec(opj_create_decompress(isJP2(source) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    std::unique_ptr<opj_stream_t, StreamDeleter> stream(opj_stream_default_create(OPJ_TRUE));
    if (!codec || !stream) return lightbox::fail(message, "not enough memory");
    opj_set_error_handler(codec.get(), keepFirstMessage, &reason);
    opj_set_warning_handler(codec.get(), ignore, nullptr);
    opj_set_info_handler(codec.get(), ignore, nullptr);
    opj_stream_set_user_data(stream.get(), &source, nullptr);
    opj_stream_set_user_data_length(stream.get(), source.count);
    opj_stream_set_read_function(stream.get(), readBytes);
    opj_stream_set_skip_function(stream.get(), skipBytes);
    opj_stream_set_seek_function(stream.get(), seekBytes);

    auto failed = [&](const char *what) { return lightbox::fail(message, reason.empty() ? what : reason.c_str()); };
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec.get(), &parameters)) return failed("the decoder could not be set up");
    opj_image_t *header = nullptr;
    bool read = opj_read_header(stream.get(), codec.get(), &header);
    std::unique_ptr<opj_image_t, ImageDeleter> image(header);
    if (!read || !image) return failed("the header could not be read");
    if (!matches(*image, shape, false)) return failed("the components differ from the description");
    if (!opj_decode(codec.get(), stream.get(), image.get())) return failed("the codestream could not be decoded");
    if (!matches(*image, shape, true)) return failed("the decoded components differ from the description");
    interleave(*image, size_t(shape.rows) * shape.columns, samples);
    return 0;
}

}  // namespace

int lightbox_decode_jpeg2000(
    lightbox_frame_shape shape, const void *stream, size_t stream_bytes, int32_t *samples, size_t sample_count,
    char *message) {
    return lightbox::guarded(message, [&] {
        size_t expected = size_t(shape.rows) * shape.columns * shape.samples;
        if (expected != sample_count || expected == 0)
            return lightbox::fail(message, "the frame's size does not fit its description");
        Source source{static_cast<const uint8_t *>(stream), stream_bytes};
        return decode(shape, source, samples, message);
    });
}
