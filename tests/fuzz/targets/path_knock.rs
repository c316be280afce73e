#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| farprobe_fuzz::path_knock(bytes));
