/* Points as a table: a column for each tag in the order in which the tags first appeared among those shown, the tags beyond in one cell. */
#include "tests/unit/tree_model_parts.h"

#include "core/base/text.h"

#include <stdlib.h>

#define COLUMNS 256
#define FIXED "timestamp,value,type,namespace,flowId,executionId,taskId,taskRunId,taskRunValue,attempt"

void add_cell(struct buf *b, struct bytes text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++)
		quoted = quoted || strchr("\",\n\r", text.data[i] ? text.data[i] : 'x');
	buf_add_text(b, quoted ? "\"" : "");
	for (size_t i = 0; i < text.len; i++) {
		buf_add_text(b, text.data[i] == '"' ? "\"" : "");
		buf_add_char(b, text.data[i]);
	}
	buf_add_text(b, quoted ? "\"" : "");
}

/* Which column each name has, from 1; beyond COLUMNS it has none. */
static int find_columns(const struct model *m, const struct points *points, unsigned metric, int *columns, struct buf *heading)
{
	int n = 0;

	for (size_t i = 0; i < points->n; i++) {
		const struct model_point *p = &m->points[points->at[i]];

		for (size_t t = 0; p->metric == metric && t < p->n_tags; t++) {
			const struct model_tag_name *name = p->tags[t]->name;
			struct buf cell = BUF_INIT;

			if (columns[name->id])
				continue;
			columns[name->id] = ++n;
			if (n > COLUMNS)
				continue;
			buf_add_text(&cell, "tags.");
			buf_add_bytes(&cell, name->text);
			buf_add_char(heading, ',');
			add_cell(heading, buf_bytes(&cell));
			buf_finish(&cell);
		}
	}
	buf_add_text(heading, n > COLUMNS ? ",tags" : "");
	return n;
}

static void add_rest(const struct model_point *p, const int *columns, struct buf *ret)
{
	struct buf json = BUF_INIT;

	for (size_t t = 0; t < p->n_tags; t++) {
		if (columns[p->tags[t]->name->id] <= COLUMNS)
			continue;
		buf_add_char(&json, json.len ? ',' : '{');
		text_add_json_string(&json, p->tags[t]->name->text);
		buf_add_char(&json, ':');
		text_add_json_string(&json, p->tags[t]->value);
	}
	buf_add_text(&json, json.len ? "}" : "");
	buf_add_char(ret, ',');
	add_cell(ret, buf_bytes(&json));
	buf_finish(&json);
}

static void add_row(const struct model_point *p, const int *columns, int n, struct buf *ret)
{
	const struct model_tag *cells[COLUMNS + 1] = {NULL};

	for (size_t t = 0; t < p->n_tags; t++)
		if (columns[p->tags[t]->name->id] <= COLUMNS)
			cells[columns[p->tags[t]->name->id]] = p->tags[t];
	buf_add_bytes(ret, buf_bytes(&p->cells));
	for (int i = 1; i <= n && i <= COLUMNS; i++) {
		buf_add_char(ret, ',');
		if (cells[i])
			add_cell(ret, cells[i]->value);
	}
	if (n > COLUMNS)
		add_rest(p, columns, ret);
	buf_add_char(ret, '\n');
}

void add_table(struct model *m, const struct points *points, unsigned metric, struct buf *ret)
{
	int *columns = calloc(NAMES_MOST, sizeof(*columns)), n;

	assert_non_null(columns);
	buf_add_text(ret, FIXED);
	n = find_columns(m, points, metric, columns, ret);
	buf_add_char(ret, '\n');
	for (size_t i = 0; i < points->n; i++)
		if (m->points[points->at[i]].metric == metric)
			add_row(&m->points[points->at[i]], columns, n, ret);
	free(columns);
}
