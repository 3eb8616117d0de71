//! Where the checker may say something else than a runtime, each with the reason.

use crate::runtime::Tool;
use std::collections::BTreeMap;

/// What is known to differ.
pub(crate) struct Exceptions {
    /// Codes of errors in configs that a runtime takes.
    stricter: BTreeMap<String, Vec<Tool>>,
    /// Refusals for reasons that are not in the text: by whom, of which mutations, with which words.
    hidden: Vec<(Vec<Tool>, String, String)>,
}

impl Exceptions {
    pub(crate) fn read() -> Result<Self, String> {
        let rows = |text: &'static str| text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        let mut stricter = BTreeMap::new();
        for row in rows(include_str!("../stricter.tsv")) {
            let [code, by, _why] = row.as_slice() else { return Err(format!("stricter.tsv: {row:?}")) };
            stricter.insert((*code).to_owned(), tools(by)?);
        }
        let mut hidden = Vec::new();
        for row in rows(include_str!("../hidden.tsv")) {
            let [by, mutation, words, _why] = row.as_slice() else { return Err(format!("hidden.tsv: {row:?}")) };
            hidden.push((tools(by)?, (*mutation).to_owned(), (*words).to_owned()));
        }
        Ok(Exceptions { stricter, hidden })
    }

    /// Whether a config with this error may be taken.
    pub(crate) fn may_be_taken(&self, tool: Tool, code: &str) -> bool {
        self.stricter.get(code).is_some_and(|tools| tools.contains(&tool))
    }

    /// Whether nothing in the text tells of this refusal.
    pub(crate) fn is_hidden(&self, tool: Tool, mutation: &str, said: &str) -> bool {
        let fits = |part: &str, words: &str| mutation.contains(part) && said.contains(words);
        self.hidden.iter().any(|(tools, part, words)| tools.contains(&tool) && fits(part, words))
    }
}

fn tools(text: &str) -> Result<Vec<Tool>, String> {
    let tool =
        |name: &str| Tool::ALL.into_iter().find(|tool| tool.name() == name).ok_or_else(|| format!("no runtime {name}"));
    text.split(' ').map(tool).collect()
}
