//! The regular expressions of filters against the real thing: Go's package regexp answers the same questions.
//!
//! Needs a Go toolchain of the version whose Unicode tables are checked in. Without one the tests fail and say so.
#![allow(clippy::unwrap_used, clippy::panic)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use stowbook::ErrorKind;
use stowbook::filter::{FieldMap, Filter};

/// A question for the Go program in tests/peers/goregex.
#[derive(Serialize)]
struct Question {
    pattern: String,
    texts: Vec<String>,
    edges: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    #[cfg_attr(not(feature = "regex"), allow(dead_code))]
    characters: Vec<u32>,
    matches: Option<Vec<bool>>,
}

/// What a pattern gives, in Go or here: whether it matches in each text, or why it does not compile.
type Outcome = Result<Vec<bool>, String>;

fn peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/goregex")
}

/// Runs Go in the peer's folder and gives what it prints.
fn go<A: AsRef<OsStr>>(program: &OsStr, args: &[A], input: Stdio) -> String {
    let run = Command::new(program).args(args).current_dir(peer()).stdin(input).stderr(Stdio::inherit()).output();
    let output = run.unwrap_or_else(|error| {
        panic!("these tests compare with Go's package regexp and need a Go toolchain (go 1.26): {program:?}: {error}")
    });
    assert!(output.status.success(), "{program:?} failed: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The peer, built once.
fn built_peer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("goregex{}", std::env::consts::EXE_SUFFIX));
        let args = [OsStr::new("build"), OsStr::new("-o"), built.as_os_str(), OsStr::new(".")];
        go(OsStr::new("go"), &args, Stdio::null());
        built
    })
}

/// Go's answers to all questions. The file in between is named, because tests run side by side.
fn ask(name: &str, questions: &[Question]) -> Vec<Answer> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let lines: Vec<String> = questions.iter().map(|question| serde_json::to_string(question).unwrap()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let answers = go(built_peer().as_os_str(), &[] as &[&str], File::open(file).unwrap().into());
    let answers: Vec<Answer> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// A filter for a pattern of any bytes.
fn filter(pattern: &[u8]) -> stowbook::Result<Filter> {
    let escaped: String = pattern.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    Filter::parse([format!("f~=\"{escaped}\"")])
}

/// What stowbook says. `None` if it says that it cannot, which only a build without Unicode tables may.
fn here(pattern: &[u8], texts: &[Vec<u8>]) -> Option<Outcome> {
    let filter = match filter(pattern) {
        Ok(filter) => filter,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotImplemented, "{}: {error}", pattern.escape_ascii());
            let has_tables = cfg!(feature = "regex");
            assert!(!has_tables, "{}: {error}", pattern.escape_ascii());
            return None;
        }
    };
    if let [warning] = filter.warnings() {
        assert!(texts.iter().all(|text| !filter.matches(&record(text))));
        return Some(Err(warning.reason.clone()));
    }
    Some(Ok(texts.iter().map(|text| filter.matches(&record(text))).collect()))
}

fn record(text: &[u8]) -> FieldMap {
    FieldMap::from_iter([("f", text)])
}

/// Asks both about all pairs and compares. Gives how many patterns compiled.
///
/// There are two ways to an answer here: the regex crate, and for what it should not get a program of stowbook's own. One
/// pattern in `crate_every` goes the first way, since the crate compiles slowly in a debug build; all go the second.
fn compare(name: &str, pairs: &[(Vec<u8>, Vec<Vec<u8>>)], crate_every: usize) -> usize {
    let question = |(pattern, texts): &(Vec<u8>, Vec<Vec<u8>>)| Question {
        pattern: BASE64.encode(pattern),
        texts: texts.iter().map(|text| BASE64.encode(text)).collect(),
        edges: false,
    };
    let questions: Vec<Question> = pairs.iter().map(question).collect();
    let mut compiled = 0;
    for (number, ((pattern, texts), answer)) in pairs.iter().zip(ask(name, &questions)).enumerate() {
        let in_go = match answer.error {
            Some(error) => Err(error),
            None => Ok(answer.matches.unwrap()),
        };
        compiled += usize::from(in_go.is_ok());
        // So many groups are too deep for the crate. They must not meet what is refused or near the limit anyway.
        let can_be_deep = in_go.is_ok() && pattern.len() < 900 && !pattern.windows(2).any(|pair| pair == b"\\Q");
        if can_be_deep {
            let deep = ["(".repeat(12).as_bytes(), pattern, ")".repeat(12).as_bytes()].concat();
            check(&deep, texts, &in_go);
        }
        if !can_be_deep || number % crate_every == 0 {
            check(pattern, texts, &in_go);
        }
    }
    compiled
}

fn check(pattern: &[u8], texts: &[Vec<u8>], in_go: &Outcome) {
    let Some(here) = here(pattern, texts) else { return };
    let shown: String = pattern.escape_ascii().to_string().chars().take(200).collect();
    match (here, in_go) {
        (Ok(here), Ok(in_go)) => {
            for ((text, here), in_go) in texts.iter().zip(here).zip(in_go) {
                assert_eq!(here, *in_go, "`{shown}` in \"{}\", right is Go", text.escape_ascii());
            }
        }
        (here, in_go) => assert!(here == *in_go, "`{shown}`: {here:?}, right is Go: {in_go:?}"),
    }
}

/// SplitMix64: numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A regular expression by the grammar, so that most compile.
    fn expression(&mut self, depth: usize) -> String {
        let mut out = String::new();
        for number in 0..1 + self.below(3) {
            if number > 0 && self.below(3) == 0 {
                out.push('|');
            }
            for _ in 0..self.below(4) {
                out += &self.atom(depth);
                out += self.one(REPEATS);
            }
        }
        out
    }

    fn atom(&mut self, depth: usize) -> String {
        match self.below(10) {
            0..=1 if depth > 0 => format!("{}{})", self.one(OPENINGS), self.expression(depth - 1)),
            2..=3 => self.set(),
            4 => self.one(ESCAPES).into(),
            5 => self.one(PLACES).into(),
            _ => self.one(CHARACTERS).into(),
        }
    }

    fn set(&mut self) -> String {
        let mut out = String::from(self.one(&["[", "[", "[^"]));
        for _ in 0..1 + self.below(4) {
            out += self.one(SET_ITEMS);
        }
        out + "]"
    }

    /// Signs of the language in any order, most of which do not compile.
    fn nonsense(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..1 + self.below(9) {
            match self.below(40) {
                0 => out.push(0x80 | self.below(128) as u8),
                1..=15 => out.extend_from_slice(self.one(CHARACTERS).as_bytes()),
                16..=20 => out.extend_from_slice(self.one(ESCAPES).as_bytes()),
                21..=24 => out.extend_from_slice(self.one(SET_ITEMS).as_bytes()),
                _ => out.extend_from_slice(self.one(SIGNS).as_bytes()),
            }
        }
        out
    }

    fn text(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..self.below(8) {
            match self.below(40) {
                0 => out.push(0x80 | self.below(128) as u8),
                _ => out.extend_from_slice(self.one(TEXTS).as_bytes()),
            }
        }
        out
    }
}

const REPEATS: &[&str] =
    &["", "", "", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{0}", "{1,3}?", "{,2}", "{"];
const OPENINGS: &[&str] =
    &["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:", "(?U:", "(?i-s:", "(?P<n>", "(?<n>", "(?i)(", "(?sm)(?:"];
const PLACES: &[&str] = &["^", "$", r"\b", r"\B", r"\A", r"\z", "(?m)^", "(?m)$", "(?i)", "(?-i)"];
#[rustfmt::skip]
const CHARACTERS: &[&str] = &[
    "a", "b", "c", "ab", "k", "K", "s", ".", "é", "É", "ſ", "σ", "ς", "Σ", "1", "_", "-", " ", "]", "}", "界", "\n",
    "\u{fffd}",
];
#[rustfmt::skip]
const ESCAPES: &[&str] = &[
    r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\pL", r"\PL", r"\p{Lu}", r"\p{Greek}", r"\P{^Ll}", r"\x61", r"\x{e9}",
    r"\x{1F600}", r"\101", r"\0", r"\n", r"\t", r"\.", r"\Qa.b\E", r"\Qk", r"\-", r"\<", r"\p{ASCII}", r"\v", r"\_",
];
#[rustfmt::skip]
const SET_ITEMS: &[&str] = &[
    "a", "b", "a-c", "k", "A-Z", "0-9", "é", "α-ω", "-", "]", "^", "&&", "[", "~", r"\d", r"\W", r"\s", r"\pN",
    r"\P{Lu}", r"\]", r"\x61-\x7a", "[:alpha:]", "[:^digit:]", "[:word:]", "[:space:]", r"\n", ".", "\u{0}-\u{10ffff}",
];
#[rustfmt::skip]
const SIGNS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", ".", "\\", "(?", "(?:", "(?P<", "(?<a", ">", "{1",
    "{2,1}", "{1001}", "{1000}", "{0,", ",", "[:", ":]", "[[:foo:]]", "(?i", "(?-", ":", "(?P=n)", "(?=", "(?!", "(?#",
    "(?x)", "**", "?+", r"\1", r"\8", r"\18", r"\x", r"\x{", r"\x{110000}", r"\xg", r"\p", r"\p{", r"\p{Foo}", r"\pX",
    r"\C", r"\Z", r"\G", r"\e", r"\ca", r"\E", r"\Q", "z-a", "(?i)", "(?--i)", "(?)", "(?-)",
];
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "a", "b", "c", "ab", "A", "B", "k", "K", "\u{212a}", "s", "S", "ſ", "é", "É", "σ", "ς", "Σ", "1", "_", "-", " ",
    "\n", "界", "😀", "]", "{", "}", ",", "2", ".", "a.b", "&", "^", "\u{0}", "\u{fffd}", "\t",
];

#[test]
fn random_expressions_match_as_in_go() {
    let mut random = Random(7);
    let pairs: Vec<(Vec<u8>, Vec<Vec<u8>>)> = (0..20_000)
        .map(|number| {
            let pattern = match number % 4 {
                0 => random.nonsense(),
                1 => format!("^(?:{})$", random.expression(3)).into_bytes(),
                _ => random.expression(2).into_bytes(),
            };
            (pattern, (0..5).map(|_| random.text()).collect())
        })
        .collect();
    let compiled = compare("random.jsonl", &pairs, 8);
    println!("{compiled} of {} patterns compiled", pairs.len());
    assert!((8_000..18_000).contains(&compiled), "{compiled} patterns compiled: too many or too few to tell");
}

#[test]
fn awkward_expressions_match_as_in_go() {
    let texts =
        ["", "a", "b", "ab", "aa", "\n", "a\n", "é", "K", "\u{212a}", "\u{fffd}", "a{,2}", "aéb", "\\", "]", "ſ"];
    let mut texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.extend([b"\xff".to_vec(), b"a\xe2\x82".to_vec(), b"\xed\xa0\x80".to_vec(), "a".repeat(600).into_bytes()]);
    #[rustfmt::skip]
    let fixed = [
        "", "|", "||", "()", "(|a)", "(?:)", "(?:){3}", "(?:a*)*", "(?:a*)+", "(?:|a)*", "(^)*", "(?:^|b)*a", "(?:$)+",
        "^^", "$$", "$a", "a^", r"\b\b", r"\B\B", r"\b\B", "(?:a|b)|(?:c|d)", "a|b|[c-e]|.", "a|.", ".|\n", "(?s).|a",
        r"[^\n]|\n", "a{0}", "a{0,0}", "a{0,1}", "a{1}", "a{1,1}", "a{00}", "a{01}", "a{1,02}", "a{,2}", "a{2,1}",
        "a{1000}", "a{1001}", "a{1,1001}", "a{600}", "(?:a{2}){300}", "(?:a{32}){31}", "(?:a{32}){32}",
        "(?:a{0}){1000}", "(?:(?:a{0,}){1000}){2}", "(?:(?:a{10}){10}){10}", "(?:(?:a{10}){10}){11}", "(?:a{500}){0}",
        "(?:(?:a{1000}){1}){1}", "a{99999999999999999999}", "a{1,99999999999999999999}", "a**", "a*+", "a*?*", "a+?+",
        "a??", "a???", "a{2}*", "a{2}{2}", "(?:a*)*?", r"a*\Q\E*", "*", "(*)", "|*", "^*", "$+", r"\b?", "(?i)*",
        "(?i:*)", "x{2}{", "{", "{2}", "{,}", "{a}", "}", "]", "[]", "[]]", "[]a]", "[^]a]", "[^]", "[a", "[a-", "[a-]",
        "[-a]", "[--/]", "[a-b-c]", r"[a-\d]", r"[\d-z]", "[z-a]", "[a-a]", "[[]", "[[a]]", "[[:alpha:]", "[[:alpha:]]",
        "[[:alpha]", "[[:^alpha:]]", "[[:^^alpha:]]", "[[:alpha:]-z]", "[:alpha:]", "[[.a.]]", "[[=a=]]", "[[::]]",
        "[[:]]", "[a&&b]", "[a--b]", "[a~~b]", r"[\b]", r"[\B]", r"[\A]", r"[\z]", r"[\Q]\E]", r"[\C]", r"[\pL]",
        r"[^\pL\d]", r"[\p{Foo}]", r"[\P{Any}]", r"[^\x00-\x{10FFFF}]", r"[^\x{0}-\x{10FFFF}]a*",
        r"[\x{d7ff}-\x{e000}]", r"[\x{d800}-\x{dfff}]", r"[^\x{d800}-\x{dfff}]", r"\x{d800}", r"a|\x{dfff}",
        "[\u{fffd}]", "^[^\u{fffd}]$", r"\x{fffd}", r"\Q", r"\Qa", r"\Qa\E", r"\Qa\Eb", r"\Qab\E*", r"\Q\\E",
        r"\Q\\E\Qa\E", r"\E", r"\Q*\E", r"\Q[\E]", "\\", r"\\", r"a\", r"[\", r"\a", r"\b", r"\c", r"\e", r"\f\n\r\t\v",
        r"\g", r"\8", r"\9", r"\0", r"\00", r"\000", r"\0000", r"\1", r"\12", r"\123", r"\1234", r"\377", r"\777",
        r"\08", r"\18", r"\x", r"\x6", r"\x61", r"\x6g", r"\x{}", r"\x{61}", r"\x{061}", r"\x{10FFFF}", r"\x{110000}",
        r"\x{61", r"\x{6 1}", r"\X", r"\u0061", r"\N", r"\R", r"\h", r"\K", r"\G", r"\Z", r"\z", r"\A", r"\_", r"\ ",
        r"\é", r"\<a\>", r"\/", r"\p", r"\P", r"\pl", r"\pL", r"\p{L}", r"\p{}", r"\p{^L}", r"\P{^L}", r"\p{^^L}",
        r"\p{L", r"\pé", r"\p{Greek}", r"\p{greek}", r"\p{ G r-e_ek}", r"\p{Old_Italic}", r"\p{SignWriting}",
        r"\p{letter}", r"\p{Cased_Letter}", r"\p{LC}", r"\p{lc}", r"(?i)\p{LC}", r"(?i)\p{Lu}", r"(?i)\P{Lu}",
        r"(?i)[^\p{Lu}]", r"(?i)\p{ASCII}", r"(?i)^\P{ASCII}$", r"\p{IsGreek}", r"\p{Script=Greek}", r"\p{L}\p{N}*",
        r"(?i)\w", r"(?i)\W", r"(?i)[^\W]", r"(?i)[[:upper:]]", r"(?i)[^[:upper:]]", "(?i)k", "(?i)K", "(?i)\u{212a}",
        "(?i)[k]", "(?i)[^k]", "(?i)ſ", "(?i)[r-t]", "[Kk]", "[Aa]b|[Aa]c", "A[xy]|(?i:a)[zw]", "(?i)é", "(?i)[à-é]",
        "(?i)ß", "(?i)ẞ", "(?i)İ", "(?i)ı", "(?i)ﬀ", "(?i)[\u{0}-\u{10ffff}]", "(?i)a(?-i)b", "(?i:a)b", "(?i)a|b",
        "((?i)a)b", "(?:(?i)a|b)c", "(?i)(?-i:k)", "(?i-s:.)", "(?s-i:.)", "(?is-mU:a)", "(?-", "(?-)", "(?i-)",
        "(?-i)", "(?--i)", "(?i-i)", "(?)", "(?:", "(?", "(?i", "(?ia)", "(?#c)", "(?x)a", "(?m)^$", "(?m)a$", "(?m)^a",
        r"(?m)\Aa\z", "(?m-m)^a$", "(?P<n>a)", "(?P<n>a)(?P<n>b)", "(?<n>a)", "(?P<>a)", "(?P<n a>a)", "(?P<é>a)",
        "(?P<1>a)", "(?P<n", "(?P<n>", "(?P=n)", "(?P>n)", "(?'n'a)", "(?<=a)", "(?<!a)", "(?=a)", "(?!a)", "(?>a)",
        "(?|a)", "(?1)", "(?R)", "(?<", "(?<a", "(?P", "(?P<", "(a", "a)", "(a))", "((a)", ")", "(", ")(", "|)", "(|",
        "a|*", "a||b", "ab|ac|ad", "ab|a", "a|ab", "abc|abd|aef|bcx|bcy", "[ab]c|[ab]d", "(?:[ab]{2}c)|(?:[ab]{2}d)",
        "(?:[ab]{2}?c)|(?:[ab]{2}d)", "a+b|a+c", "(?:a|ab)(?:c|bcd)", ".*", "^.*$", "(?s)^.*$", "[^a]", "é|e", "界",
        "\u{0}", "a\u{0}b", "a\nb", "\r", "\u{85}", "\u{2028}",
    ];
    let mut patterns: Vec<Vec<u8>> = fixed.iter().map(|pattern| pattern.as_bytes().to_vec()).collect();
    patterns.extend(
        [
            &b"\xff"[..],
            b"a\xffb",
            b"[\xff]",
            b"[a\xff",
            b"(?P<\xff>a)",
            b"(?P<n\xff",
            b"(?\xff)",
            b"\\\xff",
            b"\\Q\xff\\E",
            b"\\Qa\xff",
            b"\\p\xff",
            b"\\p{\xff}",
            b"\\p{L\xff",
            b"[[:\xff:]]",
            b"\\x\xff",
            b"\\x{\xff}",
            b"a{\xff",
            b"(?i\xff)",
            b"*\xff",
            b"\xed\xa0\x80",
            b"[[:alpha:]\xff]",
        ]
        .map(<[u8]>::to_vec),
    );
    // The limit of height, from both sides: 1000 by captures, by groups, and by alternatives that begin alike.
    for depth in [332, 333, 334, 498, 499, 500, 501, 998, 999, 1000, 1001] {
        patterns.push(format!("{}a{}", "(".repeat(depth), ")".repeat(depth)).into_bytes());
        patterns.push(format!("{}a{}", "(?:".repeat(depth), "b)*".repeat(depth)).into_bytes());
        patterns.push(format!("{}a{}", "(?:b|c".repeat(depth), ")*".repeat(depth)).into_bytes());
    }
    for count in [499, 500, 501, 502] {
        let longer: Vec<String> = (1..=count).map(|len| "a".repeat(len)).collect();
        patterns.push(longer.join("|").into_bytes());
    }
    let pairs: Vec<_> = patterns.into_iter().map(|pattern| (pattern, texts.clone())).collect();
    let compiled = compare("awkward.jsonl", &pairs, 1);
    println!("{compiled} of {} patterns compiled", pairs.len());
}

/// All names, each as it is, as its opposite, and both where case does not count: at the edges of the set.
#[cfg(feature = "regex")]
#[test]
fn unicode_classes_have_the_edges_that_they_have_in_go() {
    let names = go(built_peer().as_os_str(), &["names"], Stdio::null());
    let forms = [r"\p{*}", r"\P{*}", r"(?i)\p{*}", r"(?i)[^\p{*}]"];
    let patterns: Vec<String> =
        names.lines().flat_map(|name| forms.iter().map(move |form| form.replace('*', name))).collect();
    let question = |pattern: &String| Question { pattern: BASE64.encode(pattern), texts: Vec::new(), edges: true };
    let questions: Vec<Question> = patterns.iter().map(question).collect();
    let mut count = 0;
    for (pattern, answer) in patterns.iter().zip(ask("edges.jsonl", &questions)) {
        let texts: Vec<Vec<u8>> =
            answer.characters.iter().map(|&c| char::from_u32(c).unwrap().to_string().into_bytes()).collect();
        let in_go = match answer.error {
            Some(error) => Err(error),
            None => Ok(answer.matches.unwrap()),
        };
        assert_eq!(here(pattern.as_bytes(), &texts), Some(in_go), "{pattern}, right is Go");
        count += texts.len();
    }
    println!("{} classes, {count} characters", patterns.len());
    assert!(count > 50_000, "{count}");
}

/// The tables that are checked in are those of the Go at hand.
#[test]
fn unicode_tables_are_current() {
    for table in ["fold", "property"] {
        let current = go(OsStr::new("go"), &["run", "./tables", table], Stdio::null());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/filter/regex/{table}_table.rs"));
        let checked_in = std::fs::read_to_string(&path).unwrap();
        assert!(
            current == checked_in,
            "{} is not what tests/peers/goregex/tables writes: write it anew",
            path.display()
        );
    }
}
