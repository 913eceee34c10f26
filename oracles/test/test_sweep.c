/* Fuel and call depth are part of what legs must agree in, wherever they run out.
 *
 * A module with nested control, every kind of call and every library call is run once for each value that fuel, then
 * depth, can start with, from 0 to more than enough: so each charge is the one that fails once, on every leg, and all
 * that is observed (trap site, backtrace, what is left, and the state that was reached) is compared with the
 * interpreter's. */
#include <stdlib.h>
#include "oracles/differ.h"
#include "oracles/test/modules.h"
#include "run/signals.h"

/* (module
 *   (type $ii (func (param i32) (result i32)))
 *   (import "env" "log" (func $log (param i32 i64)))
 *   (import "env" "ask" (func $ask (param f32) (result i32)))
 *   (memory 1 3)
 *   (table 6 12 funcref)
 *   (global $g (mut i32) (i32.const 0))
 *   (global $h (mut i64) (i64.const 1))
 *   (elem (i32.const 0) func $double $odd $even $fib $log)
 *   (elem $later func $double $even)
 *   (data $d "\01\02\03\04\05")
 *   (func $double (type $ii) (i32.shl (local.get 0) (i32.const 1)))
 *   (func $even (type $ii)
 *     (global.set $g (i32.add (global.get $g) (i32.const 1)))
 *     (if (result i32) (i32.eqz (local.get 0))
 *       (then (i32.const 1))
 *       (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
 *   (func $odd (type $ii)
 *     (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
 *     (return_call_indirect (type $ii) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2)))
 *   (func $fib (type $ii) (local i64 i64 i64)
 *     (i32.store (i32.mul (local.get 0) (i32.const 4)) (i32.add (i32.const 1) (i32.load (i32.mul (local.get 0)
 * (i32.const 4))))) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add (call
 * $fib (i32.sub (local.get 0) (i32.const 1))) (call_indirect (type $ii) (i32.sub (local.get 0) (i32.const 2))
 * (i32.const 3)))))) (func $init (global.set $h (i64.mul (global.get $h) (i64.const 6364136223846793005))) (call $log
 * (i32.const 7) (global.get $h))) (start $init) (func (export "nest") (param i32) (result i32) (local i32) (loop $again
 *       (block $out
 *         (block $two
 *           (block $one
 *             (block $zero
 *               (br_table $zero $one $two $out (i32.rem_u (local.get 0) (i32.const 5))))
 *             (i32.store8 offset=100 (local.get 0) (i32.const 10))
 *             (br $out))
 *           (if (i32.and (local.get 0) (i32.const 1))
 *             (then (local.set 1 (i32.add (local.get 1) (i32.const 3))))
 *             (else
 *               (loop $inner
 *                 (local.set 1 (i32.add (local.get 1) (i32.const 1)))
 *                 (global.set $g (local.get 1))
 *                 (br_if $inner (i32.rem_u (local.get 1) (i32.const 4)))))))
 *         (block
 *           (br_if 0 (i32.gt_u (local.get 1) (i32.const 9)))
 *           (i64.store offset=200 (local.get 0) (i64.extend_i32_u (local.get 1)))
 *           (br_if 1 (i32.eqz (local.get 1)))
 *           (nop)))
 *       (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
 *     (local.get 1))
 *   (func (export "calls") (param i32)
 *     (loop $again
 *       (global.set $g (call_indirect (type $ii) (local.get 0) (local.get 0)))
 *       (global.set $h (i64.add (global.get $h) (i64.extend_i32_u (global.get $g))))
 *       (local.set 0 (i32.add (local.get 0) (i32.const 1)))
 *       (br $again)))
 *   (func (export "tail") (param i32) (result i32) (return_call $even (local.get 0)))
 *   (func (export "fib") (param i32) (result i32) (call $fib (local.get 0)))
 *   (func (export "grow") (result i32) (local i32)
 *     (loop $again
 *       (local.set 0 (memory.grow (i32.const 1)))
 *       (memory.fill (i32.mul (memory.size) (i32.const 1000)) (local.get 0) (i32.const 77))
 *       (drop (table.grow 0 (ref.func $even) (i32.const 3)))
 *       (br_if $again (i32.ne (local.get 0) (i32.const -1))))
 *     (memory.init $d (i32.const 300) (i32.const 1) (i32.const 3))
 *     (data.drop $d)
 *     (table.init 0 $later (i32.const 5) (i32.const 0) (i32.const 2))
 *     (elem.drop $later)
 *     (i32.add (table.size 0) (memory.size)))
 *   (func (export "host") (param i32) (result i32) (local i32)
 *     (loop $again
 *       (call $log (local.get 0) (global.get $h))
 *       (local.set 1 (i32.xor (local.get 1) (call $ask (f32.convert_i32_u (local.get 0)))))
 *       (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
 *     (local.get 1))
 *   (func (export "divide") (param i32) (result i32)
 *     (loop $again
 *       (global.set $g (i32.div_u (i32.const 1000) (local.get 0)))
 *       (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
 *       (br $again))
 *     (unreachable))
 *   (func (export "bounds") (param i32)
 *     (loop $again
 *       (i32.store (local.get 0) (local.get 0))
 *       (local.set 0 (i32.add (local.get 0) (i32.const 20000)))
 *       (br $again)))
 *   (func (export "early") (param i32) (result i32)
 *     (block $done (result i32)
 *       (drop (br_if $done (i32.const 3) (local.get 0)))
 *       (if (local.get 0) (then (unreachable)))
 *       (block (br 0))
 *       (i32.const 4)
 *       (return)
 *       (unreachable)))
 *   (export "log" (func $log))
 * ) */
static const uint8_t fuel_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x1b, 0x06, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x02, 0x7f,
    0x7e, 0x00, 0x60, 0x01, 0x7d, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x00, 0x01, 0x7f, 0x02,
    0x15, 0x02, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x61, 0x73,
    0x6b, 0x00, 0x02, 0x03, 0x0f, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x05, 0x00, 0x00, 0x04,
    0x00, 0x04, 0x05, 0x01, 0x70, 0x01, 0x06, 0x0c, 0x05, 0x04, 0x01, 0x01, 0x01, 0x03, 0x06, 0x0b, 0x02, 0x7f, 0x01,
    0x41, 0x00, 0x0b, 0x7e, 0x01, 0x42, 0x01, 0x0b, 0x07, 0x4b, 0x0a, 0x04, 0x6e, 0x65, 0x73, 0x74, 0x00, 0x07, 0x05,
    0x63, 0x61, 0x6c, 0x6c, 0x73, 0x00, 0x08, 0x04, 0x74, 0x61, 0x69, 0x6c, 0x00, 0x09, 0x03, 0x66, 0x69, 0x62, 0x00,
    0x0a, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x0b, 0x04, 0x68, 0x6f, 0x73, 0x74, 0x00, 0x0c, 0x06, 0x64, 0x69, 0x76,
    0x69, 0x64, 0x65, 0x00, 0x0d, 0x06, 0x62, 0x6f, 0x75, 0x6e, 0x64, 0x73, 0x00, 0x0e, 0x05, 0x65, 0x61, 0x72, 0x6c,
    0x79, 0x00, 0x0f, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x00, 0x08, 0x01, 0x06, 0x09, 0x10, 0x02, 0x00, 0x41, 0x00, 0x0b,
    0x05, 0x02, 0x04, 0x03, 0x05, 0x00, 0x01, 0x00, 0x02, 0x02, 0x03, 0x0c, 0x01, 0x01, 0x0a, 0xe1, 0x03, 0x0e, 0x07,
    0x00, 0x20, 0x00, 0x41, 0x01, 0x74, 0x0b, 0x19, 0x00, 0x23, 0x00, 0x41, 0x01, 0x6a, 0x24, 0x00, 0x20, 0x00, 0x45,
    0x04, 0x7f, 0x41, 0x01, 0x05, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x12, 0x04, 0x0b, 0x0b, 0x15, 0x00, 0x20, 0x00, 0x45,
    0x04, 0x40, 0x41, 0x00, 0x0f, 0x0b, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x41, 0x02, 0x13, 0x00, 0x00, 0x0b, 0x34, 0x01,
    0x03, 0x7e, 0x20, 0x00, 0x41, 0x04, 0x6c, 0x41, 0x01, 0x20, 0x00, 0x41, 0x04, 0x6c, 0x28, 0x02, 0x00, 0x6a, 0x36,
    0x02, 0x00, 0x20, 0x00, 0x41, 0x02, 0x49, 0x04, 0x7f, 0x20, 0x00, 0x05, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x10, 0x05,
    0x20, 0x00, 0x41, 0x02, 0x6b, 0x41, 0x03, 0x11, 0x00, 0x00, 0x6a, 0x0b, 0x0b, 0x18, 0x00, 0x23, 0x01, 0x42, 0xad,
    0xfe, 0xd5, 0xe4, 0xd4, 0x85, 0xfd, 0xa8, 0xd8, 0x00, 0x7e, 0x24, 0x01, 0x41, 0x07, 0x23, 0x01, 0x10, 0x00, 0x0b,
    0x70, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x20, 0x00, 0x41, 0x05, 0x70,
    0x0e, 0x03, 0x00, 0x01, 0x02, 0x03, 0x0b, 0x20, 0x00, 0x41, 0x0a, 0x3a, 0x00, 0x64, 0x0c, 0x02, 0x0b, 0x20, 0x00,
    0x41, 0x01, 0x71, 0x04, 0x40, 0x20, 0x01, 0x41, 0x03, 0x6a, 0x21, 0x01, 0x05, 0x03, 0x40, 0x20, 0x01, 0x41, 0x01,
    0x6a, 0x21, 0x01, 0x20, 0x01, 0x24, 0x00, 0x20, 0x01, 0x41, 0x04, 0x70, 0x0d, 0x00, 0x0b, 0x0b, 0x0b, 0x02, 0x40,
    0x20, 0x01, 0x41, 0x09, 0x4b, 0x0d, 0x00, 0x20, 0x00, 0x20, 0x01, 0xad, 0x37, 0x03, 0xc8, 0x01, 0x20, 0x01, 0x45,
    0x0d, 0x01, 0x01, 0x0b, 0x0b, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b, 0x1f,
    0x00, 0x03, 0x40, 0x20, 0x00, 0x20, 0x00, 0x11, 0x00, 0x00, 0x24, 0x00, 0x23, 0x01, 0x23, 0x00, 0xad, 0x7c, 0x24,
    0x01, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x21, 0x00, 0x0c, 0x00, 0x0b, 0x0b, 0x06, 0x00, 0x20, 0x00, 0x12, 0x03, 0x0b,
    0x06, 0x00, 0x20, 0x00, 0x10, 0x05, 0x0b, 0x4b, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x41, 0x01, 0x40, 0x00, 0x21, 0x00,
    0x3f, 0x00, 0x41, 0xe8, 0x07, 0x6c, 0x20, 0x00, 0x41, 0xcd, 0x00, 0xfc, 0x0b, 0x00, 0xd2, 0x03, 0x41, 0x03, 0xfc,
    0x0f, 0x00, 0x1a, 0x20, 0x00, 0x41, 0x7f, 0x47, 0x0d, 0x00, 0x0b, 0x41, 0xac, 0x02, 0x41, 0x01, 0x41, 0x03, 0xfc,
    0x08, 0x00, 0x00, 0xfc, 0x09, 0x00, 0x41, 0x05, 0x41, 0x00, 0x41, 0x02, 0xfc, 0x0c, 0x01, 0x00, 0xfc, 0x0d, 0x01,
    0xfc, 0x10, 0x00, 0x3f, 0x00, 0x6a, 0x0b, 0x22, 0x01, 0x01, 0x7f, 0x03, 0x40, 0x20, 0x00, 0x23, 0x01, 0x10, 0x00,
    0x20, 0x01, 0x20, 0x00, 0xb3, 0x10, 0x01, 0x73, 0x21, 0x01, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00,
    0x0b, 0x20, 0x01, 0x0b, 0x17, 0x00, 0x03, 0x40, 0x41, 0xe8, 0x07, 0x20, 0x00, 0x6e, 0x24, 0x00, 0x20, 0x00, 0x41,
    0x01, 0x6b, 0x21, 0x00, 0x0c, 0x00, 0x0b, 0x00, 0x0b, 0x17, 0x00, 0x03, 0x40, 0x20, 0x00, 0x20, 0x00, 0x36, 0x02,
    0x00, 0x20, 0x00, 0x41, 0xa0, 0x9c, 0x01, 0x6a, 0x21, 0x00, 0x0c, 0x00, 0x0b, 0x0b, 0x1b, 0x00, 0x02, 0x7f, 0x41,
    0x03, 0x20, 0x00, 0x0d, 0x00, 0x1a, 0x20, 0x00, 0x04, 0x40, 0x00, 0x0b, 0x02, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x04,
    0x0f, 0x00, 0x0b, 0x0b, 0x0b, 0x08, 0x01, 0x01, 0x05, 0x01, 0x02, 0x03, 0x04, 0x05,
};
/* (module
 *   (type $ii (func (param i32) (result i32)))
 *   (import "env" "ask" (func $ask (param i32) (result i32)))
 *   (memory 1)
 *   (table funcref (elem $wide $slim $ask $tail))
 *   (global $deepest (mut i32) (i32.const 0))
 *   (func $slim (type $ii)
 *     (global.set $deepest (local.get 0))
 *     (i32.add (i32.const 1) (call $wide (i32.add (local.get 0) (i32.const 1)))))
 *   (func $wide (type $ii) (local i64 i64 f64 i32 i32 i32 i64 f32)
 *     (local.set 1 (i64.extend_i32_u (local.get 0)))
 *     (local.set 3 (f64.convert_i32_u (local.get 0)))
 *     (i64.store (i32.mul (i32.const 8) (local.get 0)) (i64.const -1))
 *     (i32.add
 *       (i32.add (local.get 0) (i32.add (i32.mul (local.get 0) (i32.const 3))
 *         (call_indirect (type $ii) (i32.add (local.get 0) (i32.const 1)) (i32.const 3))))
 *       (i32.add (i32.wrap_i64 (local.get 1)) (i32.trunc_sat_f64_s (local.get 3)))))
 *   (func $tail (type $ii)
 *     (if (i32.ge_u (local.get 0) (i32.const 40)) (then (return_call_indirect (type $ii) (local.get 0) (i32.const 2))))
 *     (if (i32.and (local.get 0) (i32.const 4)) (then (return_call $slim (local.get 0))))
 *     (return_call $wide (local.get 0)))
 *   (func $sink (param i32) (result i32) (local i32)
 *     (if (i32.eqz (local.get 0)) (then (unreachable)))
 *     (local.set 1 (call $sink (i32.sub (local.get 0) (i32.const 1))))
 *     (i32.add (local.get 1) (i32.const 1)))
 *   (func $sink_load (param i32) (result i32)
 *     (if (result i32) (i32.eqz (local.get 0)) (then (i32.load (i32.const -4)))
 *       (else (i32.add (call $sink_load (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))
 *   (func (export "slim") (param i32) (result i32) (call $slim (local.get 0)))
 *   (func (export "tail") (param i32) (result i32) (return_call $tail (local.get 0)))
 *   (export "wide" (func $wide))
 *   (export "sink" (func $sink))
 *   (export "sink_load" (func $sink_load))
 *   (export "ask" (func $ask))) */
static const uint8_t depth_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x02, 0x0b, 0x01,
    0x03, 0x65, 0x6e, 0x76, 0x03, 0x61, 0x73, 0x6b, 0x00, 0x00, 0x03, 0x08, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x04, 0x05, 0x01, 0x70, 0x01, 0x04, 0x04, 0x05, 0x03, 0x01, 0x00, 0x01, 0x06, 0x06, 0x01, 0x7f, 0x01, 0x41,
    0x00, 0x0b, 0x07, 0x2f, 0x06, 0x04, 0x73, 0x6c, 0x69, 0x6d, 0x00, 0x06, 0x04, 0x74, 0x61, 0x69, 0x6c, 0x00, 0x07,
    0x04, 0x77, 0x69, 0x64, 0x65, 0x00, 0x02, 0x04, 0x73, 0x69, 0x6e, 0x6b, 0x00, 0x04, 0x09, 0x73, 0x69, 0x6e, 0x6b,
    0x5f, 0x6c, 0x6f, 0x61, 0x64, 0x00, 0x05, 0x03, 0x61, 0x73, 0x6b, 0x00, 0x00, 0x09, 0x0a, 0x01, 0x00, 0x41, 0x00,
    0x0b, 0x04, 0x02, 0x01, 0x00, 0x03, 0x0a, 0xb2, 0x01, 0x07, 0x10, 0x00, 0x20, 0x00, 0x24, 0x00, 0x41, 0x01, 0x20,
    0x00, 0x41, 0x01, 0x6a, 0x10, 0x02, 0x6a, 0x0b, 0x3c, 0x05, 0x02, 0x7e, 0x01, 0x7c, 0x03, 0x7f, 0x01, 0x7e, 0x01,
    0x7d, 0x20, 0x00, 0xad, 0x21, 0x01, 0x20, 0x00, 0xb8, 0x21, 0x03, 0x41, 0x08, 0x20, 0x00, 0x6c, 0x42, 0x7f, 0x37,
    0x03, 0x00, 0x20, 0x00, 0x20, 0x00, 0x41, 0x03, 0x6c, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x41, 0x03, 0x11, 0x00, 0x00,
    0x6a, 0x6a, 0x20, 0x01, 0xa7, 0x20, 0x03, 0xfc, 0x02, 0x6a, 0x6a, 0x0b, 0x21, 0x00, 0x20, 0x00, 0x41, 0x28, 0x4f,
    0x04, 0x40, 0x20, 0x00, 0x41, 0x02, 0x13, 0x00, 0x00, 0x0b, 0x20, 0x00, 0x41, 0x04, 0x71, 0x04, 0x40, 0x20, 0x00,
    0x12, 0x01, 0x0b, 0x20, 0x00, 0x12, 0x02, 0x0b, 0x19, 0x01, 0x01, 0x7f, 0x20, 0x00, 0x45, 0x04, 0x40, 0x00, 0x0b,
    0x20, 0x00, 0x41, 0x01, 0x6b, 0x10, 0x04, 0x21, 0x01, 0x20, 0x01, 0x41, 0x01, 0x6a, 0x0b, 0x18, 0x00, 0x20, 0x00,
    0x45, 0x04, 0x7f, 0x41, 0x7c, 0x28, 0x02, 0x00, 0x05, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x10, 0x05, 0x41, 0x01, 0x6a,
    0x0b, 0x0b, 0x06, 0x00, 0x20, 0x00, 0x10, 0x01, 0x0b, 0x06, 0x00, 0x20, 0x00, 0x12, 0x03, 0x0b,
};

/* (module
 *   (memory 1) (memory 2)
 *   (table $t 64 funcref) (table $u 64 funcref)
 *   (data $d "0123456789...")  ;; 130 bytes
 *   (elem $e func $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f)
 *   (func $f)
 *   (func (export "memory.fill") (param i32) (memory.fill (i32.const 7) (i32.const 1) (local.get 0)))
 *   (func (export "memory.copy") (param i32) (memory.copy 0 1 (i32.const 7) (i32.const 1) (local.get 0)))
 *   (func (export "memory.init") (param i32) (memory.init $d (i32.const 7) (i32.const 0) (local.get 0)))
 *   (func (export "table.fill") (param i32) (table.fill $t (i32.const 7) (ref.func $f) (local.get 0)))
 *   (func (export "table.copy") (param i32) (table.copy $t $u (i32.const 7) (i32.const 1) (local.get 0)))
 *   (func (export "table.init") (param i32) (table.init $t $e (i32.const 7) (i32.const 0) (local.get 0)))) */
static const uint8_t bulk_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00, 0x03,
    0x08, 0x07, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x04, 0x07, 0x02, 0x70, 0x00, 0x40, 0x70, 0x00, 0x40, 0x05,
    0x05, 0x02, 0x00, 0x01, 0x00, 0x02, 0x07, 0x52, 0x06, 0x0b, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x2e, 0x66, 0x69,
    0x6c, 0x6c, 0x00, 0x01, 0x0b, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x2e, 0x63, 0x6f, 0x70, 0x79, 0x00, 0x02, 0x0b,
    0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x2e, 0x69, 0x6e, 0x69, 0x74, 0x00, 0x03, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65,
    0x2e, 0x66, 0x69, 0x6c, 0x6c, 0x00, 0x04, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x2e, 0x63, 0x6f, 0x70, 0x79, 0x00,
    0x05, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x2e, 0x69, 0x6e, 0x69, 0x74, 0x00, 0x06, 0x09, 0x15, 0x01, 0x01, 0x00,
    0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c,
    0x01, 0x01, 0x0a, 0x50, 0x07, 0x02, 0x00, 0x0b, 0x0b, 0x00, 0x41, 0x07, 0x41, 0x01, 0x20, 0x00, 0xfc, 0x0b, 0x00,
    0x0b, 0x0c, 0x00, 0x41, 0x07, 0x41, 0x01, 0x20, 0x00, 0xfc, 0x0a, 0x00, 0x01, 0x0b, 0x0c, 0x00, 0x41, 0x07, 0x41,
    0x00, 0x20, 0x00, 0xfc, 0x08, 0x00, 0x00, 0x0b, 0x0b, 0x00, 0x41, 0x07, 0xd2, 0x00, 0x20, 0x00, 0xfc, 0x11, 0x00,
    0x0b, 0x0c, 0x00, 0x41, 0x07, 0x41, 0x01, 0x20, 0x00, 0xfc, 0x0e, 0x00, 0x01, 0x0b, 0x0c, 0x00, 0x41, 0x07, 0x41,
    0x00, 0x20, 0x00, 0xfc, 0x0c, 0x00, 0x00, 0x0b, 0x0b, 0x86, 0x01, 0x01, 0x01, 0x82, 0x01, 0x30, 0x31, 0x32, 0x33,
    0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32,
    0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31,
    0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30,
    0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39,
};

typedef struct Step {
    const char *name;
    uint32_t nargs;
    uint64_t arg;
} Step;
static const Step fuel_step[] = {{"nest", 1, 13}, {"calls", 1, 0}, {"tail", 1, 9},   {"fib", 1, 6},    {"grow", 0, 0},
                                 {"host", 1, 3},  {"log", 2, 5},   {"divide", 1, 6}, {"bounds", 1, 3}, {"early", 1, 0},
                                 {"early", 1, 1}, {"nest", 1, 4},  {"calls", 1, 4}};
static const Step depth_step[] = {{"slim", 1, 0},  {"tail", 1, 2},       {"wide", 1, 1},
                                  {"wide", 1, 38}, {"ask", 1, 1},        {"sink", 1, 9},
                                  {"sink", 1, 70}, {"sink_load", 1, 63}, {"sink_load", 1, 200}};

static const char *const leg_text[] = {"interp",
                                       "x64:O0",
                                       "x64:O1",
                                       "x64:O2",
                                       "x64:O1,bounds=explicit",
                                       "x64:O0,regs=hostile",
                                       "x64:O1,regs=hostile,pad=far",
                                       "x64:O1,mix=1",
                                       "x64:O1,mix=2",
                                       "x64:O2,interp=3+6-9", /* $even of the first module, which $odd calls back */
                                       "x64:O0,interp=!3-6",
                                       "a64:O0",
                                       "a64:O1",
                                       "a64:O2",
                                       "a64:O1,bounds=explicit",
                                       "a64:O1,charge=branch",
                                       "a64:O1,mix=1",
                                       "a64:O2,interp=4", /* $odd */
                                       "a64:O0,regs=hostile,charge=branch"};
enum { NLEGS = sizeof leg_text / sizeof *leg_text };

typedef struct World {
    Leg *leg[NLEGS]; /* NULL: does not work here */
    LegModule code[NLEGS];
    Arena forever, arena;
    Module *module;
    LegCall call[16];
    uint32_t ncall;
    Value value[16][2];
} World;

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    arena_init(&w->forever, NULL);
    arena_init(&w->arena, NULL);
    for (uint32_t i = 0; i < NLEGS; i++) {
        LegSpec spec;
        char why[300];
        w->leg[i] = calloc(1, sizeof(Leg));
        if (!leg_spec_parse(&spec, leg_text[i], strlen(leg_text[i]), why, sizeof why)) fail_msg("%s", why);
        if (leg_open(w->leg[i], &spec, i, why, sizeof why)) continue;
        print_message("%s is skipped: %s\n", leg_text[i], why);
        if (spec.kind != LEG_A64) return -1;
        free(w->leg[i]);
        w->leg[i] = NULL;
    }
    *state = w;
    return 0;
}

static int close_world(void **state) {
    World *w = *state;
    for (uint32_t i = 0; i < NLEGS; i++) {
        if (w->leg[i]) leg_close(w->leg[i]);
        free(w->leg[i]);
    }
    arena_free(&w->arena);
    arena_free(&w->forever);
    free(w);
    return 0;
}

static void load(World *w, Bytes module, const Step *step, uint32_t n) {
    StepResult r;
    signals_reinstall(); /* cmocka puts its own on top for each test */
    w->module = decode_valid(&w->forever, module);
    for (uint32_t i = 0; i < NLEGS; i++)
        if (w->leg[i] && !leg_load(w->leg[i], &w->forever, w->module, &w->code[i], &r))
            fail_msg("%s: %s", leg_text[i], r.err.text);
    w->ncall = n;
    for (uint32_t i = 0; i < n; i++) {
        w->value[i][0] = w->value[i][1] = (Value){.u64x2 = {step[i].arg, 0}};
        w->call[i] = (LegCall){{step[i].name, (uint32_t)strlen(step[i].name)}, w->value[i], step[i].nargs};
    }
}

static void step_done(void *user, uint32_t i, const StepResult *r) { observe_step(user, (uint16_t)i, r); }

static void run(World *w, uint32_t leg, const StoreLimits *limits, Observation *o) {
    StepResult r;
    observation_init(o, &w->arena);
    if (!leg_reset(w->leg[leg], limits)) fail_msg("%s does not start", leg_text[leg]);
    int32_t inst = leg_instantiate(w->leg[leg], &w->code[leg], &r);
    observe_step(o, STEP_INSTANTIATE, &r);
    if (r.kind == OUT_RETURN) leg_invoke_all(w->leg[leg], &w->arena, inst, w->call, w->ncall, step_done, o);
    leg_observe(w->leg[leg], o);
}

static uint64_t field(const Observation *o, FieldKind kind, uint32_t step) {
    for (uint32_t i = 0; i < o->field.n; i++)
        if (o->field.at[i].kind == kind && o->field.at[i].step == step) return o->field.at[i].v[0];
    return UINT64_MAX;
}

/* One run on every leg; the interpreter's observation, all others equal. */
static Observation compare_legs(World *w, const char *what, int64_t value, const StoreLimits *limits) {
    Observation want, have;
    run(w, 0, limits, &want);
    for (uint32_t i = 1; i < NLEGS; i++) {
        if (!w->leg[i]) continue;
        run(w, i, limits, &have);
        if (have.resource) fail_msg("%s with %s %lld: %s", leg_text[i], what, (long long)value, have.why);
        Difference d = compare(&want, &have);
        if (!d.differs) continue;
        Text t;
        text_init(&t, &w->arena);
        difference_print(&t, &d);
        fail_msg("%s with %s %lld: %s", leg_text[i], what, (long long)value, t.at);
    }
    return want;
}

static void test_fuel(void **state) {
    World *w = *state;
    StoreLimits limits = STORE_LIMITS_DEFAULT;
    uint32_t exhausted = 0;
    int64_t most = 0;
    load(w, BYTES(fuel_module), fuel_step, sizeof fuel_step / sizeof *fuel_step);
    Observation o = compare_legs(w, "fuel", limits.fuel, &limits);
    for (uint32_t i = 0; i < w->ncall; i++) {
        int64_t used = limits.fuel - (int64_t)field(&o, FIELD_FUEL, i);
        assert_true(used >= 0 && used < 2000);
        if (used > most) most = used;
    }
    for (int64_t fuel = 0; fuel <= most; fuel++) {
        arena_reset(&w->arena);
        limits.fuel = fuel;
        o = compare_legs(w, "fuel", fuel, &limits);
        for (uint32_t i = 0; i < w->ncall; i++) exhausted += field(&o, FIELD_TRAP, i) == TRAP_FUEL;
    }
    assert_true(exhausted > 1000); /* else the sweep says nothing */
    limits.fuel = STORE_FUEL_MAX;
    compare_legs(w, "fuel", limits.fuel, &limits);
}

static void test_depth(void **state) {
    World *w = *state;
    StoreLimits limits = STORE_LIMITS_DEFAULT;
    uint32_t exhausted = 0, trapped = 0;
    load(w, BYTES(depth_module), depth_step, sizeof depth_step / sizeof *depth_step);
    /* a frame's cost is a multiple of 16: see FRAME_COST */
    for (int64_t depth = 0; depth <= 16384; depth += depth < 2048 ? 8 : 248) {
        arena_reset(&w->arena);
        limits.depth = depth;
        Observation o = compare_legs(w, "depth", depth, &limits);
        for (uint32_t i = 0; i < w->ncall; i++) {
            exhausted += field(&o, FIELD_TRAP, i) == TRAP_EXHAUSTION;
            trapped += field(&o, FIELD_TRAP, i) == TRAP_UNREACHABLE || field(&o, FIELD_TRAP, i) == TRAP_MEMORY_BOUNDS;
        }
    }
    assert_true(exhausted > 1000 && trapped > 50);
    limits.depth = STORE_DEPTH_MAX;
    compare_legs(w, "depth", limits.depth, &limits);
}

/* What a bulk instruction costs by its length, exactly; with one unit less it traps and has written nothing; out of
 * bounds comes before out of fuel. */
static void test_bulk(void **state) {
    static const Step bulk_step[] = {
        {"memory.fill", 1, 0},   {"memory.fill", 1, 63},        {"memory.fill", 1, 64},    {"memory.fill", 1, 65529},
        {"memory.copy", 1, 0},   {"memory.copy", 1, 127},       {"memory.copy", 1, 128},   {"memory.copy", 1, 65529},
        {"memory.init", 1, 0},   {"memory.init", 1, 127},       {"memory.init", 1, 130},   {"table.fill", 1, 0},
        {"table.fill", 1, 8},    {"table.fill", 1, 57},         {"table.copy", 1, 7},      {"table.copy", 1, 57},
        {"table.init", 1, 7},    {"table.init", 1, 17},         {"memory.fill", 1, 65530}, {"memory.copy", 1, 131072},
        {"memory.init", 1, 131}, {"table.fill", 1, UINT32_MAX}, {"table.copy", 1, 58},     {"table.init", 1, 18}};
    enum { NSTEP = sizeof bulk_step / sizeof *bulk_step, FIRST_OUT = NSTEP - 6, UNITS = 5 };
    World *w = *state;
    load(w, BYTES(bulk_module), bulk_step, 1);
    for (uint32_t i = 0; i < NSTEP; i++) {
        const Step *s = &bulk_step[i];
        StoreLimits limits = STORE_LIMITS_DEFAULT;
        w->value[0][0].u64x2[0] = s->arg;
        w->call[0].name = (Name){s->name, (uint32_t)strlen(s->name)};
        int64_t bulk = (int64_t)(s->arg / (s->name[0] == 'm' ? FUEL_BULK_BYTES : FUEL_BULK_ELEMS));
        if (i >= FIRST_OUT) {
            limits.fuel = UNITS;
            Observation o = compare_legs(w, s->name, limits.fuel, &limits);
            assert_int_equal(field(&o, FIELD_TRAP, 0), s->name[0] == 'm' ? TRAP_MEMORY_BOUNDS : TRAP_TABLE_BOUNDS);
            continue;
        }
        Observation o = compare_legs(w, s->name, limits.fuel, &limits);
        assert_int_equal(limits.fuel - (int64_t)field(&o, FIELD_FUEL, 0), UNITS + bulk);
        limits.fuel = UNITS + bulk;
        o = compare_legs(w, s->name, limits.fuel, &limits);
        assert_int_equal(field(&o, FIELD_OUTCOME, 0), OUT_RETURN);
        if (!bulk) continue;
        limits.fuel--;
        o = compare_legs(w, s->name, limits.fuel, &limits);
        assert_int_equal(field(&o, FIELD_TRAP, 0), TRAP_FUEL);
        assert_int_equal(field(&o, FIELD_FUEL, 0), UINT64_MAX);
        /* nothing is written: the state is that of a function which did not get that far */
        limits.fuel = 0;
        Observation early = compare_legs(w, s->name, limits.fuel, &limits);
        Difference d = compare(&o, &early);
        assert_true(d.differs && d.field < o.field.n && o.field.at[d.field].step == 0);
        for (uint32_t k = 0; k < o.field.n; k++)
            if (o.field.at[k].step != STEP_STATE) early.field.at[k] = o.field.at[k];
        assert_false(compare(&o, &early).differs);
        arena_reset(&w->arena);
    }
}

/* A loop of tail calls between functions of which one may be interpreted and the other compiled takes no stack. */
static void test_tail_calls(void **state) {
    static const Step step[] = {{"tail", 1, 300000}, {"tail", 1, 300001}};
    World *w = *state;
    StoreLimits limits = STORE_LIMITS_DEFAULT;
    limits.depth = 1024;
    load(w, BYTES(fuel_module), step, 2);
    arena_reset(&w->arena);
    Observation o = compare_legs(w, "depth", limits.depth, &limits);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(field(&o, FIELD_OUTCOME, i), OUT_RETURN);
        assert_true(field(&o, FIELD_FUEL, i) < (uint64_t)limits.fuel - 1000000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fuel), cmocka_unit_test(test_depth),
                                       cmocka_unit_test(test_bulk), cmocka_unit_test(test_tail_calls)};
    return cmocka_run_group_tests_name("sweep", tests, open_world, close_world);
}
