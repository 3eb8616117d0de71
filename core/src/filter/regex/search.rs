//! Running a [`Program`] over a text: all ways at once, so that time is in proportion to text times program.

use super::program::{Inst, Pc, Place, Program};

impl Program {
    /// Whether the expression matches anywhere in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let mut search = Search { program: self, seen: vec![0; self.len()], step: 1, waiting: Vec::new() };
        let is_anchored = self.inst(0) == Inst::Assert(Place::BeginText);
        let (mut threads, mut upcoming): (Vec<Pc>, Vec<Pc>) = Default::default();
        let mut before = None;
        let mut rest = text.chars();
        let mut next = rest.next();
        loop {
            // A match may begin at every place.
            if (before.is_none() || !is_anchored) && search.follow(0, &mut threads, before, next) {
                return true;
            }
            let Some(c) = next else { return false };
            if is_anchored && threads.is_empty() {
                return false;
            }
            (before, next) = (next, rest.next());
            search.next_step();
            upcoming.clear();
            for &pc in &threads {
                if self.takes(pc, c) && search.follow(pc.saturating_add(1), &mut upcoming, before, next) {
                    return true;
                }
            }
            std::mem::swap(&mut threads, &mut upcoming);
        }
    }

    fn takes(&self, pc: Pc, c: char) -> bool {
        let c = u32::from(c);
        match self.inst(pc) {
            Inst::Range(first, last) => first <= c && c <= last,
            Inst::Either(one, other) => c == one || c == other,
            Inst::NotNewline => c != 0x0a,
            Inst::Set(start, len) => {
                let spans = self.spans(start, len);
                let after = spans.partition_point(|&(first, _)| first <= c);
                after.checked_sub(1).and_then(|at| spans.get(at)).is_some_and(|&(_, last)| c <= last)
            }
            _ => false,
        }
    }
}

struct Search<'p> {
    program: &'p Program,
    /// The step in which an instruction was reached last.
    seen: Vec<u32>,
    step: u32,
    /// Instructions to be looked at. Empty between calls, and kept for its memory.
    waiting: Vec<Pc>,
}

impl Search<'_> {
    fn next_step(&mut self) {
        self.step = self.step.checked_add(1).unwrap_or_else(|| {
            self.seen.fill(0);
            1
        });
    }

    /// Follows all ways from an instruction, at the place between two characters, to those that take a character, which
    /// become threads. `true` if the match is reached.
    fn follow(&mut self, from: Pc, threads: &mut Vec<Pc>, before: Option<char>, next: Option<char>) -> bool {
        self.waiting.push(from);
        while let Some(pc) = self.waiting.pop() {
            match self.seen.get_mut(pc as usize) {
                Some(seen) if *seen != self.step => *seen = self.step,
                _ => continue,
            }
            match self.program.inst(pc) {
                Inst::Match => return true,
                Inst::Fail => {}
                Inst::Jump(to) => self.waiting.push(to),
                Inst::Split(one, other) => self.waiting.extend([one, other]),
                Inst::Assert(place) if place.is_between(before, next) => self.waiting.push(pc.saturating_add(1)),
                Inst::Assert(_) => {}
                Inst::Range(..) | Inst::Either(..) | Inst::NotNewline | Inst::Set(..) => threads.push(pc),
            }
        }
        false
    }
}

impl Place {
    /// Whether the place between two characters is such a one. Words are ASCII to Go.
    fn is_between(self, before: Option<char>, next: Option<char>) -> bool {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        match self {
            Place::BeginText => before.is_none(),
            Place::EndText => next.is_none(),
            Place::BeginLine => before.is_none_or(|c| c == '\n'),
            Place::EndLine => next.is_none_or(|c| c == '\n'),
            Place::WordBoundary => is_word(before) != is_word(next),
            Place::NotWordBoundary => is_word(before) == is_word(next),
        }
    }
}
