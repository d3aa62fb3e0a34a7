#include "tests/unit/fail_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);

static struct {
	bool on;
	bool all; /* every later one fails too */
	bool failed;
	size_t left; /* that succeed before */
	long live;
} faults;

static bool is_fault(void)
{
	if (!faults.on)
		return false;
	if (faults.left > 0) {
		faults.left--;
		return false;
	}
	if (faults.failed && !faults.all)
		return false;
	faults.failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	if (is_fault())
		return NULL;
	faults.live += faults.on;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	if (is_fault())
		return NULL;
	faults.live += faults.on;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	if (is_fault())
		return NULL;
	faults.live += faults.on && !old;
	return __real_realloc(old, size);
}

void __wrap_free(void *memory)
{
	faults.live -= faults.on && memory;
	__real_free(memory);
}

char *__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

void faults_begin(size_t nth, bool all)
{
	faults.live = 0;
	faults.failed = false;
	faults.left = nth;
	faults.all = all;
	faults.on = true;
}

bool faults_met(void)
{
	return faults.failed;
}

void faults_over(void)
{
	faults.all = false;
	faults.left = 0;
}

bool faults_end(void)
{
	faults.on = false;
	assert_int_equal(faults.live, 0);
	return faults.failed;
}
