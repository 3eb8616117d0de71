#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn matches(pattern: &str, text: impl AsRef<[u8]>) -> bool {
    Regex::new(pattern.as_bytes(), &mut Budget::new())
        .unwrap_or_else(|e| panic!("{pattern}: {e:?}"))
        .is_match(text.as_ref())
}

fn refusal(pattern: impl AsRef<[u8]>) -> String {
    let pattern = pattern.as_ref();
    let refusal = Regex::new(pattern, &mut Budget::new()).expect_err(&pattern.escape_ascii().to_string());
    refusal.in_go(pattern).unwrap_or_else(|| format!("{refusal:?}"))
}

#[test]
fn classes_and_boundaries_are_ascii() {
    assert!(matches(r"^\d+$", "12") && !matches(r"\d", "٣"));
    assert!(matches(r"^\w+$", "az_9") && !matches(r"\w", "é"));
    assert!(matches(r"\s", "\x0c") && !matches(r"\s", "\x0b\u{a0}"));
    assert!(matches(r"a\b", "aé") && matches(r"\Bé", "é"));
    assert!(!matches(r"\B", "aéb"));
}

#[test]
fn the_dot_leaves_out_the_line_feed() {
    assert!(!matches("^.$", "\n") && matches("(?s)^.$", "\n") && matches("^.$", "\r"));
    assert!(!matches("a$", "a\n") && matches("(?m)a$", "a\n") && matches("(?m)^b", "a\nb"));
    assert!(matches("[^a]", "\n"));
}

#[test]
fn a_byte_that_is_not_utf8_is_one_replacement_character() {
    assert!(matches("^..$", b"\xff\xfe") && matches(r"^a\x{fffd}\x{fffd}$", b"a\xe2\x82"));
    assert!(matches("^[^a]$", b"\xff"));
    assert!(!matches(r"[\x{d800}-\x{dfff}]", b"\xed\xa0\x80"));
}

#[test]
fn case_folds_beyond_ascii() {
    assert!(matches("(?i)^straſſe$", "STRASSE") && matches("(?i)^k$", "\u{212a}") && matches("(?i)^[θ]$", "ϴ"));
    assert!(matches(r"(?i)^\w$", "ſ") && !matches(r"\w", "ſ"));
    assert!(matches("(?i:a)b", "Ab") && !matches("(?i:a)b", "AB"));
    assert!(!matches("(?i)[^k]", "\u{212a}"));
}

#[test]
fn what_looks_like_an_operator_may_be_a_character() {
    assert!(matches("^a{,2}$", "a{,2}") && matches("^x{$", "x{") && matches("^]$", "]") && matches("^[]a]+$", "]a"));
    assert!(
        matches("^[a&&b]$", "&") && matches("^[[]$", "[") && matches("^[a-]$", "-") && matches("^[[:alpha:]]$", "x")
    );
    assert!(matches(r"^\Qa.b*\E+$", "a.b**") && matches(r"\<", "<") && matches(r"^\x41\101\x{1F600}$", "AA😀"));
}

#[test]
fn refuses_what_go_refuses_in_its_words() {
    for (pattern, message) in [
        ("a**", "invalid nested repetition operator: `**`"),
        ("*", "missing argument to repetition operator: `*`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"a\Z", r"invalid escape sequence: `\Z`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?<=a)b", "invalid named capture: `(?<=a)b`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?:a{32}){32}", "invalid repeat count: `{32}`"),
        ("a)", "unexpected ): `a)`"),
        ("(a", "missing closing ): `(a`"),
        (r"a\", "trailing backslash at end of expression: ``"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
    ] {
        assert_eq!(refusal(pattern), format!("error parsing regexp: {message}"), "{pattern}");
    }
    assert_eq!(refusal(b"a\xffb"), "error parsing regexp: invalid UTF-8: `\u{fffd}b`");
}

/// Go's limit of height, whose last value must neither be missed nor overflow a small stack.
#[test]
fn depth_takes_no_stack() {
    let nested = |depth: usize| format!("{}x{}", "(?:a".repeat(depth), "b)*".repeat(depth));
    let small = std::thread::Builder::new().stack_size(256 << 10);
    #[allow(clippy::disallowed_methods)]
    let thread = small.spawn(move || {
        for depth in [1, 2, 3, 4, 5, 6, 10, 100, 499] {
            assert!(matches(&format!("^{}$", nested(depth)), format!("{}x{}", "a".repeat(depth), "b".repeat(depth))));
        }
        for pattern in [nested(501), "(".repeat(100_000) + &")".repeat(100_000)] {
            assert!(refusal(&pattern).contains("nests too deeply"));
        }
        let longer = |count: usize| (1..count).map(|len| "a".repeat(len)).collect::<Vec<_>>().join("|");
        assert!(refusal(longer(1000)).contains("nests too deeply"));
        assert!(matches(&format!("^(?:{})$", longer(490)), "a".repeat(489)));
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn repetitions_cannot_multiply_without_end() {
    let count = |times: usize| Regex::new("(?:[abc]?){1000}".repeat(times).as_bytes(), &mut Budget::new());
    assert!(count(30).is_ok());
    assert_eq!(count(40).unwrap_err(), Refusal::TooLarge);
    let large = format!("(?:{}){{1000}}", "ab".repeat(5000));
    assert_eq!(refusal(large), "TooLarge");
}

/// Both ways to an answer must agree. Go is asked in tests/regex_go.rs.
#[cfg(feature = "regex")]
#[test]
fn the_crate_and_the_program_agree() {
    let atoms = [
        "a", "b", "(a|bc)", "[ab]", "[^a]", ".", r"\b", r"\B", "^", "$", "(?i)k", r"\pL", "é", "(?m)^", "(?:a|)", r"\w",
    ];
    let operators = ["", "*", "+", "?", "{2}", "{0,2}", "{0}", "{1,}"];
    let texts = ["", "a", "b", "ab", "ba", "abc", "é", "aé", "\n", "a\nb", "K\u{212a}", "aab b", "k"];
    let mut count = 0;
    for first in atoms {
        for operator in operators {
            for second in atoms {
                let pattern = format!("{first}{operator}{second}|{second}{first}$");
                let (tree, root) = syntax::parse(pattern.as_bytes(), &mut Budget::new()).unwrap();
                let Some(Way::Crate(compiled)) = in_crate(&tree, root, &mut Budget::new()) else { continue };
                let program = Program::compile(&tree, root, pattern.len(), &mut Budget::new()).unwrap();
                for text in texts {
                    assert_eq!(compiled.is_match(text), program.is_match(text), "{pattern} in {text:?}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 20_000, "{count}");
}
