//! Measures how the comments read: two shares, each with a goal.
//!
//! - **Fragments**: the share of comment blocks with a fragment of a sentence; below [`FRAGMENTS`].
//!   A block is a run of comment lines of one kind, or one comment behind code. Its opening is a
//!   fragment if the first word is one of [`OPENERS`], such as "What", "Whether" or "And", or if it
//!   is no rustdoc and its first sentence has no verb. Rustdoc may open with a noun, because it
//!   names the item below it. A later sentence is a fragment if it has no verb. Headings, lists and
//!   tables have no sentences, and a setter's rustdoc may end with its "Default 5." A sentence has
//!   a verb if a word in it is an auxiliary or a common verb, or ends as one does (`-s`, `-ed`,
//!   `-n't`). A plural noun is therefore taken for a verb, so that the rule finds too few fragments
//!   and not too many.
//! - **Vague words**: "what", "which" and "whose" in 1,000 words of comments; below [`VAGUE`]. Code
//!   in backticks and in fences counts as no word.
//!
//! Both could be met by deleting comments, so the report also shows how many words there are, and
//! how many for 100 lines of code: a drop needs a reason.

use crate::lexer::{Comment, CommentKind};
use crate::source::{File, Package};

/// The share of blocks, in percent.
const FRAGMENTS: f64 = 3.0;
/// Words in 1,000.
const VAGUE: f64 = 8.0;

const OPENERS: [&str; 21] = [
    "and", "as", "but", "else", "how", "namely", "neither", "nor", "not", "of", "or", "so", "such",
    "than", "that", "what", "where", "whether", "which", "who", "whose",
];

const VAGUE_WORDS: [&str; 3] = ["what", "which", "whose"];

/// Verbs that sentences of this repository have without `-s` and `-ed`: auxiliaries, plurals and
/// imperatives.
const VERBS: &str = "
    am are be been being can cannot could did do does done had has have is may might must need shall should was were
    will would
    accept add allow answer appear apply arrive ask assert become begin belong block break bring build call cancel
    change check choose claim clear clone close come compare compile complete contain convert copy cost count create
    decide define delay depend describe differ drop emit end enter exist expand expect expire fail fall find finish fire
    fit fix follow get give go grow guard happen hear help hide hit hold ignore keep know lack lead leave let lie limit
    list live look lose make mark match mean measure meet move name note open pass pause pay point poll print promise
    put reach read record refer refuse register rely remain remember remove repeat replace report reset rest retry
    return run say see send serve set share show sit skip sleep spend stand start state stay stop store take tell test
    think time treat try turn understand use wait want warn watch win work write
    began brought came cost cut drew fell found gave got held kept knew left lost made meant met met put ran read said
    saw sent set shut slept stood took told went won wrote
";

struct Block<'a> {
    file: &'a File,
    line: usize,
    kind: CommentKind,
    /// The text without fences, in one line.
    text: String,
    /// The paragraphs of prose: no headings, lists and tables.
    paragraphs: Vec<String>,
}

#[derive(Default)]
struct Figures {
    blocks: usize,
    fragments: usize,
    words: usize,
    vague: usize,
    code_lines: usize,
}

/// Prints the figures of each package; false if one of them is above a goal.
pub(crate) fn report(packages: &[Package], show_all: bool) -> bool {
    let mut is_good = true;
    println!(
        "{:<20} {:>7} {:>10} {:>8} {:>6} {:>13} {:>15}",
        "package", "blocks", "fragments", "words", "vague", "vague/1,000", "words/100 lines"
    );
    for package in packages {
        let blocks: Vec<_> = package.files.iter().flat_map(blocks).collect();
        let figures = figures(package, &blocks);
        is_good &= figures.fragments() < FRAGMENTS && figures.vague_words() < VAGUE;
        println!(
            "{:<20} {:>7} {:>8.1} % {:>8} {:>6} {:>13.1} {:>15.0}",
            package.name,
            figures.blocks,
            figures.fragments(),
            figures.words,
            figures.vague,
            figures.vague_words(),
            100.0 * ratio(figures.words, figures.code_lines)
        );
        print_blocks(&blocks, show_all);
    }
    println!("goals: fragments below {FRAGMENTS} %, vague words below {VAGUE} in 1,000");
    is_good
}

fn figures(package: &Package, blocks: &[Block]) -> Figures {
    let mut figures = Figures::default();
    for block in blocks {
        figures.blocks += 1;
        figures.fragments += usize::from(is_fragment(block));
        figures.words += words(&block.text).count();
        figures.vague += vague(block);
    }
    figures.code_lines = package.files.iter().map(code_lines).sum();
    figures
}

impl Figures {
    fn fragments(&self) -> f64 {
        100.0 * ratio(self.fragments, self.blocks)
    }

    fn vague_words(&self) -> f64 {
        1000.0 * ratio(self.vague, self.words)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the repository has fewer words than 2^52"
)]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Prints the blocks that are above a goal: all of them, or the five that have most.
fn print_blocks(blocks: &[Block], show_all: bool) {
    let mut found: Vec<_> = blocks
        .iter()
        .map(|block| (usize::from(is_fragment(block)) + vague(block), block))
        .filter(|(faults, _)| *faults > 0)
        .collect();
    if !show_all {
        found.sort_by_key(|(faults, _)| usize::MAX - faults);
        found.truncate(5);
    }
    for (_, block) in found {
        let kind = if is_fragment(block) {
            "fragment"
        } else {
            "vague"
        };
        let start: String = block.text.chars().take(100).collect();
        println!(
            "  {}:{}: {kind}: {start}",
            block.file.path.display(),
            block.line
        );
    }
}

/// The lines that have a token.
fn code_lines(file: &File) -> usize {
    let mut lines: Vec<_> = file.source.tokens.iter().map(|token| token.line).collect();
    lines.dedup();
    lines.len()
}

/// Joins the comments that follow each other line by line.
fn blocks(file: &File) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut last: Option<&Comment> = None;
    let mut is_in_fence = false;
    for comment in &file.source.comments {
        // A directive such as `//@ sync` is for a program.
        if comment.text.starts_with('@') {
            continue;
        }
        let goes_on = last.is_some_and(|last| {
            last.line + 1 == comment.line && last.kind == comment.kind && !comment.is_trailing
        });
        if !goes_on {
            is_in_fence = false;
            blocks.push(Block {
                file,
                line: comment.line,
                kind: comment.kind,
                text: String::new(),
                paragraphs: Vec::new(),
            });
        }
        last = Some(comment);
        let text = comment.text.trim();
        let is_fence = text.starts_with("```");
        is_in_fence ^= is_fence;
        if let (false, false, Some(block)) = (is_fence, is_in_fence, blocks.last_mut()) {
            block.text.push_str(text);
            block.text.push(' ');
            add_to_paragraph(&mut block.paragraphs, text);
        }
    }
    blocks.retain(|block| words(&block.text).next().is_some());
    blocks
}

/// A list item goes on in the lines below it, so it is a paragraph that is left out when sentences
/// are read.
fn add_to_paragraph(paragraphs: &mut Vec<String>, text: &str) {
    let begins_anew = text.is_empty() || text.starts_with(['#', '|', '-']);
    if begins_anew || paragraphs.is_empty() {
        paragraphs.push(String::new());
    }
    if let Some(paragraph) = paragraphs.last_mut() {
        paragraph.push_str(text);
        paragraph.push(' ');
    }
}

fn vague(block: &Block) -> usize {
    words(&block.text)
        .filter(|word| VAGUE_WORDS.contains(&word.as_str()))
        .count()
}

fn is_fragment(block: &Block) -> bool {
    let sentence = first_sentence(&block.text);
    // Code that opens a sentence is its subject.
    let opens_with_code = sentence.starts_with(['`', '[']);
    let opener = words(sentence).next().unwrap_or_default();
    if !opens_with_code && OPENERS.contains(&opener.as_str()) {
        return true;
    }
    (block.kind == CommentKind::Plain && !has_verb(sentence))
        || later_sentences(block).any(|later| {
            let is_default = later.starts_with("Default");
            !is_default && !has_verb(later) && words(later).count() > 1
        })
}

/// The sentences of a block after the first one.
fn later_sentences<'b>(block: &'b Block<'_>) -> impl Iterator<Item = &'b str> {
    let paragraphs = block.paragraphs.iter();
    let prose = paragraphs.filter(|text| !text.starts_with(['#', '|', '-']));
    let sentences = prose.flat_map(|paragraph| paragraph.trim().split(". "));
    sentences.filter(|sentence| !sentence.is_empty()).skip(1)
}

/// The text up to the first full stop that ends a word, without a label such as `SAFETY:`.
fn first_sentence(text: &str) -> &str {
    let text = text.trim_start();
    let text = match text.split_once(": ") {
        Some((label, rest)) if label.chars().all(char::is_uppercase) => rest,
        _ => text,
    };
    match text.find(['.', '!', '?']) {
        None => text,
        Some(_) => text.split_once(". ").map_or(text, |(first, _)| first),
    }
}

fn has_verb(sentence: &str) -> bool {
    words(sentence).any(|word| {
        let ends_as_a_verb =
            word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
        ends_as_a_verb
            || word.ends_with("ed")
            || word.ends_with("n't")
            || VERBS.split_whitespace().any(|verb| verb == word)
    })
}

/// The words in lower case, without the code in backticks.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split('`')
        .step_by(2)
        .flat_map(|prose| prose.split(|mark: char| !(mark.is_alphabetic() || mark == '\'')))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::lexer::lex;

    /// True for each block of the source that opens with a fragment.
    fn fragments(text: &str) -> Vec<bool> {
        let file = file(text);
        blocks(&file).iter().map(is_fragment).collect()
    }

    fn file(text: &str) -> File {
        File {
            path: PathBuf::from("file.rs"),
            lines: 0,
            wide_comments: Vec::new(),
            source: lex(text),
        }
    }

    #[test]
    fn a_question_word_opens_a_fragment() {
        assert_eq!(
            fragments("/// What of it stands in front of the signature."),
            [true]
        );
        assert_eq!(
            fragments("/// And, of what is an option, the name."),
            [true]
        );
        assert_eq!(fragments("//! Whether a body runs."), [true]);
        assert_eq!(fragments("/// `what` is the name of the field."), [false]);
    }

    #[test]
    fn a_comment_needs_a_verb_and_rustdoc_may_be_a_noun() {
        assert_eq!(fragments("// By hand, for the sake of it."), [true]);
        assert_eq!(
            fragments("// A derive would put a bound on the type."),
            [false]
        );
        assert_eq!(fragments("/// The number of the attempt."), [false]);
        assert_eq!(fragments("// SAFETY: the pointer is valid."), [false]);
    }

    #[test]
    fn a_later_sentence_needs_a_verb_even_in_rustdoc() {
        assert_eq!(
            fragments("/// The number of the attempt. No effect on a circuit."),
            [true]
        );
        assert_eq!(
            fragments(
                "/// The number of the attempt.\n///\n/// # Errors\n///\n/// - `limit`: none."
            ),
            [false]
        );
        assert_eq!(
            fragments("/// Sets the number of attempts. Default 3 attempts."),
            [false]
        );
    }

    #[test]
    fn lines_of_one_kind_are_one_block_and_fences_are_no_words() {
        let file = file(
            "/// A sentence is here\n/// that goes on.\n/// ```\n/// which();\n/// ```\nfn f() {} // The end.\n// Another block is here.",
        );
        let blocks = blocks(&file);
        assert_eq!(blocks.len(), 2);
        assert_eq!(vague(&blocks[0]), 0);
        assert_eq!(words(&blocks[0].text).count(), 7);
    }
}
