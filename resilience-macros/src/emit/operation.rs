//! The operation: the annotated function under its name.
//!
//! Input:
//! `#[retry] #[timeout(5s, operation = "jira.issue")] async fn issue() -> Result<Issue, Error> { … }`. Output: `static __OPERATION: Operation = Operation::of_stack("jira.issue", __describe);`, and `&__OPERATION` where a layer needs it.
//! Snapshots: `stack` with a given name, `plain_stack` with the path of the function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

use super::code::Declarations;
use super::context::Context;
use super::span::{SpanEnds, local};
use crate::function::tokens::any_ident;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};

/// The static that holds the operation.
const OPERATION: &str = "__OPERATION";

/// The constant that holds the name of the operation, where a constant needs it.
const NAME: &str = "__NAME";

impl Context<'_> {
    /// A `&'static Operation` expression.
    pub(crate) fn operation(&self) -> TokenStream {
        if self.operation.is_generic() {
            return local("operation").into_token_stream();
        }
        let operation = Ident::new(OPERATION, Span::call_site());
        quote!(&#operation)
    }

    /// True if the operation is a static, so that another static can refer to it.
    pub(crate) fn is_operation_static(&self) -> bool {
        !self.operation.is_generic()
    }

    /// The call of a setter of a configuration with the name: of `given` if an attribute gives the
    /// name, and else of `path`.
    pub(crate) fn operation_name(&self, given: &'static str, path: &'static str) -> Setting {
        let name = Ident::new(NAME, Span::call_site()).into_token_stream();
        match &self.operation.name {
            Some(setting)
                if setting.literal == Literal::Unknown && !self.operation.is_generic() =>
            {
                Setting::generated(given, name)
            }
            Some(setting) => Setting {
                setter: given,
                options: Vec::new(),
                ..setting.clone()
            },
            None => Setting::generated(path, name),
        }
    }

    /// Declares the operation with its stack, and its name if a layer needs that in a constant. A
    /// statement lists the operation at the first call, unless a layer does that.
    pub(super) fn declares_operation(&self, layers: &Declarations, taken: &[Path]) -> TokenStream {
        let runtime = &self.runtime;
        let (same, name) = (self.same_operations(), self.name_of_operation());
        let (stack, described) = (local("stack"), self.described_stack(&layers.layers, taken));
        if self.operation.is_generic() {
            let operation = local("operation");
            // An operation of an instance is listed where it is made.
            let enter = self.enter(&operation.to_token_stream(), true, layers.asks_file);
            return quote! {
                #same
                let #operation = #runtime::Operation::of_instance(const { #name }, |#stack| { #described });
                #enter
            };
        }
        let operation = Ident::new(OPERATION, Span::call_site());
        let constant = Ident::new(NAME, Span::call_site());
        let (constant, name) = if any_ident(layers.values.clone(), &|ident| ident == NAME) {
            (
                quote!(const #constant: &#runtime::str = #name;),
                constant.into_token_stream(),
            )
        } else {
            (TokenStream::new(), name)
        };
        let enter = self.enter(
            &quote!(&#operation),
            layers.enters_operation,
            layers.asks_file,
        );
        // The stack is described by a function, because a closure takes more of rustc's time: it
        // gets a second function that makes it a pointer.
        let describe = local("describe");
        quote! {
            #same
            #constant
            static #operation: #runtime::Operation = #runtime::Operation::of_stack(#name, #describe);
            fn #describe(#stack: &mut #runtime::Stack) { #described }
            #enter
        }
    }

    /// The name: as the user wrote it, or module path and function name. Functions of one name in
    /// different modules differ in it.
    fn name_of_operation(&self) -> TokenStream {
        let (runtime, function) = (&self.runtime, self.function.name());
        match &self.operation.name {
            Some(name) if name.literal == Literal::Unknown => self.text(name),
            Some(name) => name.value.clone(),
            None => quote!(#runtime::concat!(#runtime::module_path!(), "::", #function)),
        }
    }

    /// A name that is not a literal. It goes through a function, so that a value of another type is
    /// reported at the user's token.
    pub(crate) fn text(&self, name: &Setting) -> TokenStream {
        let ends = SpanEnds::of(&name.source);
        self.call("Operation::text", None, name.value.clone(), ends)
    }

    /// Compares the names of several attributes when the program is compiled.
    fn same_operations(&self) -> TokenStream {
        let Some(first) = &self.operation.name else {
            return TokenStream::new();
        };
        let checks = self.operation.again.iter().map(|again| {
            let ends = SpanEnds::of(&again.source);
            let (first_name, name) = (&first.value, &again.value);
            let same = self.call("Operation::same", None, quote!(#first_name, #name), ends);
            if first.stage.max(again.stage) == Stage::Constant {
                quote_spanned!(ends.span()=> const _: () = #same;)
            } else {
                quote_spanned!(ends.span()=> const { #same };)
            }
        });
        checks.collect()
    }
}
