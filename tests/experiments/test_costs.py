"""Costs read off a program's text, against a program small enough to count by hand."""

import pytest

from experiments.benchmarks.costs import collectives, read_costs

PROGRAM = """HloModule jit_f, is_scheduled=true

%fused (p: f32[10,4]) -> f32[10,4] {
  %p = f32[10,4]{1,0} parameter(0)
  ROOT %n = f32[10,4]{1,0} negate(%p), backend_config={"estimated_cycles":"9999"}
}

%steps (s: (f32[10,4], u8[50,128])) -> (f32[10,4], u8[50,128]) {
  %s = (f32[10,4]{1,0}, u8[50,128]{1,0}) parameter(0)
  %x = f32[10,4]{1,0} get-tuple-element(%s), index=0
  %table = u8[50,128]{1,0} get-tuple-element(%s), index=1
  %rows = u8[10,128]{1,0:T(8,128)(4,1)} fusion(%table), kind=kCustom, calls=%fused
  %fast = f32[10,4]{1,0:T(8,128)S(1)} fusion(%x), calls=%fused, estimates={"estimated_cycles":"7"}
  %y = f32[10,4]{1,0} fusion(%fast), calls=%fused, estimates={"estimated_cycles":"30"}
  ROOT %t = (f32[10,4]{1,0}, u8[50,128]{1,0}) tuple(%y, %table)
}

%turns (s.1: (f32[10,4], u8[50,128])) -> (f32[10,4], u8[50,128]) {
  %s.1 = (f32[10,4]{1,0}, u8[50,128]{1,0}) parameter(0)
  %x.1 = f32[10,4]{1,0} get-tuple-element(%s.1), index=0
  %c = f32[10,4]{1,0} copy(%x.1), backend_config={"estimated_cycles":"500"}
  ROOT %w = (f32[10,4]{1,0}, u8[50,128]{1,0}) while(%s.1), condition=%k, body=%steps
}

ENTRY %main (a: f32[10,4], d: u8[50,128]) -> (f32[10,4], u8[50,128]) {
  %a = f32[10,4]{1,0} parameter(0)
  %d = u8[50,128]{1,0} parameter(1)
  %b = f32[10,4]{1,0} negate(%a), backend_config={"estimated_cycles":"100"}
  %t.1 = (f32[10,4]{1,0}, u8[50,128]{1,0}) tuple(%b, %d)
  ROOT %w.1 = (f32[10,4]{1,0}, u8[50,128]{1,0}) while(%t.1), condition=%k.1, body=%turns
}
"""
X, ROWS = 4 * 10 * 4, 10 * 128  # bytes


def test_a_step_is_the_inner_loop_s_body_for_every_turn_of_the_outer_one():
    step, call = read_costs(PROGRAM, num_turns=5, table=(50, 128))
    assert step.cycles == 5 * (7 + 30)
    # The rows are written, x read, y written; what is fast, and the table, count nothing.
    assert step.traffic == 5 * (ROWS + X + X)
    assert call.cycles == 100 + 5 * 500
    assert call.traffic == 2 * X + 5 * 2 * X


def test_seeds_that_are_left_over_take_their_steps_behind_the_loop():
    rest = "  %w.2 = (f32[10,4]{1,0}, u8[50,128]{1,0}) while(%w.1), condition=%k, body=%steps\n}"
    step, call = read_costs(f"{PROGRAM.rstrip()[:-1]}{rest}\n", num_turns=5, table=(50, 128))
    assert step.cycles == (5 + 1) * (7 + 30)
    assert call.cycles == 100 + 5 * 500


def test_without_a_loop_over_seeds_the_first_loop_is_that_over_steps():
    program = PROGRAM.replace("body=%turns", "body=%steps")
    step, call = read_costs(program, num_turns=1, table=(50, 128))
    assert (step.cycles, call.cycles) == (37, 100)


@pytest.mark.parametrize("word", ["all-reduce", "all-gather-start", "collective-permute"])
def test_operations_that_wait_for_other_devices_are_found(word):
    assert collectives(PROGRAM) == []
    line = f"  %r = f32[10,4]{{1,0}} {word}(%a), replica_groups={{}}\n  %b = "
    assert collectives(PROGRAM.replace("  %b = ", line)) == [
        {"all-gather-start": "all-gather", "collective-permute": "collective"}.get(word, word)
    ]
