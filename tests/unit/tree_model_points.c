/*
 * Points: made by chance, with tags of all sorts. Most bear one of a few tags, some one that no other has, now and then one
 * has very many; their names and values are such as need encoding, cutting and quoting.
 */
#include "tests/unit/tree_model_parts.h"

#include "core/base/number.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* 300 bytes: longer than a name may be; the second differs behind where it is cut. */
#define LONG                                                                                                                       \
	"long long long long long long long long long long long long long long long long long long long long long long long long " \
	"long long long long long long long long long long long long long long long long long long long long long long long long " \
	"long long long long long long long long long long long long "

static const struct bytes name_pool[] = {
	BYTES_LITERAL("a"),    BYTES_LITERAL("b"),	   BYTES_LITERAL("partition"), BYTES_LITERAL("x/y"),  BYTES_LITERAL(""),
	BYTES_LITERAL("%"),    BYTES_LITERAL("."),	   BYTES_LITERAL(".."),	       BYTES_LITERAL("ü€"),   BYTES_LITERAL("with,comma"),
	BYTES_LITERAL("q\"u"), BYTES_LITERAL("new\nline"), BYTES_LITERAL("nu\0l"),     BYTES_LITERAL("tags"), BYTES_LITERAL("attempt"),
	BYTES_LITERAL("A"),    BYTES_LITERAL(LONG "1"),	   BYTES_LITERAL(LONG "2"),    BYTES_LITERAL("\\"),
};

static const struct bytes value_pool[] = {
	BYTES_LITERAL("1"),    BYTES_LITERAL("2"),    BYTES_LITERAL(""),    BYTES_LITERAL("file_1.parquet"),
	BYTES_LITERAL("a/b"),  BYTES_LITERAL(".."),   BYTES_LITERAL("\"x"), BYTES_LITERAL("c,d"),
	BYTES_LITERAL("l\nm"), BYTES_LITERAL("\r\t"), BYTES_LITERAL("%2F"), BYTES_LITERAL("1 "),
	BYTES_LITERAL("é"),    BYTES_LITERAL("\0"),   BYTES_LITERAL(LONG),  BYTES_LITERAL(LONG LONG),
};

/* Of those in front most often. */
static size_t mostly_first(size_t n)
{
	return (size_t)(chance(4) ? chance(3) : chance(n));
}

/* Equal tags are one */

static struct bytes copy_of(struct bytes text)
{
	char *copy = malloc(text.len + 1);

	assert_non_null(copy);
	memcpy(copy, text.len ? text.data : "", text.len);
	return bytes_make(copy, text.len);
}

static size_t hash(uint64_t h, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> 32);
}

static struct model_tag_name *name_of(struct model *m, struct bytes text)
{
	size_t slot = hash(text.len, text) % NAMES_MOST;
	struct model_tag_name *name;

	while (m->name_slots[slot] && !bytes_equal(m->name_slots[slot]->text, text))
		slot = (slot + 1) % NAMES_MOST;
	if (m->name_slots[slot])
		return m->name_slots[slot];
	name = calloc(1, sizeof(*name));
	assert_true(name && m->n_names < NAMES_MOST / 2);
	*name = (struct model_tag_name){.text = copy_of(text), .id = m->n_names};
	m->names[m->n_names++] = name;
	return m->name_slots[slot] = name;
}

static struct model_tag *tag_of(struct model *m, struct bytes name_text, struct bytes value)
{
	struct model_tag_name *name = name_of(m, name_text);
	size_t slot = hash((uint64_t)name->id, value) % TAGS_MOST;
	struct model_tag *tag;

	while (m->tag_slots[slot] && (m->tag_slots[slot]->name != name || !bytes_equal(m->tag_slots[slot]->value, value)))
		slot = (slot + 1) % TAGS_MOST;
	if (m->tag_slots[slot])
		return m->tag_slots[slot];
	tag = calloc(1, sizeof(*tag));
	assert_true(tag && m->n_tags < TAGS_MOST / 2);
	*tag = (struct model_tag){.name = name, .value = copy_of(value), .id = m->n_tags++};
	return m->tag_slots[slot] = tag;
}

void points_finish(struct model *m)
{
	for (int i = 0; i < m->n_points; i++) {
		buf_finish(&m->points[i].json);
		buf_finish(&m->points[i].cells);
		free(m->points[i].tags);
	}
	for (int i = 0; i < m->n_names; i++) {
		free((char *)(uintptr_t)m->names[i]->text.data);
		free(m->names[i]);
	}
	for (size_t i = 0; i < TAGS_MOST; i++) {
		if (m->tag_slots[i])
			free((char *)(uintptr_t)m->tag_slots[i]->value.data);
		free(m->tag_slots[i]);
	}
}

/* The folders that take a point */

static void take(struct model_folder *folder, const struct model_point *p, int number)
{
	if (!folder->taken.first[p->metric])
		folder->taken.first[p->metric] = number;
	folder->taken.tagged = folder->taken.tagged || p->n_tags;
}

static void take_above(struct model *m, const struct model_point *p, int number)
{
	int run = m->attempts[p->attempt].run;

	if (model_latest(m, run) != p->attempt)
		return;
	for (int folder = m->runs[run].folder; folder >= 0; folder = m->folders[folder].above)
		if (m->folders[folder].has_below)
			take(&m->folders[folder], p, number);
}

void points_move_up(struct model *m, int folder)
{
	int run = m->folders[folder].run;

	for (int i = 0; run >= 0 && i < m->n_points; i++)
		if (m->points[i].attempt == model_latest(m, run))
			take(&m->folders[folder], &m->points[i], i + 1);
}

/* Points */

static bool has_name(const struct model_point *p, const struct model_tag *tag)
{
	for (size_t i = 0; i < p->n_tags; i++)
		if (p->tags[i]->name == tag->name)
			return true;
	return false;
}

static struct model_tag *some_tag(struct model *m, bool laden)
{
	struct bytes name = name_pool[mostly_first(COUNT(name_pool))], value = value_pool[mostly_first(COUNT(value_pool))];
	char unlike[16], other[16];

	if (laden)
		name = bytes_make(other, (size_t)snprintf(other, sizeof(other), "k%d", (int)chance(2000)));
	if (!chance(8))
		value = bytes_make(unlike, (size_t)snprintf(unlike, sizeof(unlike), "u%d", m->n_tags));
	return tag_of(m, name, value);
}

static void give_tags(struct model *m, struct model_point *p)
{
	bool laden = !chance(m->mood->laden);
	size_t n = (size_t)(laden ? 40 + chance(260) : chance(m->mood->tags));

	p->tags = calloc(n + 1, sizeof(struct model_tag *));
	assert_non_null(p->tags);
	for (size_t i = 0; i < n; i++) {
		struct model_tag *tag = some_tag(m, laden);

		if (!has_name(p, tag))
			p->tags[p->n_tags++] = tag;
	}
	for (size_t i = 0; i < p->n_tags; i++) {
		if (!p->tags[i]->name->rank)
			p->tags[i]->name->rank = ++m->n_ranks;
		if (!p->tags[i]->rank && i < TAGS_FOUND)
			p->tags[i]->rank = ++m->n_ranks;
	}
}

static void write_tags(const struct model_point *p, struct buf *b)
{
	for (size_t i = 0; i < p->n_tags; i++) {
		buf_add_char(b, i ? ',' : '{');
		text_add_json_string(b, p->tags[i]->name->text);
		buf_add_char(b, ':');
		text_add_json_string(b, p->tags[i]->value);
	}
	buf_add_text(b, p->n_tags ? "}" : "{}");
}

static void write_json(const struct model *m, struct model_point *p, const char *number)
{
	const struct model_attempt *a = &m->attempts[p->attempt];
	const struct model_run *run = &m->runs[a->run];
	const struct model_identity *who = &model_identities[run->execution];

	buf_add_text(&p->json, "{\"name\":");
	text_add_json_string(&p->json, bytes_of(metric_names[p->metric]));
	buf_add_format(&p->json, ",\"type\":\"%s\",\"value\":%s%s,\"timestamp\":\"", type_names[p->type], number,
		       p->type == METRIC_TIMER ? ",\"unit\":\"seconds\"" : "");
	add_time(&p->json, p->time);
	buf_add_text(&p->json, "\",\"tags\":");
	write_tags(p, &p->json);
	buf_add_format(&p->json, ",\"namespace\":\"%s\",\"flowId\":\"%s\",\"executionId\":\"%s\",\"taskId\":\"%s\",\"taskRunId\":\"%s\"",
		       who->namespace, who->flow, who->id, model_task(m, run), run->taskrun);
	if (run->values[0]) {
		buf_add_text(&p->json, ",\"taskRunValue\":");
		add_values(&p->json, run->values);
	}
	if (a->number > 1)
		buf_add_format(&p->json, ",\"attempt\":%u", a->number);
	buf_add_char(&p->json, '}');
}

static void write_cells(const struct model *m, struct model_point *p, const char *number)
{
	const struct model_attempt *a = &m->attempts[p->attempt];
	const struct model_run *run = &m->runs[a->run];
	const struct model_identity *who = &model_identities[run->execution];
	struct buf values = BUF_INIT;

	add_time(&p->cells, p->time);
	buf_add_format(&p->cells, ",%s,%s,%s,%s,%s,%s,%s,", number, type_names[p->type], who->namespace, who->flow, who->id,
		       model_task(m, run), run->taskrun);
	if (run->values[0] && run->values[1])
		add_values(&values, run->values);
	else if (run->values[0])
		buf_add_text(&values, run->values[0]);
	add_cell(&p->cells, buf_bytes(&values));
	buf_add_char(&p->cells, ',');
	if (a->number > 1)
		buf_add_format(&p->cells, "%u", a->number);
	buf_finish(&values);
}

static void say_point(struct model *m, int attempt, unsigned metric, usec_t now, struct buf *ret)
{
	static const double numbers[] = {1, 0.1, -3.5, 1e21, 12345678901234.5};
	struct model_point *p = &m->points[m->n_points++];
	char number[NUMBER_TEXT_SIZE];

	assert_true(m->n_points < POINTS_MOST);
	*p = (struct model_point){.attempt = attempt, .metric = metric, .type = (enum metric_type)chance(METRIC_TYPES)};
	p->value = numbers[chance(COUNT(numbers))];
	p->time = chance(3) ? now : FIXTURE_START - (usec_t)chance(1000000);
	number_format(p->value, number);
	give_tags(m, p);
	write_json(m, p, number);
	write_cells(m, p, number);
	take_above(m, p, m->n_points);

	buf_add_text(ret, "{\"name\":");
	text_add_json_string(ret, bytes_of(metric_names[metric]));
	buf_add_format(ret, ",\"type\":\"%s\",\"value\":%s,\"tags\":", type_names[p->type], number);
	write_tags(p, ret);
	if (p->time != now) {
		buf_add_text(ret, ",\"timestamp\":\"");
		add_time(ret, p->time);
		buf_add_char(ret, '"');
	}
	buf_add_char(ret, '}');
}

void points_say(struct model *m, int attempt, usec_t now, struct buf *ret)
{
	bool flood = !chance(m->mood->flood);
	size_t n = (size_t)(flood ? 150 + chance(300) : chance(m->mood->usual));
	unsigned of_one = (unsigned)chance(2 * METRICS);

	for (size_t i = 0; i < n; i++) {
		buf_add_text(ret, i ? "," : "");
		say_point(m, attempt, flood && of_one < METRICS ? of_one : (unsigned)chance(METRICS), now, ret);
	}
}
