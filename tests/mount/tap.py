"""Tests that read like the promises they check, printed as TAP.

    @test("an empty store is an empty tree")
    def _():
        assert ...

    run()

A test passes if it returns, is skipped by skip("why"), and fails by any exception; what it says is printed below its line."""

import signal
import sys
import traceback

_tests = []

# A background job of some shells, nohup, some services: they ignore signals, and so would every command that a test starts.
for _number, _usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _usual)


class Skipped(Exception):
    pass


def test(name):
    def register(function):
        _tests.append((name, function))
        return function

    return register


def skip(why):
    raise Skipped(why)


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(f"{what}: got {_short(got)}, wanted {_short(wanted)}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{_short(part)} is not in {_short(text)}")


def _short(value):
    text = repr(value)
    return text if len(text) <= 600 else text[:300] + " … " + text[-300:]


def _run_one(number, name, function):
    try:
        function()
    except Skipped as why:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
        return True
    except Exception:
        print(f"not ok {number} - {name}", flush=True)
        for line in traceback.format_exc().rstrip().splitlines():
            print(f"# {line}")
        return False
    print(f"ok {number} - {name}", flush=True)
    return True


def run():
    """Runs the tests whose names hold one of the arguments, or all; ends the program."""
    chosen = [t for t in _tests if not sys.argv[1:] or any(word in t[0] for word in sys.argv[1:])]
    passed = [_run_one(n, *t) for n, t in enumerate(chosen, 1)]
    print(f"1..{len(passed)}", flush=True)
    sys.exit(0 if all(passed) else 1)
