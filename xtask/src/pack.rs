//! `cargo xtask pack MODULE`: writes a WebAssembly module with its functions in an order that gzip makes less of.
//!
//! gzip finds again what lies at most 32 KiB back. A compiler writes what it makes of one generic function for many types all over
//! a module, so most of that is not found. Nothing but the order changes: every function stays what it is, to the instruction.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// How far back gzip looks, less what it needs itself.
const WINDOW: usize = 30_000;

/// How many bytes in a row count as found again.
const RUN: usize = 6;

/// Runs that are in more functions than this say nothing about which of them belong together.
const COMMON: usize = 300;

/// Added to a function's length, so that the shortest do not all come first.
const HANDICAP: usize = 10;

pub(crate) fn run(path: &Path) -> ExitCode {
    match pack(path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask pack: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn pack(path: &Path) -> Result<(), Box<dyn Error>> {
    let module = fs::read(path)?;
    fs::write(path, packed(&module)?)?;
    Ok(())
}

fn packed(module: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let Functions { imported, bodies } = Functions::of(module)?;
    let order = order(&bodies);
    let mut places = vec![0; order.len()];
    for (place, function) in (imported..).zip(&order) {
        places[*function] = place;
    }
    let mut packed = Module::new();
    Reordered { imported, order, places }.parse_core_module(&mut packed, Parser::new(0), module)?;
    Ok(packed.finish())
}

/// The functions of a module.
#[derive(Default)]
struct Functions<'m> {
    /// How many it imports; their numbers come first.
    imported: u32,
    /// The bytes of those that it has itself.
    bodies: Vec<&'m [u8]>,
}

impl<'m> Functions<'m> {
    fn of(module: &'m [u8]) -> Result<Self, Box<dyn Error>> {
        let mut functions = Functions::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        functions.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => functions.bodies.push(body.as_bytes()),
                _ => {}
            }
        }
        Ok(functions)
    }
}

/// The order: after the longest function always the one of which the largest share is in the last [`WINDOW`] bytes.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let runs = Runs::of(bodies);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(bodies.len());
    let mut window = VecDeque::new();
    let mut window_len = 0;
    // How often each run is in the window, and how many of each function's runs are.
    let mut seen = vec![0_u32; runs.holders.len()];
    let mut found = vec![0_usize; bodies.len()];
    let mut next = (0..bodies.len()).max_by_key(|at| bodies[*at].len());
    while let Some(function) = next {
        order.push(function);
        left.retain(|other| *other != function);
        window.push_back(function);
        window_len += bodies[function].len();
        for run in &runs.of_function[function] {
            seen[*run] += 1;
            if seen[*run] == 1 {
                runs.holders[*run].iter().for_each(|holder| found[*holder] += 1);
            }
        }
        while window_len > WINDOW && window.len() > 1 {
            let Some(gone) = window.pop_front() else { break };
            window_len -= bodies[gone].len();
            for run in &runs.of_function[gone] {
                seen[*run] -= 1;
                if seen[*run] == 0 {
                    runs.holders[*run].iter().for_each(|holder| found[*holder] -= 1);
                }
            }
        }
        let share = |function: &usize| found[*function] as f64 / (bodies[*function].len() + HANDICAP) as f64;
        next = left.iter().copied().max_by(|one, other| share(one).total_cmp(&share(other)));
    }
    order
}

/// The runs of bytes that several functions have.
struct Runs {
    /// By run: the functions that it is in.
    holders: Vec<Vec<usize>>,
    /// By function: its runs.
    of_function: Vec<Vec<usize>>,
}

impl Runs {
    fn of(bodies: &[&[u8]]) -> Self {
        let mut by_bytes = BTreeMap::<&[u8], Vec<usize>>::new();
        for (function, body) in bodies.iter().enumerate() {
            for bytes in body.windows(RUN) {
                let holders = by_bytes.entry(bytes).or_default();
                if holders.last() != Some(&function) {
                    holders.push(function);
                }
            }
        }
        let holders: Vec<_> = by_bytes.into_values().filter(|holders| (2..=COMMON).contains(&holders.len())).collect();
        let mut of_function = vec![Vec::new(); bodies.len()];
        for (run, holders) in holders.iter().enumerate() {
            holders.iter().for_each(|holder| of_function[*holder].push(run));
        }
        Runs { holders, of_function }
    }
}

/// Copies a module with its functions in another order.
struct Reordered {
    imported: u32,
    /// The functions in their new order, by their old numbers without those that are imported.
    order: Vec<usize>,
    /// Their new numbers.
    places: Vec<u32>,
}

type Outcome<T> = Result<T, reencode::Error>;

impl Reencode for Reordered {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Outcome<u32> {
        let own = function.checked_sub(self.imported).and_then(|own| self.places.get(own as usize));
        Ok(own.copied().unwrap_or(function))
    }

    fn parse_function_section(&mut self, out: &mut FunctionSection, types: FunctionSectionReader<'_>) -> Outcome<()> {
        let types = types.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in &self.order {
            out.function(types[*function]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, out: &mut CodeSection, code: CodeSectionReader<'_>) -> Outcome<()> {
        let bodies = code.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(out, bodies[function].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{EntityType, ExportKind, ExportSection, Function, ImportSection, TypeSection};
    use wasmparser::{Operator, Validator};

    const COUNT: i32 = 12;

    /// A module with functions of three sorts in turn. Each tells its number, calls what the module imports, and the next one.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("host", "called", EntityType::Function(0));
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for (number, index) in (0..COUNT).zip(1..) {
            functions.function(0);
            exports.export(&number.to_string(), ExportKind::Func, index);
            let mut body = Function::new([]);
            body.instructions().i32_const(number).drop().call(0);
            for filling in 0..40 {
                body.instructions().i32_const(filling * (number % 3 + 1) * 1000).drop();
            }
            body.instructions().call(if number + 1 == COUNT { 1 } else { index + 1 }).end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// By export: the number of the function, and that of the one which it calls.
    type Calls = BTreeMap<String, (i32, i32)>;

    /// What calls what, and the numbers in the order of the code.
    fn read(module: &[u8]) -> Result<(Calls, Vec<i32>), Box<dyn Error>> {
        Validator::new().validate_all(module)?;
        let (mut exports, mut order, mut called) = (Vec::new(), Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ExportSection(section) => exports = section.into_iter().collect::<Result<_, _>>()?,
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
                    let (Some(Operator::I32Const { value }), Some(Operator::Call { function_index })) =
                        (operators.first(), operators.iter().rev().nth(1))
                    else {
                        return Err(format!("another function: {operators:?}").into());
                    };
                    assert_eq!(operators.get(2), Some(&Operator::Call { function_index: 0 }));
                    order.push(*value);
                    called.push(*function_index as usize - 1);
                }
                _ => {}
            }
        }
        let own = exports.iter().map(|export| (export.name, export.index as usize - 1));
        let calls = own.map(|(name, own)| (name.to_owned(), (order[own], order[called[own]]))).collect();
        Ok((calls, order))
    }

    #[test]
    fn what_is_alike_lies_together_and_calls_what_it_called() -> Result<(), Box<dyn Error>> {
        let before = module();
        let (calls, order) = read(&before)?;
        let (calls_then, order_then) = read(&packed(&before)?)?;
        assert_eq!(order, (0..COUNT).collect::<Vec<_>>());
        assert_eq!(calls.get("11"), Some(&(11, 0)));
        assert_eq!(calls_then, calls);
        let sorts: Vec<_> = order_then.iter().map(|number| number % 3).collect();
        assert_eq!(sorts.chunk_by(|one, next| one == next).count(), 3, "{order_then:?}");
        Ok(())
    }
}
