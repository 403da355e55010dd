//! Calls C functions in any order with any arguments. Each must return a status and none may crash. Only functions that
//! send nothing are called.
#![no_main]

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use jcsdk as _;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// `jc_buf` of include/jcsdk.h.
#[repr(C)]
struct Buf {
    ptr: *mut u8,
    len: usize,
    cap: usize,
}

unsafe extern "C" {
    fn jc_options_new() -> *mut c_void;
    fn jc_options_set_text(options: *mut c_void, option: i32, value: *const c_char) -> i32;
    fn jc_options_set_int(options: *mut c_void, option: i32, value: i64) -> i32;
    fn jc_options_set_env(options: *mut c_void, name: *const c_char, value: *const c_char) -> i32;
    fn jc_options_redact(options: *const c_void, text: *const c_char, out: *mut Buf) -> i32;
    fn jc_options_free(options: *mut c_void);
    fn jc_client_new(options: *const c_void, out: *mut *mut c_void, err: *mut Buf) -> i32;
    fn jc_client_preview_reset(
        client: *mut c_void,
        id: *const c_char,
        exclusion: i32,
        until: i64,
        flags: u32,
        out: *mut Buf,
    ) -> i32;
    fn jc_client_redact(client: *mut c_void, text: *const c_char, out: *mut Buf) -> i32;
    fn jc_client_free(client: *mut c_void);
    fn jc_batch_new(client: *mut c_void, limit: u32, out: *mut *mut c_void) -> i32;
    fn jc_batch_preview_reset(
        batch: *mut c_void,
        id: *const c_char,
        exclusion: i32,
        until: i64,
        flags: u32,
        out: *mut Buf,
    ) -> i32;
    fn jc_batch_next(batch: *mut c_void, timeout_ms: u32, out: *mut Buf) -> i32;
    fn jc_batch_close(batch: *mut c_void) -> i32;
    fn jc_batch_cancel(batch: *mut c_void) -> i32;
    fn jc_batch_free(batch: *mut c_void);
    fn jc_buf_free(buf: *mut Buf);
}

#[derive(Arbitrary, Debug)]
enum Call {
    SetText(i8, Option<Vec<u8>>),
    SetInt(i16, i64),
    SetEnv(Option<Vec<u8>>, Option<Vec<u8>>),
    Client,
    Preview(Option<Vec<u8>>, i8, i64, u8),
    PreviewInBatch(Option<Vec<u8>>, i8, i64, u8),
    Redact(Option<Vec<u8>>),
    RedactByOptions(Option<Vec<u8>>),
    Batch(u16),
    Next,
    Close,
    Cancel,
    FreeBatch,
    FreeClient,
}

fn text(bytes: Option<Vec<u8>>) -> Option<CString> {
    Some(CString::new(bytes?.into_iter().filter(|byte| *byte != 0).collect::<Vec<_>>()).unwrap())
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// SAFETY: the buffer was just filled by the library.
unsafe fn look(mut buf: Buf) {
    unsafe {
        if !buf.ptr.is_null() {
            let bytes = std::slice::from_raw_parts(buf.ptr, buf.len + 1);
            assert_eq!(bytes.last(), Some(&0));
            std::str::from_utf8(bytes).unwrap();
        }
        jc_buf_free(&mut buf);
        assert!(buf.ptr.is_null());
        jc_buf_free(&mut buf);
    }
}

fuzz_target!(|calls: Vec<Call>| {
    let empty = || Buf { ptr: ptr::null_mut(), len: 0, cap: 0 };
    // SAFETY: the declarations are those of the header, and each handle is freed once and not used after it.
    unsafe {
        let options = jc_options_new();
        let (mut client, mut batch) = (ptr::null_mut(), ptr::null_mut());
        for call in calls {
            let mut buf = empty();
            let status = match call {
                Call::SetText(option, value) => {
                    jc_options_set_text(options, option.into(), pointer(&text(value)))
                }
                Call::SetInt(option, value) => jc_options_set_int(options, option.into(), value),
                Call::SetEnv(name, value) => {
                    jc_options_set_env(options, pointer(&text(name)), pointer(&text(value)))
                }
                Call::Client => {
                    jc_client_free(client);
                    jc_client_new(options, &mut client, &mut buf)
                }
                Call::Preview(id, exclusion, until, flags) => jc_client_preview_reset(
                    client,
                    pointer(&text(id)),
                    exclusion.into(),
                    until,
                    flags.into(),
                    &mut buf,
                ),
                Call::PreviewInBatch(id, exclusion, until, flags) => jc_batch_preview_reset(
                    batch,
                    pointer(&text(id)),
                    exclusion.into(),
                    until,
                    flags.into(),
                    &mut buf,
                ),
                Call::Redact(value) => jc_client_redact(client, pointer(&text(value)), &mut buf),
                Call::RedactByOptions(value) => jc_options_redact(options, pointer(&text(value)), &mut buf),
                Call::Batch(limit) => {
                    jc_batch_free(batch);
                    jc_batch_new(client, limit.into(), &mut batch)
                }
                Call::Next => jc_batch_next(batch, 0, &mut buf),
                Call::Close => jc_batch_close(batch),
                Call::Cancel => jc_batch_cancel(batch),
                Call::FreeBatch => {
                    jc_batch_free(batch);
                    batch = ptr::null_mut();
                    0
                }
                Call::FreeClient => {
                    jc_client_free(client);
                    client = ptr::null_mut();
                    0
                }
            };
            assert!((0..11).contains(&status), "{status}");
            look(buf);
        }
        jc_batch_free(batch);
        jc_client_free(client);
        jc_options_free(options);
    }
});
