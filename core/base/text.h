/* Two ways to show a string: inside JSON, exactly; inside a line for people, safely. */
#pragma once

#include "core/base/buf.h"

/**
 * Appends `text` (valid UTF-8) as the inside of a JSON string, without the quotes, escaping only what JSON must: `"` `\` and 00…1F (\b \t
 * \n \f \r, else \u00xx in lower case).
 */
void text_add_json(struct buf *b, struct bytes text);

/** The same with the quotes around it. */
void text_add_json_string(struct buf *b, struct bytes text);

/**
 * Appends `text` for a line in a terminal or log: `\n`, `\t`, `\r`, `\\`, other control characters (also U+0080…U+009F) and invalid UTF-8
 * as `\xHH` per byte; the result is one line. At most `most` characters of the source (SIZE_MAX: all); a cut one ends in `…`.
 */
void text_add_escaped(struct buf *b, struct bytes text, size_t most);

/** How many characters of a name a message shows. */
#define TEXT_NAME_MOST 60
