package stowbook

/*
#include "shim.h"
*/
import "C"

// CheckOptions say what a check is asked to do. The zero value asks for what any runtime would refuse, and what it would
// ignore.
type CheckOptions struct {
	// Kind is what the text is: runtime-config, runtime-features, runtime-state, seccomp, image-manifest, image-index,
	// image-config, descriptor, image-layout, containerd-record, docker-manifest or docker-index. Empty: what it looks like.
	Kind string
	// Platform is what a runtime config is for: linux, windows, solaris, vm, zos or freebsd. Empty: by its sections.
	Platform string
	// Profile is the runtime that a config is for; an error that it accepts is a warning then. Empty: any.
	Profile string
	// Cgroup is the version of the host's cgroups: v1 or v2. Empty: unknown.
	Cgroup string
	// Phase is what is to be done with a runtime config: create only, or start it too, which is the default.
	Phase string
	// MinSeverity is the least severity that is reported: error, warning or advice, which is the default.
	MinSeverity string
	// Rootless says that the containers run without root on the host.
	Rootless bool
	// SystemdCgroup says that systemd manages the cgroups.
	SystemdCgroup bool
	// Advice asks for advice on secure configuration too.
	Advice bool
	// Strict makes unknown members errors; else they are warnings.
	Strict bool
	// ShowSecrets shows in the report what looks like a secret.
	ShowSecrets bool
	// MaxFindings is how many findings are reported; one more says how many were left out. 0: 1000.
	MaxFindings int
	// Ignore leaves out findings: a code or the beginning of one, everywhere, or behind an @ a pointer in which * stands for
	// any text: OCI-SEC@/mounts/*.
	Ignore []string
}

// Report is all findings in one text.
type Report struct {
	// Kind is what the text was taken for, as in [CheckOptions]. Empty if it could not be told.
	Kind string `json:"kind"`
	// SpecVersion is the version of the specification that the text names.
	SpecVersion string `json:"specVersion"`
	// Verdict is valid, warnings (and no errors), or invalid.
	Verdict string `json:"verdict"`
	// Diagnostics are the findings, in the order of the text.
	Diagnostics []Diagnostic `json:"findings"`
	// Skipped are the rules that would have needed facts about a host.
	Skipped []Skipped `json:"skipped"`
}

// Diagnostic is one finding.
type Diagnostic struct {
	// Code is the rule's: OCI-RT-0415. [Explain] has the rest of it.
	Code string `json:"code"`
	// Severity is how bad it is here: error, warning or advice.
	Severity string `json:"severity"`
	// Pointer is the JSON pointer of the value; for a missing member that of the object without it.
	Pointer string `json:"pointer"`
	// Missing is the member that is missing.
	Missing string `json:"missing,omitempty"`
	// Span is the place in the text.
	Span Span `json:"span"`
	// Value is what was written there, cut at 200 characters. Secrets are left out.
	Value string `json:"value,omitempty"`
	// Message says what is wrong, in a sentence.
	Message string `json:"message"`
	// Explain says what will happen, and under which runtime.
	Explain string `json:"explain,omitempty"`
	// Suggestion is how to put it right, if there is a way.
	Suggestion *Suggestion `json:"suggestion,omitempty"`
	// Related are other places that have to do with it.
	Related []Related `json:"related,omitempty"`
	// Refs say where the rule comes from.
	Refs []string `json:"refs,omitempty"`
	// RefusedBy is what tools say when they refuse it, where their words are known.
	RefusedBy []Refusal `json:"refused_by,omitempty"`
}

// Refusal is a tool's own words for refusing a document.
type Refusal struct {
	// Tool is runc, crun, containerd and so on.
	Tool string `json:"tool"`
	// Version is the tool's, as in 1.1, >=1.2 or HEAD; empty where all that are known say so.
	Version string `json:"version,omitempty"`
	// Text is what it says. Names and numbers in it are those of an example.
	Text string `json:"text"`
}

// Span is a place in a text. Lines and columns count from 1; a column counts Unicode characters.
type Span struct {
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"end_line"`
	EndColumn int `json:"end_column"`
	// ColumnUTF16 is the column in UTF-16 code units, as editors count.
	ColumnUTF16 int `json:"column_utf16"`
	// Offset and Length are in bytes.
	Offset int `json:"offset"`
	Length int `json:"length"`
}

// Suggestion is a way to put something right.
type Suggestion struct {
	// Text says what to do.
	Text string `json:"text"`
	// Safe says that it keeps the meaning, or is the only way to read the text. [Fix] does such only.
	Safe bool `json:"safe"`
	// Edits are the changes of the text that do it.
	Edits []Change `json:"edits,omitempty"`
}

// Change is a change of the text: the bytes from Start to before End make room for Replacement.
type Change struct {
	Start       int    `json:"start"`
	End         int    `json:"end"`
	Replacement string `json:"replacement"`
}

// Related is another place, and what it has to do with the finding.
type Related struct {
	Pointer string `json:"pointer"`
	Span    Span   `json:"span"`
	Message string `json:"message"`
}

// Skipped is a rule that could not be asked, and the fact about the host that it needs.
type Skipped struct {
	Code  string `json:"code"`
	Needs string `json:"needs"`
}

// Rule is what a code stands for.
type Rule struct {
	// Code is never changed and never used again.
	Code string `json:"code"`
	// Severity is how bad it is, unless the profile or the case says otherwise.
	Severity string `json:"severity"`
	// Host says whether it needs facts about a host.
	Host bool `json:"host"`
	// Pointer is where it looks: a JSON pointer with letters for indexes and keys.
	Pointer string `json:"pointer"`
	// Message is what it says; {} stands for what was found.
	Message string `json:"message"`
	// Condition is when it speaks.
	Condition string `json:"condition"`
	// Basis is where the rule comes from, parted by "; ".
	Basis string `json:"basis"`
	// Tools is what tools say and do.
	Tools string `json:"tools"`
	// Fix is how to put it right.
	Fix string `json:"fix"`
	// AcceptedBy are the runtimes that were seen to start such a container all the same.
	AcceptedBy []string `json:"accepted_by"`
}

// Validate checks a text, which may be anything, and tells every problem in it.
//
// Errors: [ErrInvalidArgument] for an option that cannot be; its help has the names that can. A problem of the text is none.
func Validate(text []byte, options CheckOptions) (*Report, error) {
	check, err := options.check()
	if err != nil {
		return nil, err
	}
	return take(C.sbgo_validate(slice(text), check), fromJSON[Report])
}

// Fix puts right in a text what can only be meant one way, and gives it back, with the codes of what was put right, in the
// order in which it was done. Nothing else in it is changed.
//
// Errors: as of Validate.
func Fix(text []byte, options CheckOptions) (fixed []byte, codes []string, err error) {
	check, err := options.check()
	if err != nil {
		return nil, nil, err
	}
	var done C.sbgo_result
	fixed, err = take(C.sbgo_fix(slice(text), check, &done.bytes), copyOf)
	if err != nil {
		return nil, nil, err
	}
	codes, err = takeList[string](done)
	return fixed, codes, err
}

// Explain tells about the rule of a code, such as OCI-RT-0415.
//
// Errors: [ErrNotFound].
func Explain(code string) (*Rule, error) {
	var result C.sbgo_result
	C.sb_explain(str(code), &result.bytes, &result.error)
	return take(result, fromJSON[Rule])
}

// Detect tells what a text looks like, by the names of [CheckOptions]. It is empty when the text looks like nothing.
func Detect(text []byte) (string, error) {
	var kind C.sb_str
	var failure *C.sb_error
	C.sb_detect(slice(text), &kind, &failure)
	if failure != nil {
		return "", takeError(failure)
	}
	return copyText(kind), nil
}

func (o CheckOptions) check() (C.sbgo_check, error) {
	if o.MaxFindings < 0 {
		return C.sbgo_check{}, &Error{
			Kind: KindInvalidArgument, Message: "MaxFindings is below 0", Details: []Detail{{"parameter", "MaxFindings"}},
		}
	}
	return C.sbgo_check{
		kind: str(o.Kind), platform: str(o.Platform), profile: str(o.Profile), cgroup: str(o.Cgroup), phase: str(o.Phase),
		min_severity: str(o.MinSeverity),
		rootless:     C.bool(o.Rootless), systemd_cgroup: C.bool(o.SystemdCgroup), advice: C.bool(o.Advice), strict: C.bool(o.Strict),
		show_secrets: C.bool(o.ShowSecrets),
		max_findings: C.size_t(o.MaxFindings),
		ignore:       texts(o.Ignore),
	}, nil
}
