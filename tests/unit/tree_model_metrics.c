/*
 * Metrics folders: their points in every format, `tags/`, and metrics.json beside. What `tags/` holds is looked at in samples,
 * since it is much and the same each time.
 */
#include "tests/unit/tree_model_parts.h"

#include "core/base/names.h"
#include "core/base/number.h"
#include "core/base/text.h"

#include <math.h>
#include <stdlib.h>

/* What a metrics folder shows, and its metrics in the order of the folder's first points. */
struct shown {
	struct points points;
	unsigned order[METRICS];
	size_t n_order;
	bool wide; /* .svg too */
};

static bool shows(const struct model *m, const struct filter *filter, const struct model_point *p)
{
	int run = m->attempts[p->attempt].run, execution = m->runs[run].execution;

	if (filter->attempt >= 0)
		return p->attempt == filter->attempt;
	if (filter->folder >= 0)
		return model_is_below(m, m->runs[run].folder, filter->folder) && model_latest(m, run) == p->attempt;
	if (filter->flow >= 0)
		return !strcmp(model_identities[execution].flow, model_identities[filter->flow].flow);
	return filter->execution < 0 || execution == filter->execution;
}

/* Of a folder of runs whatever it took counts, also what retries took away. */
static void find_order(const struct model *m, const struct filter *filter, struct shown *shown)
{
	int first[METRICS] = {0};

	for (size_t i = shown->points.n; i-- > 0;)
		first[m->points[shown->points.at[i]].metric] = shown->points.at[i] + 1;
	for (unsigned metric = 0; metric < METRICS; metric++) {
		size_t at = shown->n_order;

		if (filter->folder >= 0)
			first[metric] = m->folders[filter->folder].taken.first[metric];
		if (!first[metric])
			continue;
		for (shown->n_order++; at > 0 && first[shown->order[at - 1]] > first[metric]; at--)
			shown->order[at] = shown->order[at - 1];
		shown->order[at] = metric;
	}
}

static bool ever_tagged(const struct model *m, const struct filter *filter, const struct points *points)
{
	if (filter->folder >= 0)
		return m->folders[filter->folder].taken.tagged;
	for (size_t i = 0; i < points->n; i++)
		if (m->points[points->at[i]].n_tags)
			return true;
	return false;
}

static bool has_metric(const struct model *m, const struct points *points, unsigned metric)
{
	for (size_t i = 0; i < points->n; i++)
		if (m->points[points->at[i]].metric == metric)
			return true;
	return false;
}

/* The files of a folder */

static void add_array(struct model *m, const struct points *points, unsigned metric)
{
	bool first = true;

	buf_add_text(&m->contents, "[\n");
	for (size_t i = 0; i < points->n; i++) {
		if (m->points[points->at[i]].metric != metric)
			continue;
		buf_add_text(&m->contents, first ? "" : ",\n");
		first = false;
		buf_add_bytes(&m->contents, buf_bytes(&m->points[points->at[i]].json));
	}
	buf_add_text(&m->contents, "\n]\n");
}

static const char *metric_file(unsigned metric, const char *suffix, struct buf *ret)
{
	buf_clear(ret);
	name_encode(ret, bytes_of(metric_names[metric]), NULL, 250);
	buf_add_text(ret, suffix);
	return buf_text(ret);
}

/* Names of files, and what is in them; `points` are those of the folder or those of it that bear a tag. */
static void show_files(struct model *m, const char *path, const struct shown *shown, const struct points *points, bool tags)
{
	struct buf names = BUF_INIT, name = BUF_INIT;

	buf_add_text(&names, tags ? "tags\n" : "");
	for (size_t i = 0; i < shown->n_order; i++) {
		unsigned metric = shown->order[i];

		if (!has_metric(m, points, metric))
			continue;
		buf_add_format(&names, "%s\n", metric_file(metric, ".json", &name));
		add_array(m, points, metric);
		show_file(m, path, buf_text(&name));
		buf_add_format(&names, "%s\n", metric_file(metric, ".csv", &name));
		add_table(m, points, metric, &m->contents);
		show_file(m, path, buf_text(&name));
		buf_add_format(&names, "%s\n", metric_file(metric, ".prom", &name));
		if (!chance(4))
			show_opaque(m, path, buf_text(&name));
		if (!shown->wide)
			continue;
		buf_add_format(&names, "%s\n", metric_file(metric, ".svg", &name));
		if (!chance(16))
			show_opaque(m, path, buf_text(&name));
	}
	if (!chance(3)) { /* each name is looked up: pictures are drawn */
		buf_add_bytes(&m->contents, buf_bytes(&names));
		show_folder(m, path);
	}
	buf_finish(&names);
	buf_finish(&name);
}

/* Tags */

static void add_entry(struct buf *b, struct bytes text)
{
	name_encode(b, text, NULL, 255);
	buf_add_char(b, '\n');
}

static char *entry_path(const char *folder, struct bytes text)
{
	struct buf entry = BUF_INIT;
	char *path;

	name_encode(&entry, text, NULL, 255);
	path = path_join(folder, buf_text(&entry));
	buf_finish(&entry);
	return path;
}

static void show_tagged(struct model *m, const char *path, const struct shown *shown, const struct model_tag *tag)
{
	int *at = calloc(shown->points.n + 1, sizeof(*at));
	struct points points = {at, 0};

	assert_non_null(at);
	for (size_t i = 0; i < shown->points.n; i++) {
		const struct model_point *p = &m->points[shown->points.at[i]];

		for (size_t t = 0; t < p->n_tags && t < TAGS_FOUND; t++)
			if (p->tags[t] == tag)
				at[points.n++] = shown->points.at[i];
	}
	show_files(m, path, shown, &points, false);
	free(at);
}

#define LIST_MOST 24 /* a longer listing is looked at now and then */
#define VALUES_SHOWN 1
#define NAMES_SHOWN 1

static int compare_values(const void *a, const void *b)
{
	return (*(struct model_tag *const *)a)->rank - (*(struct model_tag *const *)b)->rank;
}

static int compare_names(const void *a, const void *b)
{
	return (*(struct model_tag_name *const *)a)->rank - (*(struct model_tag_name *const *)b)->rank;
}

/* `tags/<tag>`. */
static void show_values(struct model *m, const char *tags, const struct shown *shown, const struct model_tag_name *name)
{
	autofree bool *seen = calloc((size_t)m->n_tags + 1, sizeof(*seen));
	autofree struct model_tag **values = calloc((size_t)m->n_tags + 1, sizeof(struct model_tag *));
	autofree char *path = entry_path(tags, name->text);
	size_t n = 0;

	assert_true(seen && values);
	for (size_t i = 0; i < shown->points.n; i++) {
		const struct model_point *p = &m->points[shown->points.at[i]];

		for (size_t t = 0; t < p->n_tags && t < TAGS_FOUND; t++) {
			if (p->tags[t]->name != name || seen[p->tags[t]->id])
				continue;
			seen[p->tags[t]->id] = true;
			values[n++] = p->tags[t];
		}
	}
	qsort(values, n, sizeof(struct model_tag *), compare_values);
	for (size_t i = 0; i < n; i++)
		add_entry(&m->contents, values[i]->value);
	if (n < LIST_MOST || !chance(8))
		show_folder(m, path);
	buf_clear(&m->contents);
	for (int i = 0; i < VALUES_SHOWN; i++) {
		struct model_tag *tag = values[chance(n)];
		autofree char *below = entry_path(path, tag->value);

		show_tagged(m, below, shown, tag);
	}
}

/* Which of the names have been met, those of the points shown. */
static size_t find_names(const struct model *m, const struct shown *shown, struct model_tag_name **ret)
{
	autofree bool *seen = calloc(NAMES_MOST, sizeof(*seen));
	size_t n = 0;

	assert_non_null(seen);
	for (size_t i = 0; i < shown->points.n; i++) {
		const struct model_point *p = &m->points[shown->points.at[i]];

		for (size_t t = 0; t < p->n_tags && t < TAGS_FOUND; t++) {
			if (!seen[p->tags[t]->name->id])
				ret[n++] = p->tags[t]->name;
			seen[p->tags[t]->name->id] = true;
		}
	}
	qsort(ret, n, sizeof(struct model_tag_name *), compare_names);
	return n;
}

static void show_tags(struct model *m, const char *metrics, const struct shown *shown)
{
	autofree char *path = path_join(metrics, "tags");
	autofree struct model_tag_name **names = calloc(NAMES_MOST, sizeof(struct model_tag_name *));
	size_t n;

	assert_non_null(names);
	n = find_names(m, shown, names);
	for (size_t i = 0; i < n; i++)
		add_entry(&m->contents, names[i]->text);
	if (n < LIST_MOST || !chance(8))
		show_folder(m, path);
	buf_clear(&m->contents);
	for (int i = 0; n && i < NAMES_SHOWN; i++)
		show_values(m, path, shown, names[chance(n)]);
}

/* metrics.json */

static void add_number_member(struct buf *b, const char *key, double x)
{
	char text[NUMBER_TEXT_SIZE];

	if (isfinite(x))
		number_format(x, text);
	buf_add_format(b, ",\"%s\":%s", key, isfinite(x) ? text : "null");
}

static void add_totals(struct model *m, const struct points *points, unsigned metric, enum metric_type type)
{
	double sum = 0, min = INFINITY, max = -INFINITY, last = 0;
	usec_t first = INT64_MAX, newest = INT64_MIN;
	struct buf *b = &m->contents;
	uint64_t count = 0;

	for (size_t i = 0; i < points->n; i++) {
		const struct model_point *p = &m->points[points->at[i]];

		if (p->type != type || p->metric != metric)
			continue;
		count++;
		sum += p->value;
		last = p->value;
		min = fmin(min, p->value);
		max = fmax(max, p->value);
		first = p->time < first ? p->time : first;
		newest = p->time > newest ? p->time : newest;
	}
	buf_add_format(b, "{\"type\":\"%s\",\"count\":%llu", type_names[type], (unsigned long long)count);
	add_number_member(b, "sum", sum);
	add_number_member(b, "avg", sum / (double)count);
	add_number_member(b, "min", min);
	add_number_member(b, "max", max);
	add_number_member(b, "last", last);
	buf_add_text(b, ",\"first\":\"");
	add_time(b, first);
	buf_add_text(b, "\",\"latest\":\"");
	add_time(b, newest);
	buf_add_text(b, "\"}");
}

/* Types in the order they appeared; how many. */
static size_t types_of(struct model *m, const struct points *points, unsigned metric, enum metric_type ret[METRIC_TYPES])
{
	size_t n = 0;

	for (size_t i = 0; i < points->n; i++) {
		const struct model_point *p = &m->points[points->at[i]];
		bool known = false;

		for (size_t t = 0; t < n; t++)
			known = known || ret[t] == p->type;
		if (p->metric == metric && !known)
			ret[n++] = p->type;
	}
	return n;
}

static void add_summary(struct model *m, const struct shown *shown)
{
	bool first = true;

	buf_add_char(&m->contents, '{');
	for (size_t i = 0; i < shown->n_order; i++) {
		enum metric_type types[METRIC_TYPES];
		size_t n = types_of(m, &shown->points, shown->order[i], types);

		if (!n)
			continue;
		buf_add_text(&m->contents, first ? "" : ",");
		first = false;
		text_add_json_string(&m->contents, bytes_of(metric_names[shown->order[i]]));
		buf_add_text(&m->contents, n > 1 ? ":[" : ":");
		for (size_t t = 0; t < n; t++) {
			buf_add_text(&m->contents, t ? "," : "");
			add_totals(m, &shown->points, shown->order[i], types[t]);
		}
		buf_add_text(&m->contents, n > 1 ? "]" : "");
	}
	buf_add_text(&m->contents, "}\n");
}

void show_metrics(struct model *m, const char *folder, struct filter filter)
{
	autofree char *path = path_join(folder, "metrics");
	autofree int *at = calloc((size_t)m->n_points + 1, sizeof(*at));
	struct shown shown = {.points = {at, 0}, .wide = filter.attempt < 0 && filter.folder < 0};
	bool tags;

	assert_non_null(at);
	for (int i = 0; i < m->n_points; i++)
		if (shows(m, &filter, &m->points[i]))
			at[shown.points.n++] = i;
	find_order(m, &filter, &shown);
	tags = ever_tagged(m, &filter, &shown.points);
	show_files(m, path, &shown, &shown.points, tags);
	if (tags && !chance(3))
		show_tags(m, path, &shown);
	add_summary(m, &shown);
	show_file(m, folder, "metrics.json");
}
