//! Measures the machine code of functions, as the size of the section `.text` of a program.

use std::{error::Error, fs};

use super::{
    functions::{Kind, PER_MODULE},
    project::Project,
    time::FUNCTIONS,
};

/// The bytes that each function of a kind adds to a program, beyond those of a plain function. The
/// code that all functions share is a part of them.
pub(crate) fn per_function(kinds: &[Kind]) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let functions = u32::try_from(FUNCTIONS)?;
    let plain = text_bytes(&Kind::plain(), functions)?;
    let over_plain = |kind: &Kind| {
        let bytes = text_bytes(kind, functions)? - plain;
        Ok((kind.name.to_owned(), (bytes / f64::from(functions)).round()))
    };
    kinds.iter().map(over_plain).collect()
}

fn text_bytes(kind: &Kind, functions: u32) -> Result<f64, Box<dyn Error>> {
    // A name of its own keeps the program out of the way of the other builds.
    let project = Project::new(&format!("code_{}", kind.folder), &kind.dependencies)?;
    project.write("lib.rs", &kind.library(functions, PER_MODULE))?;
    project.write("main.rs", &Kind::program(&project.name))?;
    project.cargo(&["build", "--release"])?;
    let program = fs::read(project.program())?;
    section_bytes(&program, b".text").ok_or_else(|| "the program is no 64-bit ELF file".into())
}

/// The size of a section of a 64-bit ELF file.
fn section_bytes(file: &[u8], name: &[u8]) -> Option<f64> {
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let little_endian = file.get(at..at + bytes)?;
        let value = little_endian.iter().rev();
        Some(value.fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    let (headers, header_bytes) = (number(0x28, 8)?, number(0x3a, 2)?);
    let (count, of_names) = (number(0x3c, 2)?, number(0x3e, 2)?);
    let names = number(headers + of_names * header_bytes + 0x18, 8)?;
    let mut sections = (0..count).map(|section| headers + section * header_bytes);
    let found = sections.find(|&header| {
        let own = number(header, 4).and_then(|offset| file.get(names + offset..));
        own.is_some_and(|own| own.split(|byte| *byte == 0).next() == Some(name))
    })?;
    let bytes = u32::try_from(number(found + 0x20, 8)?).ok()?;
    Some(f64::from(bytes))
}
