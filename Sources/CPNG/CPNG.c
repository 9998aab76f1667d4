#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct lightbox_png {
    png_structp png;
    png_infop info;
    png_bytep *rows;
    const uint8_t *bytes;
    size_t count, position;
    jmp_buf on_error;
    char message[128];
};

static void fail(png_structp png, png_const_charp message) {
    lightbox_png *self = png_get_error_ptr(png);
    strncpy(self->message, message, sizeof self->message - 1);
    longjmp(self->on_error, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    lightbox_png *self = png_get_io_ptr(png);
    if (count > self->count - self->position) png_error(png, "the file ends early");
    memcpy(target, self->bytes + self->position, count);
    self->position += count;
}

lightbox_png *lightbox_png_open(const uint8_t *bytes, size_t count, uint32_t maximum_side) {
    lightbox_png *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->bytes = bytes;
    self->count = count;
    if (setjmp(self->on_error)) {
        lightbox_png_close(self);
        return NULL;
    }
    self->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, self, fail, ignore_warning);
    if (self->png) self->info = png_create_info_struct(self->png);
    if (!self->info) {
        lightbox_png_close(self);
        return NULL;
    }
    png_set_read_fn(self->png, self, read_bytes);
    png_set_user_limits(self->png, maximum_side, maximum_side);
    png_set_chunk_malloc_max(self->png, 8000000);
    // Texts, EXIF and suggested palettes are not looked at, so that a compressed one costs nothing.
    static const png_byte ignored[] = "tEXt\0zTXt\0iTXt\0eXIf\0sPLT\0hIST";
    png_set_keep_unknown_chunks(self->png, PNG_HANDLE_CHUNK_NEVER, ignored, 6);
    return self;
}

void lightbox_png_close(lightbox_png *self) {
    if (!self) return;
    free(self->rows);
    if (self->png) png_destroy_read_struct(&self->png, self->info ? &self->info : NULL, NULL);
    free(self);
}

const char *lightbox_png_message(const lightbox_png *self) { return self->message; }

int lightbox_png_read_header(lightbox_png *self, lightbox_png_header *header) {
    if (setjmp(self->on_error)) return 0;
    png_read_info(self->png, self->info);
    header->width = png_get_image_width(self->png, self->info);
    header->height = png_get_image_height(self->png, self->info);
    header->bits = png_get_bit_depth(self->png, self->info);
    header->interlaced = png_get_interlace_type(self->png, self->info) != PNG_INTERLACE_NONE;
    header->channels = png_get_channels(self->png, self->info);
    if (png_get_color_type(self->png, self->info) == PNG_COLOR_TYPE_PALETTE)
        header->channels = png_get_valid(self->png, self->info, PNG_INFO_tRNS) ? 4 : 3;
    return 1;
}

// The transformations, and the weights of grey, are those of tensorflow/core/lib/png/png_io.cc.
static void ask_for(lightbox_png *self, int channels, int strips_to_8) {
    png_structp png = self->png;
    const int type = png_get_color_type(png, self->info), bits = png_get_bit_depth(png, self->info);
    const int has_key = png_get_valid(png, self->info, PNG_INFO_tRNS) != 0;
    const int has_alpha = (type & PNG_COLOR_MASK_ALPHA) != 0, is_grey = !(type & PNG_COLOR_MASK_COLOR);
    if (channels == 4) {
        if (has_key) png_set_tRNS_to_alpha(png);
        if (!has_key && !has_alpha) png_set_add_alpha(png, bits == 16 ? 0xffff : 0xff, PNG_FILLER_AFTER);
    } else if (has_alpha || has_key) {
        png_set_strip_alpha(png);
    }
    if (bits == 16 && strips_to_8) png_set_strip_16(png);
    png_set_packing(png);
    const union { uint16_t word; uint8_t byte; } order = {1};
    if (bits == 16 && !strips_to_8 && order.byte) png_set_swap(png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (is_grey && bits < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (is_grey && channels > 1) png_set_gray_to_rgb(png);
    if (!is_grey && channels == 1) png_set_rgb_to_gray(png, 1, 0.299, 0.587);
}

int lightbox_png_read_samples(lightbox_png *self, int channels, int strips_to_8, void *samples, size_t capacity) {
    if (setjmp(self->on_error)) return 0;
    ask_for(self, channels, strips_to_8);
    png_set_interlace_handling(self->png);
    png_read_update_info(self->png, self->info);
    const size_t height = png_get_image_height(self->png, self->info);
    const size_t row = png_get_rowbytes(self->png, self->info);
    if (row * height != capacity) png_error(self->png, "unexpected row size");
    self->rows = malloc(height * sizeof *self->rows);
    if (!self->rows) png_error(self->png, "out of memory");
    for (size_t y = 0; y < height; y++) self->rows[y] = (png_bytep)samples + y * row;
    png_read_image(self->png, self->rows);
    // What stands behind the last row is not read: a damaged ending costs no image.
    return 1;
}
