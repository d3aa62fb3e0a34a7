#include "fs/document/format.h"

/* The numbers of rows are part of node numbers: add new ones at the end. */
static const struct format formats[] = {
	{".json", false, {render_points_json, size_points_json}, {render_history_json, size_history_json}},
	{".csv", false, {render_points_csv, size_points_csv}, {render_history_csv, size_history_csv}},
	{".prom", false, {render_points_prom, NULL}, {NULL, NULL}},
	{".svg", true, {render_points_svg, size_points_svg}, {render_history_svg, size_history_svg}},
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

const struct format *format_at(unsigned i)
{
	return i < FORMATS ? &formats[i] : NULL;
}

bool format_of_name(struct bytes name, struct bytes *ret_stem, unsigned *ret_format)
{
	for (unsigned i = 0; i < FORMATS; i++) {
		struct bytes suffix = bytes_of(formats[i].suffix);

		if (name.len <= suffix.len || memcmp(name.data + name.len - suffix.len, suffix.data, suffix.len) != 0)
			continue;
		*ret_stem = bytes_make(name.data, name.len - suffix.len);
		*ret_format = i;
		return true;
	}
	return false;
}

bool format_in_scope(const struct format *format, struct scope scope)
{
	return format->points.render && (!format->wide || scope.code == SCOPE_EXECUTION || scope_is_collection(scope));
}
