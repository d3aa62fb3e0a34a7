/*
 * The axis of times. Steps up to two weeks have one length and are counted from a common start; months and years are counted in the
 * calendar, by way of the clock's own text.
 */
#include "fs/document/plot_scale.h"

#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000)
#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MONTH (28 * DAY) /* the shortest */
#define YEAR (365 * DAY)

/* What a single moment is shown in the middle of. */
#define AROUND_MOMENT (15 * SECOND)
/* 1970-01-05, a Monday: where weeks begin. */
#define MONDAY (4 * DAY)

enum label_kind { LABEL_CLOCK, LABEL_DAY, LABEL_MONTH, LABEL_YEAR };

/* What a label leaves open are the first `context` bytes of the clock's text. */
static const struct label_form {
	unsigned context;
	unsigned room; /* with the context below it, and a gap, in hundredths of the font's size */
} forms[] = {
	[LABEL_CLOCK] = {10, 750},
	[LABEL_DAY] = {4, 480},
	[LABEL_MONTH] = {4, 350},
	[LABEL_YEAR] = {0, 350},
};

#define CLOCK_FROM 11 /* `2026-11-22T10:00:00.123456Z` */
#define HOURS_MINUTES 5
#define HOURS_MINUTES_SECONDS 8

static const struct step {
	usec_t length;
	unsigned months; /* 0: of the same length always */
	enum label_kind kind;
	unsigned len; /* of the clock's part in the label */
} steps[] = {
	{1, 0, LABEL_CLOCK, 15},
	{2, 0, LABEL_CLOCK, 15},
	{5, 0, LABEL_CLOCK, 15},
	{10, 0, LABEL_CLOCK, 14},
	{20, 0, LABEL_CLOCK, 14},
	{50, 0, LABEL_CLOCK, 14},
	{100, 0, LABEL_CLOCK, 13},
	{200, 0, LABEL_CLOCK, 13},
	{500, 0, LABEL_CLOCK, 13},
	{1 * MS, 0, LABEL_CLOCK, 12},
	{2 * MS, 0, LABEL_CLOCK, 12},
	{5 * MS, 0, LABEL_CLOCK, 12},
	{10 * MS, 0, LABEL_CLOCK, 11},
	{20 * MS, 0, LABEL_CLOCK, 11},
	{50 * MS, 0, LABEL_CLOCK, 11},
	{100 * MS, 0, LABEL_CLOCK, 10},
	{200 * MS, 0, LABEL_CLOCK, 10},
	{500 * MS, 0, LABEL_CLOCK, 10},
	{1 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{2 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{5 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{10 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{15 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{30 * SECOND, 0, LABEL_CLOCK, HOURS_MINUTES_SECONDS},
	{1 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{2 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{5 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{10 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{15 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{30 * MINUTE, 0, LABEL_CLOCK, HOURS_MINUTES},
	{1 * HOUR, 0, LABEL_CLOCK, HOURS_MINUTES},
	{2 * HOUR, 0, LABEL_CLOCK, HOURS_MINUTES},
	{3 * HOUR, 0, LABEL_CLOCK, HOURS_MINUTES},
	{6 * HOUR, 0, LABEL_CLOCK, HOURS_MINUTES},
	{12 * HOUR, 0, LABEL_CLOCK, HOURS_MINUTES},
	{1 * DAY, 0, LABEL_DAY, 0},
	{2 * DAY, 0, LABEL_DAY, 0},
	{7 * DAY, 0, LABEL_DAY, 0},
	{14 * DAY, 0, LABEL_DAY, 0},
	{1 * MONTH, 1, LABEL_MONTH, 0},
	{2 * MONTH, 2, LABEL_MONTH, 0},
	{3 * MONTH, 3, LABEL_MONTH, 0},
	{6 * MONTH, 6, LABEL_MONTH, 0},
	{1 * YEAR, 12, LABEL_YEAR, 0},
	{2 * YEAR, 24, LABEL_YEAR, 0},
	{5 * YEAR, 60, LABEL_YEAR, 0},
	{10 * YEAR, 120, LABEL_YEAR, 0},
	{20 * YEAR, 240, LABEL_YEAR, 0},
	{50 * YEAR, 600, LABEL_YEAR, 0},
	{100 * YEAR, 1200, LABEL_YEAR, 0},
	{200 * YEAR, 2400, LABEL_YEAR, 0},
	{500 * YEAR, 6000, LABEL_YEAR, 0},
	{1000 * YEAR, 12000, LABEL_YEAR, 0},
	{2000 * YEAR, 24000, LABEL_YEAR, 0},
	{5000 * YEAR, 60000, LABEL_YEAR, 0},
};
#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static unsigned number_at(const char *text, unsigned len)
{
	unsigned n = 0;

	for (unsigned i = 0; i < len; i++)
		n = 10 * n + (unsigned)(text[i] - '0');
	return n;
}

/* Months since the start of year 0. */
static unsigned month_of(usec_t time)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(time, text);
	return 12 * number_at(text, 4) + number_at(text + 5, 2) - 1;
}

/* The first moment of a month, or false where no clock shows it. */
static bool month_start(unsigned month, usec_t *ret_time)
{
	char text[40];
	int len = snprintf(text, sizeof(text), "%04u-%02u-01T00:00:00Z", month / 12, month % 12 + 1);

	return clock_parse(bytes_make(text, (size_t)len), ret_time) == 0;
}

static usec_t round_up(usec_t time, usec_t unit)
{
	usec_t rest = time % unit;

	return time - rest + (rest > 0 ? unit : 0);
}

/* The first tick at `time` or later. */
static bool first_tick(const struct step *step, usec_t time, usec_t *ret_tick)
{
	usec_t origin = step->length >= 7 * DAY ? MONDAY : 0;
	unsigned month;

	if (!step->months) {
		*ret_tick = origin + round_up(time - origin, step->length);
		return true;
	}
	month = month_of(time);
	month -= month % step->months;
	while (!month_start(month, ret_tick) || *ret_tick < time) {
		month += step->months;
		if (month >= 12 * 10000)
			return false;
	}
	return true;
}

static bool next_tick(const struct step *step, usec_t *time)
{
	if (step->months)
		return month_start(month_of(*time) + step->months, time);
	*time += step->length;
	return true;
}

static void put_label(struct time_tick *tick, const struct step *step, const char *text)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const char *month = months[number_at(text + 5, 2) - 1];

	switch (step->kind) {
	case LABEL_CLOCK:
		snprintf(tick->label, sizeof(tick->label), "%.*s", (int)step->len, text + CLOCK_FROM);
		break;
	case LABEL_DAY:
		snprintf(tick->label, sizeof(tick->label), "%s %u", month, number_at(text + 8, 2));
		break;
	case LABEL_MONTH:
		snprintf(tick->label, sizeof(tick->label), "%s", month);
		break;
	case LABEL_YEAR:
		snprintf(tick->label, sizeof(tick->label), "%u", number_at(text, 4));
		break;
	}
}

static void add_tick(struct time_axis *axis, const struct step *step, usec_t time, char *context)
{
	struct time_tick *tick = &axis->ticks[axis->n++];
	char text[CLOCK_TEXT_LEN];

	clock_format(time, text);
	tick->place = time_axis_place(axis, time);
	put_label(tick, step, text);
	snprintf(tick->context, sizeof(tick->context), "%.*s", (int)forms[step->kind].context, text);
	if (strcmp(tick->context, context) == 0)
		tick->context[0] = '\0';
	else
		strcpy(context, tick->context);
}

static void add_ticks(struct time_axis *axis, const struct step *step, unsigned most)
{
	char context[TIME_LABEL_SIZE] = "";
	usec_t time;

	axis->n = 0;
	for (bool more = first_tick(step, axis->from, &time); more && time <= axis->to && axis->n < most; more = next_tick(step, &time))
		add_tick(axis, step, time, context);
}

/* Room for one label of a step and the gap before the next. */
static unsigned room_of(const struct step *step)
{
	unsigned own = (step->len + 2) * 63;

	return own > forms[step->kind].room ? own : forms[step->kind].room;
}

/* The finest step whose labels have room. It may be so coarse that no tick is on the axis: then one of the step before is. */
void time_axis_init(struct time_axis *axis, usec_t first, usec_t latest, unsigned width)
{
	size_t i = 0;

	if (latest <= first) {
		latest = first > USEC_MAX - AROUND_MOMENT ? USEC_MAX : first + AROUND_MOMENT;
		first = first < USEC_MIN + AROUND_MOMENT ? USEC_MIN : first - AROUND_MOMENT;
	}
	*axis = (struct time_axis){.from = first, .to = latest};
	while (i + 1 < N_STEPS && (double)(latest - first) / (double)steps[i].length > (double)width / room_of(&steps[i]))
		i++;
	add_ticks(axis, &steps[i], TIME_TICKS_MOST);
	while (axis->n == 0 && i > 0)
		add_ticks(axis, &steps[--i], 1);
}

double time_axis_place(const struct time_axis *axis, usec_t time)
{
	if (time <= axis->from)
		return 0;
	return time >= axis->to ? 1 : (double)(time - axis->from) / (double)(axis->to - axis->from);
}
