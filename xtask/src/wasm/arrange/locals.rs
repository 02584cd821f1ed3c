//! The numbers of local variables.

use super::compressor::Compressor;
use anyhow::{Context as _, Result};
use fastrand::Rng;
use std::iter::zip;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// So many exchanges are tried for each variable.
const TRIES: usize = 7;

/// Higher numbers take more than a byte.
const NUMBERS: u32 = 128;

/// The module with the local variables of its functions numbered so that it is short once it is compressed: wherever two functions
/// do the same, it is found again only if their variables have the same numbers. The same module gives the same numbers.
///
/// # Errors
/// If it is no module.
pub(super) fn renumber(module: &[u8]) -> Result<Vec<u8>> {
    let mut module = module.to_vec();
    let mut groups = groups(&module)?;
    let mut compressor = Compressor::quick();
    let mut length = compressor.length(&module)?;
    let sizes = groups.iter().map(|group| group.uses.len());
    let variables: Vec<(usize, usize)> = sizes
        .enumerate()
        .flat_map(|(group, size)| (0..size).map(move |variable| (group, variable)))
        .collect();
    let mut random = Rng::with_seed(1);
    for _ in 0..variables.len().saturating_mul(TRIES) {
        let Some(&(group, one)) = random.choice(&variables) else { break };
        let Some(group) = groups.get_mut(group) else { break };
        let other = random.usize(..group.uses.len());
        if one == other {
            continue;
        }
        group.exchange(one, other, &mut module);
        let changed = compressor.length(&module)?;
        if changed <= length {
            length = changed;
        } else {
            group.exchange(one, other, &mut module);
        }
    }
    Ok(module)
}

/// Variables of a function that begin with the same value, since they have the same type and are no parameters: two or more.
struct Group {
    first: u8,
    /// For each of them, the offsets in the module at which its number stands.
    uses: Vec<Vec<usize>>,
}

impl Group {
    /// Gives each of two variables the other one's number. A second time undoes that.
    fn exchange(&mut self, one: usize, other: usize, module: &mut [u8]) {
        self.uses.swap(one, other);
        for (number, uses) in zip(self.first.., &self.uses) {
            let exchanged = [one, other].contains(&usize::from(number.saturating_sub(self.first)));
            for &offset in uses.iter().filter(|_| exchanged) {
                if let Some(byte) = module.get_mut(offset) {
                    *byte = number;
                }
            }
        }
    }
}

fn groups(module: &[u8]) -> Result<Vec<Group>> {
    let (mut types, mut functions, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(u32::try_from(ty?.params().len())?);
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    functions.push(
                        types.get(usize::try_from(index?)?).copied().context("a function without a type")?,
                    );
                }
                functions.reverse();
            }
            Payload::CodeSectionEntry(body) => {
                let parameters = functions.pop().context("a function that is not declared")?;
                groups.extend(groups_of(&body, parameters)?);
            }
            _ => {}
        }
    }
    Ok(groups)
}

fn groups_of(body: &FunctionBody<'_>, parameters: u32) -> Result<Vec<Group>> {
    let mut uses: Vec<Vec<usize>> = vec![Vec::new(); usize::try_from(NUMBERS)?];
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, offset) = operator?;
        if let Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } = operator
            && let Some(uses) = uses.get_mut(usize::try_from(local_index)?)
        {
            // The instruction itself takes one byte.
            uses.push(offset.saturating_add(1));
        }
    }
    let mut groups = Vec::new();
    let mut first = parameters;
    for declared in body.get_locals_reader()? {
        let next = first.saturating_add(declared?.0);
        let range = usize::try_from(first)?..usize::try_from(next.min(NUMBERS))?;
        if let (Ok(first), Some(uses)) = (u8::try_from(first), uses.get(range).filter(|uses| uses.len() > 1))
        {
            groups.push(Group { first, uses: uses.to_vec() });
        }
        first = next;
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection, ValType};

    /// A function of two parameters and of variables of two types.
    fn example(locals: &[(u32, ValType)], numbers: &[u32]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I32, ValType::I32], []);
        let mut functions = FunctionSection::new();
        functions.function(1);
        let mut body = Function::new(locals.iter().copied());
        for &number in numbers {
            body.instructions().local_get(number).drop();
        }
        body.instructions().end();
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        module.finish()
    }

    #[test]
    fn only_variables_of_the_same_type_trade_numbers() {
        let module =
            example(&[(2, ValType::I64), (1, ValType::I32), (3, ValType::I64)], &[0, 2, 3, 2, 4, 5, 7]);
        let groups = groups(&module).unwrap();
        let uses = |group: &Group| group.uses.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(
            groups.iter().map(|group| (group.first, uses(group))).collect::<Vec<_>>(),
            [(2, vec![2, 1]), (5, vec![1, 0, 1])]
        );
    }

    #[test]
    fn an_exchange_changes_all_uses_and_a_second_one_undoes_it() {
        let locals = [(3, ValType::I64)];
        let module = example(&locals, &[0, 1, 2, 3, 2, 4]);
        let mut exchanged = module.clone();
        let mut groups = groups(&module).unwrap();
        groups[0].exchange(0, 2, &mut exchanged);
        assert_eq!(exchanged, example(&locals, &[0, 1, 4, 3, 4, 2]));
        groups[0].exchange(0, 2, &mut exchanged);
        assert_eq!(exchanged, module);
    }

    #[test]
    fn numbers_of_more_than_a_byte_stay() {
        let module = example(&[(300, ValType::I64)], &[2, 127, 128, 301]);
        assert_eq!(groups(&module).unwrap()[0].uses.len(), 126);
        let mut other = module.clone();
        groups(&module).unwrap()[0].exchange(0, 125, &mut other);
        assert_eq!(other, example(&[(300, ValType::I64)], &[127, 2, 128, 301]));
    }

    #[test]
    fn renumbered_variables_compress_better() {
        let numbers: Vec<u32> = (0..40).map(|index| 2 + index % 4).chain([3, 2, 4, 5].repeat(5)).collect();
        let module = example(&[(4, ValType::I32)], &numbers);
        let renumbered = renumber(&module).unwrap();
        assert_eq!(renumbered.len(), module.len());
        assert_eq!(renumber(&module).unwrap(), renumbered);
        let length = |module: &[u8]| Compressor::quick().length(module).unwrap();
        assert!(length(&renumbered) <= length(&module));
    }
}
