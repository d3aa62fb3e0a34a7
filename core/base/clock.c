/*
 * The clock, and time as text. Days are counted in the proleptic Gregorian calendar from a year that begins in March, so that the leap
 * day comes last and every month's length follows from one division (Howard Hinnant, "chrono-compatible low-level date algorithms").
 */
#include "core/base/clock.h"

#include <stdio.h>
#include <time.h>

#define SEC_PER_DAY 86400
#define DAYS_PER_ERA 146097  /* 400 years */
#define DAYS_TO_EPOCH 719468 /* 0000-03-01 to 1970-01-01 */

struct civil {
	int year;
	int month;
	int day;
};

usec_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (usec_t)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

static struct civil civil_of(int64_t days)
{
	int64_t shifted = days + DAYS_TO_EPOCH;
	int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int in_era = (int)(shifted - era * DAYS_PER_ERA);
	int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int in_year = in_era - (365 * year + year / 4 - year / 100);
	int from_march = (5 * in_year + 2) / 153;
	int month = from_march < 10 ? from_march + 3 : from_march - 9;

	return (struct civil){
		.year = (int)(year + era * 400) + (month <= 2),
		.month = month,
		.day = in_year - (153 * from_march + 2) / 5 + 1,
	};
}

static char *put_digits(char *at, int digits, unsigned int n)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + digits;
}

void clock_format(usec_t t, char ret_text[CLOCK_TEXT_LEN])
{
	int64_t days = t / (SEC_PER_DAY * USEC_PER_SEC);
	int64_t rest = t % (SEC_PER_DAY * USEC_PER_SEC);
	unsigned int second, usec;
	struct civil date;
	char *at = ret_text;

	if (rest < 0) {
		rest += SEC_PER_DAY * USEC_PER_SEC;
		days--;
	}
	date = civil_of(days);
	second = (unsigned int)(rest / USEC_PER_SEC);
	usec = (unsigned int)(rest % USEC_PER_SEC);

	at = put_digits(at, 4, (unsigned int)date.year);
	*at++ = '-';
	at = put_digits(at, 2, (unsigned int)date.month);
	*at++ = '-';
	at = put_digits(at, 2, (unsigned int)date.day);
	*at++ = 'T';
	at = put_digits(at, 2, second / 3600);
	*at++ = ':';
	at = put_digits(at, 2, second / 60 % 60);
	*at++ = ':';
	at = put_digits(at, 2, second % 60);
	*at++ = '.';
	at = put_digits(at, 6, usec);
	*at = 'Z';
}

void clock_format_duration(usec_t span, char ret_text[CLOCK_DURATION_SIZE])
{
	if (span < 0)
		span = 0;
	snprintf(ret_text, CLOCK_DURATION_SIZE, "PT%lld.%06lldS", (long long)(span / USEC_PER_SEC), (long long)(span % USEC_PER_SEC));
}
