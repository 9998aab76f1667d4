#pragma once
#include <stddef.h>
#include <stdint.h>

// One PNG in memory, read with libpng. libpng's longjmp ends inside these functions: each returns 1, or 0
// with the reason in `lightbox_png_message`.

typedef struct lightbox_png lightbox_png;

typedef struct {
    uint32_t width, height;
    int bits;      // per sample in the file: 1, 2, 4, 8 or 16
    int channels;  // as read without a wish: a palette counts as 3, or 4 when it has transparent colours
    int interlaced;
} lightbox_png_header;

// Reads everything before the image data. `bytes` must outlive the handle; NULL when out of memory.
lightbox_png *lightbox_png_open(const uint8_t *bytes, size_t count, uint32_t maximum_side);
void lightbox_png_close(lightbox_png *png);
const char *lightbox_png_message(const lightbox_png *png);
int lightbox_png_read_header(lightbox_png *png, lightbox_png_header *header);

// Reads the samples, rows from the top, channels interleaved, 16-bit samples in the machine's order.
// `channels` is 1 (grey), 3 (RGB) or 4 (RGB with opacity); a file of 16 bits gives 8 when `strips_to_8`.
// `capacity` must be exactly width * height * channels * bytes per sample. To be called once.
int lightbox_png_read_samples(lightbox_png *png, int channels, int strips_to_8, void *samples, size_t capacity);
