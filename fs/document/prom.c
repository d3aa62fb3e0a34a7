/*
 * metrics/<name>.prom: what a series amounts to, in the Prometheus text format 0.0.4. One family per type that the name was used with, one
 * sample per namespace, flow, task and set of tags. Without times: who reads it (node exporter's textfile collector, say) takes the moment
 * of reading, and refuses others.
 */
#include "fs/document/format.h"
#include "fs/document/prom_name.h"
#include "fs/document/prom_set.h"

/* How a type's samples are written: what follows the family's name, and which number it is. */
enum number { NUMBER_SUM, NUMBER_COUNT, NUMBER_LAST };

#define LINES_MOST 2

static const struct family {
	const char *help;
	struct line {
		const char *suffix;
		enum number number;
	} lines[LINES_MOST];
} families[METRIC_TYPES] = {
	[METRIC_COUNTER] = {"sum of the counter", {{"", NUMBER_SUM}}},
	[METRIC_TIMER] = {"sum and count of the timer", {{"_sum", NUMBER_SUM}, {"_count", NUMBER_COUNT}}},
	[METRIC_GAUGE] = {"last value of the gauge", {{"", NUMBER_LAST}}},
};

struct writer {
	struct sink *sink;
	struct prom_set *set;
	struct bytes name; /* of the metric, decoded */
	struct buf family; /* its name */
	struct buf line;
};

static void add_line(struct writer *w, const struct line *line, const struct prom_sample *sample, const struct totals *totals)
{
	buf_add_bytes(&w->line, buf_bytes(&w->family));
	buf_add_text(&w->line, line->suffix);
	buf_add_char(&w->line, '{');
	buf_add(&w->line, w->set->text.data + sample->at, sample->len);
	buf_add_text(&w->line, "} ");
	if (line->number == NUMBER_COUNT)
		buf_add_number(&w->line, totals->count);
	else
		prom_add_number(&w->line, line->number == NUMBER_SUM ? totals->sum : totals->last);
	buf_add_char(&w->line, '\n');
}

static void add_head(struct writer *w, enum metric_type type)
{
	buf_add_text(&w->line, "# HELP ");
	buf_add_bytes(&w->line, buf_bytes(&w->family));
	buf_add_format(&w->line, " Kestra metrics: %s ", families[type].help);
	prom_add_help(&w->line, w->name);
	buf_add_text(&w->line, "\n# TYPE ");
	buf_add_bytes(&w->line, buf_bytes(&w->family));
	buf_add_format(&w->line, " %s\n", prom_type(type));
}

static int write_family(struct writer *w, enum metric_type type)
{
	bool first = true;

	buf_clear(&w->family);
	prom_add_family(&w->family, w->name, type);
	for (size_t i = 0; i < w->set->n && !sink_full(w->sink); i++) {
		const struct prom_sample *sample = &w->set->samples[i];
		const struct totals *totals = prom_sample_totals(sample, type);

		if (!totals)
			continue;
		buf_clear(&w->line);
		if (first)
			add_head(w, type);
		first = false;
		for (unsigned k = 0; k < LINES_MOST && families[type].lines[k].suffix; k++)
			add_line(w, &families[type].lines[k], sample, totals);
		if (buf_error(&w->line) || buf_error(&w->family))
			return buf_error(&w->line) ? buf_error(&w->line) : buf_error(&w->family);
		sink_add_bytes(w->sink, buf_bytes(&w->line));
	}
	return 0;
}

static int write_families(struct sink *sink, struct prom_set *set, struct bytes name)
{
	struct writer w = {.sink = sink, .set = set, .name = name};
	int r = 0;

	for (enum metric_type type = 0; !r && type < METRIC_TYPES; type++)
		r = write_family(&w, type);
	buf_finish(&w.family);
	buf_finish(&w.line);
	return r;
}

static void visit(void *context, const struct sample *sample)
{
	prom_set_add(context, sample);
}

int render_points_prom(struct document *d, struct sink *sink)
{
	autobuf struct buf quoted = BUF_INIT, name = BUF_INIT;
	struct prom_set set = {0};
	struct series_id id;
	struct series s;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	prom_decode(id.text, &quoted, &name);
	r = buf_error(&name);
	if (!r)
		r = samples_visit(d->txn, &id, &s, d->node.event, visit, &set);
	if (!r)
		r = set.error;
	if (!r)
		r = write_families(sink, &set, buf_bytes(&name));
	prom_set_finish(&set);
	return r;
}
