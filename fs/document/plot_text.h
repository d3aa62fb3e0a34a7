/*
 * Text of somebody else inside a picture. Whatever it is, it comes out as XML that is also HTML; and as nothing here knows the reader's
 * font, it is measured by a table of widths on the generous side, so that what was cut to fit does fit.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/bytes.h"

/** Widths are in hundredths of the font's size. */
#define PLOT_EM 100

/**
 * Appends `text` for element content and for attributes in either kind of quotes. What XML 1.0 forbids (most C0 controls, U+FFFE, U+FFFF)
 * and what is no UTF-8 becomes U+FFFD.
 */
void plot_text_add(struct buf *b, struct bytes text);

/** About how wide a short text is drawn in a sans-serif font. */
unsigned plot_text_width(struct bytes text);

/** Whether it is no wider than `width`. Reads no more of it than it takes to know. */
bool plot_text_fits(struct bytes text, unsigned width);

/** As plot_text_add, but what is wider than `width` loses its middle to a `…`: start and end tell it apart. Whether it was cut. */
bool plot_text_add_cut(struct buf *b, struct bytes text, unsigned width);

/** As plot_text_add, but at most `most` bytes of the source, then `…`. */
void plot_text_add_most(struct buf *b, struct bytes text, size_t most);

/** 1234567 as `1,234,567`. */
void plot_text_add_count(struct buf *b, uint64_t n);
