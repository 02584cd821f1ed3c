//! A module whose functions are in another order.

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use std::ops::Range;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, Validator,
    WasmFeatures, types::Types,
};

/// What `wasm-opt` is told that it may use, and no more.
const FEATURES: WasmFeatures = WasmFeatures::MVP
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::MULTI_VALUE);

/// The bodies of a module's functions, in its order.
///
/// # Errors
/// If it is no module.
pub(super) fn bodies(module: &[u8]) -> Result<Vec<&[u8]>> {
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload? {
            bodies.push(module.get(body.range()).context("a function outside of its module")?);
        }
    }
    Ok(bodies)
}

/// The module with its functions in the given order, of their indices among those that are not imported. All that refers to a function
/// still refers to the same one.
///
/// # Errors
/// If the module is not valid or has names, or if the order leaves a function out or names it twice.
pub(super) fn rewrite(module: &[u8], order: &[usize]) -> Result<Vec<u8>> {
    let mut renumbering = Renumbering::new(functions(module)?, order)?;
    let mut rewritten = Module::new();
    renumbering
        .parse_core_module(&mut rewritten, Parser::new(0), module)
        .map_err(|error| anyhow!("the module cannot be rewritten: {error}"))?;
    let rewritten = rewritten.finish();
    validate(&rewritten)?;
    Ok(rewritten)
}

/// # Errors
/// If engines would refuse it.
pub(super) fn validate(module: &[u8]) -> Result<Types> {
    Validator::new_with_features(FEATURES).validate_all(module).context("the module is not valid")
}

/// The indices of the functions that are not imported.
fn functions(module: &[u8]) -> Result<Range<usize>> {
    let count = validate(module)?.as_ref().function_count();
    let count = usize::try_from(count)?;
    let imported = count.checked_sub(bodies(module)?.len()).context("a function without an index")?;
    Ok(imported..count)
}

/// Which function goes where. Imported ones stay.
struct Renumbering<'a> {
    order: &'a [usize],
    /// The new index of each function.
    indices: Vec<u32>,
}

impl<'a> Renumbering<'a> {
    fn new(functions: Range<usize>, order: &'a [usize]) -> Result<Self> {
        ensure!(
            order.len() == functions.len(),
            "an order of {} functions out of {}",
            order.len(),
            functions.len()
        );
        let mut indices: Vec<Option<u32>> = vec![None; functions.len()];
        for (&function, index) in order.iter().zip(functions.clone()) {
            let place = indices.get_mut(function).with_context(|| format!("no function {function}"))?;
            if place.replace(u32::try_from(index)?).is_some() {
                bail!("function {function} comes twice");
            }
        }
        let imported = (0..functions.start).map(|index| u32::try_from(index).ok());
        let indices: Option<Vec<u32>> = imported.chain(indices).collect();
        Ok(Self { order, indices: indices.context("a function without a place")? })
    }

    /// What belongs to the functions, in their new order.
    fn in_order<T: Clone>(&self, items: &[T]) -> Result<Vec<T>, reencode::Error<Error>> {
        let items: Option<Vec<T>> = self.order.iter().map(|&function| items.get(function).cloned()).collect();
        items.context("fewer functions than it says").map_err(reencode::Error::UserError)
    }
}

impl Reencode for Renumbering<'_> {
    type Error = Error;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Error>> {
        let index = usize::try_from(function).ok().and_then(|function| self.indices.get(function));
        index.copied().with_context(|| format!("no function {function}")).map_err(reencode::Error::UserError)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error<Error>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for function in self.in_order(&types)? {
            functions.function(self.type_index(function)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for body in self.in_order(&bodies)? {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }

    /// What is shipped has no names. They would have to be sorted anew.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Error>> {
        if section.name() == "name" {
            return Err(reencode::Error::UserError(anyhow!("its functions have names")));
        }
        utils::parse_custom_section(self, module, section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection,
        NameMap, NameSection, RefType, StartSection, TableSection, TableType, TypeSection, ValType,
    };
    use wasmparser::{ElementItems, ExternalKind, Operator};

    /// One imported function, `()`, and three more: `first`, `() -> i32`, calls the last one, which gives 7; the second one, `()`, is the
    /// start and calls the imported one; the table has the last and the second one.
    fn example() -> Module {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("host", "call", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(1).function(0).function(1);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 2,
            maximum: None,
            shared: false,
        });
        let mut exports = ExportSection::new();
        exports.export("first", ExportKind::Func, 1).export("last", ExportKind::Func, 3);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions([3, 2].as_slice().into()));
        let mut code = CodeSection::new();
        for (called, given) in [(Some(3), None), (Some(0), None), (None, Some(7))] {
            let mut body = Function::new([]);
            if let Some(function) = called {
                body.instructions().call(function);
            }
            if let Some(number) = given {
                body.instructions().i32_const(number);
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
        module.section(&StartSection { function_index: 2 }).section(&elements).section(&code);
        module
    }

    /// For each function with a body, what it calls and which number it gives.
    fn contents(module: &[u8]) -> Vec<(Option<u32>, Option<i32>)> {
        let of = |body: FunctionBody<'_>| {
            let operators: Vec<Operator<'_>> =
                body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
            let call = operators.iter().find_map(|operator| match operator {
                Operator::Call { function_index } => Some(*function_index),
                _ => None,
            });
            let number = operators.iter().find_map(|operator| match operator {
                Operator::I32Const { value } => Some(*value),
                _ => None,
            });
            (call, number)
        };
        let payloads = Parser::new(0).parse_all(module).map(Result::unwrap);
        payloads
            .filter_map(
                |payload| if let Payload::CodeSectionEntry(body) = payload { Some(of(body)) } else { None },
            )
            .collect()
    }

    #[test]
    fn all_that_refers_to_a_function_follows_it() {
        let rewritten = rewrite(&example().finish(), &[2, 0, 1]).unwrap();
        assert_eq!(contents(&rewritten), [(None, Some(7)), (Some(1), None), (Some(0), None)]);
        for payload in Parser::new(0).parse_all(&rewritten).map(Result::unwrap) {
            match payload {
                Payload::FunctionSection(section) => {
                    assert_eq!(section.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 1, 0]);
                }
                Payload::ExportSection(section) => {
                    let exports: Vec<_> = section.into_iter().map(Result::unwrap).collect();
                    let exports: Vec<_> =
                        exports.iter().map(|export| (export.name, export.kind, export.index)).collect();
                    assert_eq!(exports, [("first", ExternalKind::Func, 2), ("last", ExternalKind::Func, 1)]);
                }
                Payload::StartSection { func, .. } => assert_eq!(func, 3),
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(items) = element.unwrap().items else {
                            panic!("functions")
                        };
                        assert_eq!(items.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 3]);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_order_gives_the_same_module() {
        let module = example().finish();
        assert_eq!(rewrite(&module, &[0, 1, 2]).unwrap(), module);
    }

    #[test]
    fn there_and_back_is_the_same_module() {
        let module = example().finish();
        assert_eq!(rewrite(&rewrite(&module, &[2, 0, 1]).unwrap(), &[1, 2, 0]).unwrap(), module);
    }

    #[test]
    fn what_is_no_order_of_all_functions_is_refused() {
        let module = example().finish();
        for order in [[0, 1].as_slice(), &[0, 1, 1], &[0, 1, 3], &[0, 1, 2, 3], &[]] {
            assert!(rewrite(&module, order).is_err(), "{order:?}");
        }
    }

    #[test]
    fn names_are_refused() {
        let mut names = NameSection::new();
        let mut functions = NameMap::new();
        functions.append(1, "first");
        names.functions(&functions);
        let mut module = example();
        module.section(&names);
        assert!(rewrite(&module.finish(), &[0, 1, 2]).is_err());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(rewrite(b"\0asm", &[]).is_err());
        assert!(bodies(b"none").is_err());
    }
}
