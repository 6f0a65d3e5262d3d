//! The functions of one source file that return a `Result`, or a future of one.

use std::{collections::HashSet, ops::Range};

use proc_macro2::TokenStream;
use syn::{
    Attribute, FnArg, GenericArgument, ImplItemFn, ItemFn, PathArguments, ReturnType, Signature,
    TraitItemFn, Type, TypeParamBound, Visibility, spanned::Spanned, visit::Visit,
};

/// A function that the attributes may stand on.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Bytes of the source file, from the function's own attributes and documentation to the end of
    /// its body.
    pub(crate) bytes: Range<usize>,
    pub(crate) is_async: bool,
    /// The names that the arguments bind, `self` among them.
    pub(crate) arguments: Vec<String>,
}

/// Parses a source file. `syn::parse_file` is of no use here: it shifts the offsets by a shebang.
pub(crate) fn parse(text: &str) -> Option<syn::File> {
    syn::parse2(text.parse::<TokenStream>().ok()?).ok()
}

/// Adds the names of the file's type aliases that stand for a `Result`, by themselves or through a
/// known alias.
pub(crate) fn collect_aliases(file: &syn::File, aliases: &mut HashSet<String>) {
    struct Aliases<'a>(&'a mut HashSet<String>);
    impl<'ast> Visit<'ast> for Aliases<'_> {
        fn visit_item_type(&mut self, alias: &'ast syn::ItemType) {
            if is_result(&alias.ty, self.0) {
                self.0.insert(alias.ident.to_string());
            }
        }
    }
    Aliases(aliases).visit_file(file);
}

/// All functions of the file that have a body and return a `Result` or a future of one. `const fn`
/// is left out: no attribute of the family may stand there.
pub(crate) fn collect(file: &syn::File, aliases: &HashSet<String>) -> Vec<Function> {
    let mut visitor = Functions {
        aliases,
        found: Vec::new(),
    };
    visitor.visit_file(file);
    visitor.found
}

struct Functions<'a> {
    aliases: &'a HashSet<String>,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn add(
        &mut self,
        attributes: &[Attribute],
        visibility: Option<&Visibility>,
        signature: &Signature,
        end: usize,
    ) {
        let ReturnType::Type(_, returned) = &signature.output else {
            return;
        };
        let future = future_output(returned);
        if signature.constness.is_some() || !is_result(future.unwrap_or(returned), self.aliases) {
            return;
        }
        let first = match visibility {
            Some(visibility) if !matches!(visibility, Visibility::Inherited) => visibility.span(),
            _ => signature.span(),
        };
        let first = attributes.first().map_or(first, Spanned::span);
        self.found.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            bytes: first.byte_range().start..end,
            is_async: signature.asyncness.is_some() || future.is_some(),
            arguments: argument_names(signature),
        });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let end = function.block.span().byte_range().end;
        self.add(&function.attrs, Some(&function.vis), &function.sig, end);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let end = function.block.span().byte_range().end;
        self.add(&function.attrs, Some(&function.vis), &function.sig, end);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(
                &function.attrs,
                None,
                &function.sig,
                body.span().byte_range().end,
            );
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

fn argument_names(signature: &Signature) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, name: &'ast syn::PatIdent) {
            self.0.push(name.ident.to_string());
            syn::visit::visit_pat_ident(self, name);
        }
    }
    let mut names = Names(Vec::new());
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(_) => names.0.push("self".to_owned()),
            FnArg::Typed(argument) => names.visit_pat(&argument.pat),
        }
    }
    names.0
}

/// By the name of the last path segment. An associated type (`Self::Result`) can be anything.
fn is_result(ty: &Type, aliases: &HashSet<String>) -> bool {
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    let segments = &path.path.segments;
    let associated = path.qself.is_some() || segments.first().is_some_and(|s| s.ident == "Self");
    let last = segments.last().map(|last| last.ident.to_string());
    !associated && last.is_some_and(|last| last == "Result" || aliases.contains(&last))
}

/// The output of `impl Future`, `Pin<Box<dyn Future>>` and `BoxFuture`.
fn future_output(ty: &Type) -> Option<&Type> {
    match ungroup(ty) {
        Type::ImplTrait(bounds) => output_of_bounds(bounds.bounds.iter()),
        Type::TraitObject(bounds) => output_of_bounds(bounds.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let inner = last_type_argument(&last.arguments)?;
            match last.ident.to_string().as_str() {
                "Pin" | "Box" => future_output(inner),
                "BoxFuture" | "LocalBoxFuture" => Some(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

fn output_of_bounds<'t>(mut bounds: impl Iterator<Item = &'t TypeParamBound>) -> Option<&'t Type> {
    bounds.find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output)
                if last.ident == "Future" && output.ident == "Output" =>
            {
                Some(&output.ty)
            }
            _ => None,
        })
    })
}

fn last_type_argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments
        .args
        .iter()
        .rev()
        .find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

fn ungroup(mut ty: &Type) -> &Type {
    loop {
        match ty {
            Type::Group(group) => ty = &group.elem,
            Type::Paren(paren) => ty = &paren.elem,
            _ => return ty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(String, bool)> {
        let file = parse(source).expect("the source parses");
        let mut aliases = HashSet::new();
        // Twice, because `Parsed` stands in front of the alias that it stands for.
        collect_aliases(&file, &mut aliases);
        collect_aliases(&file, &mut aliases);
        collect(&file, &aliases)
            .into_iter()
            .map(|function| (function.name, function.is_async))
            .collect()
    }

    #[test]
    fn functions_that_return_a_result_or_a_future_of_one_are_found_wherever_they_stand() {
        let source = "
            type Parsed<T> = Deeper<T>;
            type Deeper<T> = std::result::Result<T, ()>;
            mod inner { fn nested() -> io::Result<()> { fn innermost() -> Parsed<u8> { Ok(1) } } }
            trait Load { fn without(&self) -> fmt::Result; fn with(&self) -> fmt::Result { Ok(()) } }
            impl Load for u8 { async fn waits(self) -> Result<u8, ()> { Ok(1) } }
            fn opaque() -> impl Future<Output = Result<u8, ()>> + Send { async { Ok(1) } }
            fn boxed() -> Pin<Box<dyn Future<Output = Parsed<u8>> + Send>> { todo!() }
            fn alias<'a>() -> BoxFuture<'a, Result<u8, ()>> { todo!() }";
        let expected = [
            ("nested", false),
            ("innermost", false),
            ("with", false),
            ("waits", true),
            ("opaque", true),
            ("boxed", true),
            ("alias", true),
        ];
        assert_eq!(
            found(source),
            expected.map(|(name, waits)| (name.to_owned(), waits))
        );
    }

    #[test]
    fn functions_that_no_attribute_may_stand_on_or_that_return_something_else_are_left_out() {
        let source = "
            const fn constant() -> Result<u8, ()> { Ok(1) }
            fn nothing() {}
            fn option() -> Option<Result<u8, ()>> { None }
            fn associated() -> Self::Result { todo!() }
            fn polled() -> Poll<Result<u8, ()>> { todo!() }";
        assert_eq!(found(source), []);
    }

    #[test]
    fn the_bytes_begin_at_the_documentation_and_survive_wide_characters() {
        let source = "struct Maß;\n/// Größe\n#[inline]\npub(crate) async fn size(&self, (a, _): (u8, u8)) -> Result<u8, ()> { Ok(a) }\n";
        let file = parse(source).expect("the source parses");
        let function = &collect(&file, &HashSet::new())[0];
        assert!(source[function.bytes.clone()].ends_with("{ Ok(a) }"));
        assert!(source[function.bytes.clone()].starts_with("/// Größe"));
        assert_eq!(function.line, 4);
        assert_eq!(function.arguments, ["self", "a"]);
    }
}
