//! The checker: every problem of a document at once.

use crate::entry::{Args, Empty as _, Entry, Handle};
use crate::error::sb_error;
use crate::report::sb_report;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::ptr;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use stowbook_core::check::{self, Cgroup, Ignore, Kind, Options, Phase, Platform, Profile, Severity};
use stowbook_core::{Error, Result, json};

/// What a check is asked to do. Any number of threads may check with it; while one changes it, no other may use it. NULL in its
/// place asks for what any runtime would refuse, and what it would ignore.
pub struct sb_check_options {
    kind: Option<Kind>,
    platform: Option<Platform>,
    profile: Profile,
    rootless: bool,
    cgroup: Cgroup,
    systemd_cgroup: bool,
    phase: Phase,
    advice: bool,
    min_severity: Severity,
    ignore: Vec<Ignore>,
    max_findings: usize,
    strict: bool,
    show_secrets: bool,
    poisoned: AtomicBool,
}

impl Handle for sb_check_options {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_check_options {
    fn new() -> Self {
        let Options { platform, profile, rootless, cgroup, systemd_cgroup, phase, .. } = Options::default();
        let Options { advice, min_severity, ignore, max_findings, strict, show_secrets, .. } = Options::default();
        sb_check_options {
            kind: None,
            platform,
            profile,
            rootless,
            cgroup,
            systemd_cgroup,
            phase,
            advice,
            min_severity,
            ignore,
            max_findings,
            strict,
            show_secrets,
            poisoned: AtomicBool::default(),
        }
    }

    fn options(&self) -> Options<'static> {
        Options {
            platform: self.platform,
            profile: self.profile,
            rootless: self.rootless,
            cgroup: self.cgroup,
            systemd_cgroup: self.systemd_cgroup,
            phase: self.phase,
            advice: self.advice,
            min_severity: self.min_severity,
            ignore: self.ignore.clone(),
            max_findings: self.max_findings,
            strict: self.strict,
            show_secrets: self.show_secrets,
            host: None,
        }
    }
}

/// What is asked for; NULL asks for the usual.
fn asked(args: &Args<'_>, options: *const sb_check_options) -> Result<(Option<Kind>, Options<'static>)> {
    Ok(match args.optional_handle("options", options)? {
        Some(options) => (options.kind, options.options()),
        None => (None, Options::default()),
    })
}

/// The value of this name; none for the empty text.
fn named<T: FromStr<Err = Error>>(args: &Args<'_>, name: &str, text: sb_str) -> Result<Option<T>> {
    let text = args.text(name, text)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// Makes options that ask for the usual. The caller frees `*options_out` with sb_check_options_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_new(
    options_out: *mut *mut sb_check_options,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.out("options_out", options_out)?.give(sb_check_options::new());
        Ok(())
    })
}

/// What the text is: `runtime-config`, `runtime-features`, `runtime-state`, `seccomp`, `image-manifest`, `image-index`,
/// `image-config`, `descriptor`, `image-layout`, `containerd-record`, `docker-manifest` or `docker-index`. The empty text, as at
/// first: what it looks like.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_kind(
    options: *mut sb_check_options,
    kind: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.kind = named(args, "kind", kind)?;
        Ok(())
    })
}

/// The platform that a runtime config is for: `linux`, `windows`, `solaris`, `vm`, `zos` or `freebsd`. The empty text, as at
/// first: that of the sections it has.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_platform(
    options: *mut sb_check_options,
    platform: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.platform = named(args, "platform", platform)?;
        Ok(())
    })
}

/// The runtime that a config is for, such as `runc-1.1`, `crun-1.8` or `runtime-spec`; an error that it accepts is a warning
/// then. The empty text, as at first: `any`.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_profile(
    options: *mut sb_check_options,
    profile: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.profile = named(args, "profile", profile)?.unwrap_or_default();
        Ok(())
    })
}

/// The version of the host's cgroups: `v1` or `v2`. The empty text, as at first: `unknown`.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_cgroup(
    options: *mut sb_check_options,
    cgroup: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.cgroup = named(args, "cgroup", cgroup)?.unwrap_or_default();
        Ok(())
    })
}

/// What is to be done with a runtime config: `create` only, or `start` it too, as at first.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_phase(
    options: *mut sb_check_options,
    phase: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.phase = named(args, "phase", phase)?.unwrap_or_default();
        Ok(())
    })
}

/// The least severity that is reported: `error`, `warning` or `advice`. The empty text, as at first: `advice`.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another name; the help has the names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_min_severity(
    options: *mut sb_check_options,
    min_severity: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.min_severity = named(args, "min_severity", min_severity)?.unwrap_or(Severity::Advice);
        Ok(())
    })
}

/// Whether the containers run without root on the host. At first they do not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_rootless(
    options: *mut sb_check_options,
    rootless: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.rootless = rootless;
        Ok(())
    })
}

/// Whether systemd manages the cgroups. At first it does not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_systemd_cgroup(
    options: *mut sb_check_options,
    systemd_cgroup: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.systemd_cgroup = systemd_cgroup;
        Ok(())
    })
}

/// Whether to give advice on secure configuration too. At first there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_advice(
    options: *mut sb_check_options,
    advice: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.advice = advice;
        Ok(())
    })
}

/// Whether unknown members are errors. At first they are warnings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_strict(
    options: *mut sb_check_options,
    strict: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.strict = strict;
        Ok(())
    })
}

/// Whether the report shows what looks like a secret. At first it does not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_show_secrets(
    options: *mut sb_check_options,
    show_secrets: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.show_secrets = show_secrets;
        Ok(())
    })
}

/// How many findings are reported; one more says how many were left out. At first 1000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_set_max_findings(
    options: *mut sb_check_options,
    max_findings: usize,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.max_findings = max_findings;
        Ok(())
    })
}

/// Leaves out findings: a code or the beginning of one, everywhere, or behind an `@` a pointer in which `*` stands for any text:
/// `OCI-SEC@/process*`. Each call adds to those before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_add_ignore(
    options: *mut sb_check_options,
    ignore: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let options = args.handle_mut("options", options)?;
        options.ignore.push(Ignore::parse(args.text("ignore", ignore)?));
        Ok(())
    })
}

/// Frees options. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_check_options_free(options: *mut sb_check_options) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(options);
}

/// Checks a text, which may be anything, and tells every problem in it. `options` may be NULL. The caller frees `*report_out` with
/// sb_report_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_validate(
    text: sb_slice,
    options: *const sb_check_options,
    report_out: *mut *mut sb_report,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("report_out", report_out)?;
        let (kind, options) = asked(args, options)?;
        out.give(sb_report::new(check::validate(args.bytes("text", text)?, kind, &options)));
        Ok(())
    })
}

/// Puts right in a text what can only be meant one way, and gives it back; nothing else in it is changed. `options` may be NULL.
/// `codes_out` may be NULL; else it receives the codes of what was put right, in the order in which it was done, as a JSON array.
/// The caller frees `*text_out` and `*codes_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_fix(
    text: sb_slice,
    options: *const sb_check_options,
    text_out: *mut sb_bytes,
    codes_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (text_out, codes_out) = (args.out("text_out", text_out), args.optional_out(codes_out));
        let text_out = text_out?;
        let (kind, options) = asked(args, options)?;
        let fixed = check::fix(args.bytes("text", text)?, kind, &options);
        let codes = json::write(&fixed.codes)?;
        text_out.set(sb_bytes::owned(fixed.text));
        codes_out.make(|| sb_bytes::owned(codes.into_bytes()));
        Ok(())
    })
}

/// Tells what a text looks like, by the names of sb_check_options_set_kind(). When it looks like nothing, `kind_out->data` is NULL,
/// and that is no error. The name lives as long as the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_detect(text: sb_slice, kind_out: *mut sb_str, error_out: *mut *mut sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("kind_out", kind_out)?;
        let kind = check::detect(args.bytes("text", text)?);
        out.set(kind.map_or(sb_str::EMPTY, |kind| sb_str::borrowed(kind.name())));
        Ok(())
    })
}

/// Tells about the rule of a code, such as `OCI-RT-0415`: JSON with `code`, `severity`, `pointer`, `message`, `condition`, `basis`,
/// `tools`, `fix`, and more. The caller frees `*json_out` with sb_bytes_free().
///
/// Errors: SB_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_explain(code: sb_str, json_out: *mut sb_bytes, error_out: *mut *mut sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        let code = args.text("code", code)?;
        out.set(sb_bytes::owned(json::write(check::rule(code)?)?.into_bytes()));
        Ok(())
    })
}
