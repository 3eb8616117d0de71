//! What a check found.

use crate::entry::{Empty as _, Entry, Handle};
use crate::error::sb_error;
use crate::labels::outside;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_span, sb_str};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::check::{Diagnostic, Kind, Report, Severity, Skipped, Verdict};
use stowbook_core::json;

/// All findings in one text. It never changes, so any number of threads may read it. Texts that are read from it live as long
/// as it does. They are not NUL-terminated.
pub struct sb_report {
    report: Report,
    diagnostics: Vec<sb_diagnostic>,
    poisoned: AtomicBool,
}

/// One finding of a report, to which it belongs.
pub struct sb_diagnostic {
    diagnostic: Diagnostic,
    poisoned: AtomicBool,
}

impl Handle for sb_report {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Handle for sb_diagnostic {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_report {
    pub(crate) fn new(report: Report) -> Self {
        let owned =
            |diagnostic: &Diagnostic| sb_diagnostic { diagnostic: diagnostic.clone(), poisoned: AtomicBool::default() };
        let diagnostics = report.diagnostics.iter().map(owned).collect();
        sb_report { report, diagnostics, poisoned: AtomicBool::default() }
    }
}

/// What the text was taken for, by the names of sb_check_options_set_kind(). When it could not be told, and of NULL: none (its data
/// is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_kind(report: *const sb_report) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(args.handle("report", report)?.report.kind.map_or(sb_str::EMPTY, |kind| sb_str::borrowed(Kind::name(kind))))
    })
}

/// The version of the specification that the text names. Without one, and of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_spec_version(report: *const sb_report) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let version = args.handle("report", report)?.report.spec_version.as_deref();
        Ok(version.map_or(sb_str::EMPTY, sb_str::borrowed))
    })
}

/// What it comes down to: `valid`, `warnings` (and no errors), or `invalid`. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_verdict(report: *const sb_report) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(sb_str::borrowed(match args.handle("report", report)?.report.verdict {
            Verdict::Valid => "valid",
            Verdict::Warnings => "warnings",
            Verdict::Invalid => "invalid",
        }))
    })
}

/// How many errors there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_error_count(report: *const sb_report) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("report", report)?.report.count(Severity::Error)))
}

/// How many warnings there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_warning_count(report: *const sb_report) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("report", report)?.report.count(Severity::Warning)))
}

/// How many pieces of advice there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_advice_count(report: *const sb_report) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("report", report)?.report.count(Severity::Advice)))
}

/// How many findings there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_diagnostic_count(report: *const sb_report) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("report", report)?.diagnostics.len()))
}

/// The finding at `index`, in the order of the text, or NULL when there are not so many. It belongs to the report, and lives as
/// long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_diagnostic_at(report: *const sb_report, index: usize) -> *const sb_diagnostic {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("report", report)?.diagnostics.get(index).map_or(ptr::null(), ptr::from_ref)))
}

/// How many rules would have needed facts about a host. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_skipped_count(report: *const sb_report) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("report", report)?.report.skipped.len()))
}

/// The rule at `index` of those that would have needed a fact about a host: its code, and the fact. The texts live as long as the
/// program.
///
/// Errors: SB_ERR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_skipped_at(
    report: *const sb_report,
    index: usize,
    code_out: *mut sb_str,
    needs_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (code_out, needs_out) = (args.out("code_out", code_out), args.out("needs_out", needs_out));
        let (code_out, needs_out) = (code_out?, needs_out?);
        let skipped = &args.handle("report", report)?.report.skipped;
        let Skipped { code, needs } = skipped.get(index).ok_or_else(|| outside(index, skipped.len(), "rules"))?;
        code_out.set(sb_str::borrowed(code));
        needs_out.set(sb_str::borrowed(needs));
        Ok(())
    })
}

/// Writes a report as JSON, on one line: what `stowbook validate --format json` has for each of its `inputs`, but for the name of
/// the file. It has all of it, also what no function here gives. The caller frees `*json_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_to_json(
    report: *const sb_report,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(sb_bytes::owned(json::write(&args.handle("report", report)?.report)?.into_bytes()));
        Ok(())
    })
}

/// Frees a report with the findings in it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_report_free(report: *mut sb_report) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(report);
}

/// The rule's code, such as `OCI-RT-0415`; sb_explain() has the rest of it. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_code(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(args.handle("diagnostic", diagnostic)?.diagnostic.code)))
}

/// How bad it is here: `error`, `warning` or `advice`. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_severity(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(args.handle("diagnostic", diagnostic)?.diagnostic.severity.text())))
}

/// The JSON pointer of the value; for a missing member that of the object without it. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_pointer(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("diagnostic", diagnostic)?.diagnostic.pointer)))
}

/// The member that is missing. If none is, and of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_missing(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(args.handle("diagnostic", diagnostic)?.diagnostic.missing.as_deref().map_or(sb_str::EMPTY, sb_str::borrowed))
    })
}

/// The place in the text. All 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_span(diagnostic: *const sb_diagnostic) -> sb_span {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("diagnostic", diagnostic)?.diagnostic.span.into()))
}

/// The value as it was written, cut at 200 characters. Without one, for a secret, and of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_value(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(args.handle("diagnostic", diagnostic)?.diagnostic.value.as_deref().map_or(sb_str::EMPTY, sb_str::borrowed))
    })
}

/// What is wrong, in a sentence. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_message(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("diagnostic", diagnostic)?.diagnostic.message)))
}

/// What will happen, and under which runtime; empty when the message says it. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_explain(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(args.handle("diagnostic", diagnostic)?.diagnostic.explain)))
}

/// How to put it right. Without a suggestion, and of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_suggestion(diagnostic: *const sb_diagnostic) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(args
            .handle("diagnostic", diagnostic)?
            .diagnostic
            .suggestion
            .as_ref()
            .map(|suggestion| &*suggestion.text)
            .map_or(sb_str::EMPTY, sb_str::borrowed))
    })
}

/// Whether sb_fix() does what is suggested. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_diagnostic_is_fixable(diagnostic: *const sb_diagnostic) -> bool {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let suggestion = args.handle("diagnostic", diagnostic)?.diagnostic.suggestion.as_ref();
        Ok(suggestion.is_some_and(|suggestion| suggestion.safe && !suggestion.edits.is_empty()))
    })
}
