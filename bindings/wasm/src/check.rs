//! The checker.

use crate::facts::Facts;
use crate::failure::Result;
use stowbook::check::{self, Host, Ignore, Kind, Options};
use stowbook::json;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a check is asked to do.
#[wasm_bindgen]
#[derive(Default)]
pub struct CheckOptions {
    kind: Option<Kind>,
    options: Options<'static>,
    facts: Option<Facts>,
}

#[wasm_bindgen]
#[allow(missing_docs, reason = "each sets the member of its name")]
impl CheckOptions {
    /// The default.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[wasm_bindgen(js_name = kind)]
    pub fn set_kind(&mut self, name: &str) -> Result<()> {
        self.kind = Some(name.parse()?);
        Ok(())
    }

    #[wasm_bindgen(js_name = platform)]
    pub fn set_platform(&mut self, name: &str) -> Result<()> {
        self.options.platform = Some(name.parse()?);
        Ok(())
    }

    #[wasm_bindgen(js_name = profile)]
    pub fn set_profile(&mut self, name: &str) -> Result<()> {
        self.options.profile = name.parse()?;
        Ok(())
    }

    #[wasm_bindgen(js_name = cgroup)]
    pub fn set_cgroup(&mut self, name: &str) -> Result<()> {
        self.options.cgroup = name.parse()?;
        Ok(())
    }

    #[wasm_bindgen(js_name = phase)]
    pub fn set_phase(&mut self, name: &str) -> Result<()> {
        self.options.phase = name.parse()?;
        Ok(())
    }

    #[wasm_bindgen(js_name = minSeverity)]
    pub fn set_min_severity(&mut self, name: &str) -> Result<()> {
        self.options.min_severity = name.parse()?;
        Ok(())
    }

    #[wasm_bindgen(js_name = rootless)]
    pub fn set_rootless(&mut self, yes: bool) {
        self.options.rootless = yes;
    }

    #[wasm_bindgen(js_name = systemdCgroup)]
    pub fn set_systemd_cgroup(&mut self, yes: bool) {
        self.options.systemd_cgroup = yes;
    }

    #[wasm_bindgen(js_name = advice)]
    pub fn set_advice(&mut self, yes: bool) {
        self.options.advice = yes;
    }

    #[wasm_bindgen(js_name = strict)]
    pub fn set_strict(&mut self, yes: bool) {
        self.options.strict = yes;
    }

    #[wasm_bindgen(js_name = showSecrets)]
    pub fn set_show_secrets(&mut self, yes: bool) {
        self.options.show_secrets = yes;
    }

    #[wasm_bindgen(js_name = ignore)]
    pub fn set_ignore(&mut self, texts: Vec<String>) {
        self.options.ignore = texts.iter().map(|text| Ignore::parse(text)).collect();
    }

    #[wasm_bindgen(js_name = maxFindings)]
    pub fn set_max_findings(&mut self, count: usize) {
        self.options.max_findings = count;
    }

    #[wasm_bindgen(js_name = host)]
    pub fn set_host(&mut self, facts: Facts) {
        self.facts = Some(facts);
    }
}

impl CheckOptions {
    fn options(&self) -> Options<'_> {
        let host = self.facts.as_ref().map(|facts| facts as &dyn Host);
        Options { host, ..self.options.clone() }
    }
}

/// All findings in a text, as the core's JSON.
#[wasm_bindgen]
pub fn validate(text: &[u8], options: &CheckOptions) -> Result<String> {
    Ok(json::write(&check::validate(text, options.kind, &options.options()))?)
}

/// A text after its repair.
#[wasm_bindgen]
pub struct Fixed(check::Fixed);

#[wasm_bindgen]
impl Fixed {
    /// The text. It is given away: a second call gets none.
    #[wasm_bindgen(js_name = takeText)]
    #[must_use]
    pub fn take_text(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0.text)
    }

    /// The codes of what was put right.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        self.0.codes.iter().map(|&code| code.to_owned()).collect()
    }
}

/// Applies what can only be meant one way.
#[wasm_bindgen]
#[must_use]
pub fn fix(text: &[u8], options: &CheckOptions) -> Fixed {
    Fixed(check::fix(text, options.kind, &options.options()))
}

/// The name of the sort of document that a text is.
#[wasm_bindgen]
#[must_use]
pub fn detect(text: &[u8]) -> Option<String> {
    check::detect(text).map(|kind| kind.name().to_owned())
}

/// The rule with this code, as JSON.
#[wasm_bindgen]
pub fn explain(code: &str) -> Result<Option<String>> {
    Ok(check::explain(code).map(json::write).transpose()?)
}

/// All rules, as JSON.
#[wasm_bindgen]
pub fn rules() -> Result<String> {
    Ok(json::write(&*check::RULES)?)
}
