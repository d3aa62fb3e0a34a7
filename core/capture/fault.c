#include "core/capture/fault.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

/* The handler's only way to know whom it interrupts. */
static _Thread_local sigjmp_buf *way_out;

static void on_fault(int number)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};

	if (way_out)
		siglongjmp(*way_out, 1);
	sigaction(number, &plain, NULL); /* back to what did it, which now is the end */
}

bool fault_guard(void (*function)(void *context), void *context)
{
	struct sigaction caught = {.sa_handler = on_fault};
	sigjmp_buf here;

	if (sigsetjmp(here, 1)) {
		way_out = NULL;
		return false;
	}
	way_out = &here;
	sigaction(SIGBUS, &caught, NULL);
	function(context);
	way_out = NULL;
	return true;
}
