import type { Code, DocumentKind, Platform, Profile } from "./names.js";

export type { Code, DocumentKind, Platform, Profile };

/** How bad a finding is: `error` breaks a demand or a runtime, `warning` is ignored or not portable, `advice` could be safer. */
export type Severity = "error" | "warning" | "advice";

/** What a report comes down to: `warnings` has no errors, `valid` neither. */
export type Verdict = "valid" | "warnings" | "invalid";

/** What stands at a path of a host. */
export type PathKind = "missing" | "file" | "executable" | "directory" | "symlink" | "device";

export interface CheckOptions {
  /** What the text is. Without it, {@link detect} tells. */
  kind?: DocumentKind;
  /** The platform that a runtime config is for. Without it, its sections tell. */
  platform?: Platform;
  /** The runtime that a config is for: an error that it accepts becomes a warning. Default `any`. */
  profile?: Profile;
  /** Whether the runtime has no root on the host. */
  rootless?: boolean;
  /** The version of the host's cgroups. */
  cgroup?: "v1" | "v2" | "unknown";
  /** Whether systemd manages the cgroups. */
  systemdCgroup?: boolean;
  /** What is to be done with a runtime config; `create` takes one without a process. Default `start`. */
  phase?: "start" | "create";
  /** Whether to give advice on secure configuration. */
  advice?: boolean;
  /** The least severity that is reported. Default `advice`. */
  minSeverity?: Severity;
  /** What is left out: codes or beginnings of codes, `OCI-SEC`, also at one place: `OCI-SEC-043@/root/*`. */
  ignore?: string[];
  /** How many findings are reported; one more says how many were left out. Default 1000. */
  maxFindings?: number;
  /** Whether unknown keys are errors. */
  strict?: boolean;
  /** Whether the report shows what looks like a secret. */
  showSecrets?: boolean;
  /** What is known of the host. What is absent is not known, and the rules that need it are listed as skipped. */
  host?: HostFacts;
}

/** Facts about a host. */
export interface HostFacts {
  /** What stands at paths; those that are relative begin in the bundle. */
  paths?: Record<string, PathKind>;
  /** The file systems that the kernel knows. */
  filesystems?: string[];
  /** Whether AppArmor is on. */
  apparmor?: boolean;
  /** Whether SELinux is on. */
  selinux?: boolean;
  /** Whether standard input is a terminal. */
  terminal?: boolean;
  /** How many processors there are. */
  processors?: number;
  /** The sizes of huge pages, as in `2MB`. */
  hugePageSizes?: string[];
  /** All blobs that are there, by digest. */
  blobs?: Record<string, BlobFacts>;
}

export interface BlobFacts {
  /** Bytes. */
  size: number;
  /** Whether the content has the digest. Default true. */
  matches?: boolean;
  /** The content of a small blob: a manifest, an index or a config. */
  content?: string | Uint8Array;
}

/**
 * All findings in a text. It is what `stowbook validate --format json` prints for a file, member by member, so that reports
 * may be kept and compared in any language.
 */
export interface Report {
  /** What the text was taken for; null if that cannot be told. */
  kind: DocumentKind | null;
  /** The version of the specification that the text names. */
  specVersion: string | null;
  verdict: Verdict;
  /** In the order of the text. */
  findings: Diagnostic[];
  /** Rules that would have needed facts about a host. */
  skipped: Skipped[];
}

/** One finding. */
export interface Diagnostic {
  /** The rule's code; {@link explain} has the rest of it. */
  code: Code;
  severity: Severity;
  /** The JSON pointer of the value; for a missing member that of the object without it. */
  pointer: string;
  /** The member that is missing. */
  missing?: string;
  span: Span;
  /** The value as it was written, cut at 200 characters. Secrets are left out. */
  value?: string;
  /** What is wrong, in a sentence. */
  message: string;
  /** What will happen, and under which runtime. */
  explain?: string;
  suggestion?: Suggestion;
  /** Other places that have to do with it. */
  related?: Related[];
  /** Where the rule comes from. */
  refs?: string[];
  /** What tools say when they refuse it, where their words are known. */
  refused_by?: Refusal[];
}

/** A tool's own words for refusing a document. */
export interface Refusal {
  /** The tool: `runc`, `crun`, `containerd` and so on. */
  tool: string;
  /** Its version, as in `1.1`, `>=1.2` or `HEAD`; none where all that are known say so. */
  version?: string;
  /** What it says. Names and numbers in it are those of an example. */
  text: string;
}

/** A place in a text. Lines and columns count from 1; a column counts Unicode characters. */
export interface Span {
  line: number;
  column: number;
  end_line: number;
  /** Behind the last character. */
  end_column: number;
  /** The column in UTF-16 code units, as editors count. */
  column_utf16: number;
  /** In bytes of UTF-8, from 0. */
  offset: number;
  /** In bytes of UTF-8. */
  length: number;
}

/** A way to put something right. */
export interface Suggestion {
  /** What to do. */
  text: string;
  /** Whether it keeps the meaning, or is the only way to read the text. {@link fix} applies such only. */
  safe: boolean;
  /** The changes of the text that do it. */
  edits?: Change[];
}

/** A change of the text. Offsets are in bytes of UTF-8. */
export interface Change {
  start: number;
  /** Behind the last byte that goes. */
  end: number;
  replacement: string;
}

/** Another place. */
export interface Related {
  pointer: string;
  span: Span;
  message: string;
}

/** A rule that could not be asked. */
export interface Skipped {
  code: Code;
  /** The fact about the host that it needs. */
  needs: string;
}

/** A text after its repair. */
export interface Fixed<T extends string | Uint8Array> {
  text: T;
  /** The codes of what was put right, in the order in which it was done. */
  codes: Code[];
}

/** One rule of the catalogue. */
export interface Rule {
  code: Code;
  /** Unless the profile or the case says otherwise. */
  severity: Severity;
  /** Whether it needs facts about a host. */
  host: boolean;
  /** Where it looks: a JSON pointer with letters for indexes and keys. */
  pointer: string;
  /** What it says; `{}` stands for what was found. */
  message: string;
  /** When it speaks. */
  condition: string;
  /** Where it comes from, parted by `; `. */
  basis: string;
  /** What tools say and do. */
  tools: string;
  /** How to put it right. */
  fix: string;
  /** The runtimes that were seen to start such a container all the same. */
  accepted_by: Profile[];
}

/**
 * Every problem of a text at once. Whatever the text is, the answer is a report: what is no JSON, no UTF-8 or too large is a
 * finding.
 */
export function validate(text: string | Uint8Array, options?: CheckOptions): Report;

/** Applies the safe suggestions, until none is left. Nothing else is changed. */
export function fix(text: string, options?: CheckOptions): Fixed<string>;
export function fix(text: Uint8Array, options?: CheckOptions): Fixed<Uint8Array>;

/** Which sort of document a text is, from its media type or its members. */
export function detect(text: string | Uint8Array): DocumentKind | undefined;

/** The rule with a code. */
export function explain(code: Code): Rule;
export function explain(code: string): Rule | undefined;

/** All rules, in the order of their codes. */
export function rules(): Rule[];
