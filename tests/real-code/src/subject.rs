//! A crate of the sample: annotated, compiled, and stripped of the attributes that were refused
//! until it compiles.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, btree_map::Entry},
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cargo::{Cargo, Diagnostic, Span},
    functions::{self, Function},
    refusal::Refusal,
    sample::Sample,
    sources,
    variant::{Above, PROBE, Place, Variant, annotate},
};

/// Each round takes the attributes off at least one function. Compilers find errors in some six
/// phases.
const ROUNDS: usize = 30;

pub(crate) struct Subject {
    pub(crate) sample: Sample,
    root: PathBuf,
    folder: PathBuf,
    manifest: PathBuf,
    files: Vec<File>,
    /// The functions that are compiled, each with the number of its file.
    functions: Vec<(usize, Function)>,
}

struct File {
    /// The path that the compiler names: relative to the crate's folder.
    name: String,
    text: String,
}

/// The functions that were refused under one variant, by their numbers.
pub(crate) type Refusals = BTreeMap<usize, Refusal>;

impl Subject {
    /// Copies the crate and finds the functions that are compiled. Err says why it cannot be taken.
    pub(crate) fn new(root: &Path, source: &Path, sample: Sample) -> Result<Self, Box<dyn Error>> {
        let folder = sources::copy(root, source, sample.name)?;
        let mut files = Vec::new();
        let mut parsed = Vec::new();
        for path in sources::rust_files(&folder.join("src"))? {
            let text = fs::read_to_string(&path)?;
            let name = path.strip_prefix(&folder)?.to_string_lossy().into_owned();
            match functions::parse(&text) {
                Some(file) => {
                    parsed.push(file);
                    files.push(File { name, text });
                }
                None => eprintln!("  {name} is left out: it is not Rust by itself"),
            }
        }
        let mut aliases = HashSet::new();
        // An alias may stand for an alias of a file that comes later.
        let mut known = None;
        while known != Some(aliases.len()) {
            known = Some(aliases.len());
            for file in &parsed {
                functions::collect_aliases(file, &mut aliases);
            }
        }
        let functions = parsed.iter().enumerate().flat_map(|(number, file)| {
            let found = functions::collect(file, &aliases);
            found.into_iter().map(move |function| (number, function))
        });
        let mut subject = Self {
            sample,
            root: root.to_owned(),
            manifest: folder.join("Cargo.toml"),
            functions: functions.collect(),
            folder,
            files,
        };
        subject.keep_compiled()?;
        Ok(subject)
    }

    pub(crate) fn functions(&self) -> usize {
        self.functions.len()
    }

    pub(crate) fn function(&self, number: usize) -> &Function {
        &self.functions[number].1
    }

    /// Crate, file and line of a function.
    pub(crate) fn place(&self, number: usize) -> String {
        let (file, function) = &self.functions[number];
        let Sample { name, version, .. } = self.sample;
        format!(
            "{name}-{version}/{}:{}",
            self.files[*file].name, function.line
        )
    }

    /// Puts the attributes above every function and takes them off where they are refused, until
    /// the crate compiles: errors of the compiler's later phases only show when those of the
    /// earlier ones are gone.
    pub(crate) fn measure(&self, variant: Variant) -> Result<Refusals, Box<dyn Error>> {
        let mut refusals = Refusals::new();
        for _ in 0..ROUNDS {
            let places = self.write(Above::Attributes(variant), |number| {
                !refusals.contains_key(&number)
            })?;
            let (succeeded, diagnostics) = self.cargo().check()?;
            if succeeded {
                return Ok(refusals);
            }
            let found = self.refusals(&diagnostics, &places);
            if found.is_empty() {
                let errors = diagnostics.iter().filter(|found| found.is_error());
                let errors = errors.filter_map(|error| error.rendered.as_deref());
                let errors = errors.collect::<String>();
                return Err(format!("errors that lie in no annotated function:\n{errors}").into());
            }
            refusals.extend(found);
        }
        Err(format!("it does not compile after {ROUNDS} rounds").into())
    }

    /// Runs the crate's own tests, bare and below attributes that run each body once. The functions
    /// that were refused stay bare.
    pub(crate) fn test(&self, refused: &Refusals) -> Result<Option<u32>, Box<dyn Error>> {
        let Some(arguments) = self.sample.tests else {
            return Ok(None);
        };
        self.write(Above::Transparent, |_| false)?;
        let bare = self.cargo().test(arguments)?;
        self.write(Above::Transparent, |number| !refused.contains_key(&number))?;
        let annotated = self.cargo().test(arguments)?;
        if bare == 0 || bare != annotated {
            return Err(format!("{bare} tests pass bare, {annotated} below the attributes").into());
        }
        Ok(Some(annotated))
    }

    /// Compiles the crate with a lint above each function, and drops the functions that the
    /// compiler does not speak of.
    fn keep_compiled(&mut self) -> Result<(), Box<dyn Error>> {
        self.write(Above::Probe, |_| true)?;
        let (succeeded, diagnostics) = self.cargo().check()?;
        if !succeeded {
            let error = diagnostics.iter().find(|found| found.is_error());
            let error = error.map_or("", |error| error.message.as_str());
            return Err(format!("it does not compile without the attributes: {error}").into());
        }
        let compiled: BTreeSet<usize> = diagnostics
            .iter()
            .filter_map(|warning| {
                let number = warning.message.split(PROBE).nth(1)?;
                number.split('`').next()?.parse().ok()
            })
            .collect();
        let mut number = 0..;
        self.functions.retain(|_| {
            number
                .next()
                .is_some_and(|number| compiled.contains(&number))
        });
        Ok(())
    }

    /// Writes all files, with the text above the wanted functions; what was inserted where, by
    /// file.
    fn write(
        &self,
        above: Above,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<Vec<Place>>, Box<dyn Error>> {
        let mut all = Vec::with_capacity(self.files.len());
        for (number, file) in self.files.iter().enumerate() {
            let functions = self.functions.iter().enumerate();
            let functions = functions
                .filter(|(function, (in_file, _))| *in_file == number && wanted(*function));
            let functions = functions.map(|(function, (_, found))| (function, found));
            let (text, places) = annotate(&file.text, functions, above);
            fs::write(self.folder.join(&file.name), text)?;
            all.push(places);
        }
        Ok(all)
    }

    /// The functions that the errors lie in, each with its refusal.
    fn refusals(&self, diagnostics: &[Diagnostic], places: &[Vec<Place>]) -> Refusals {
        let mut refusals = Refusals::new();
        for error in diagnostics.iter().filter(|found| found.is_error()) {
            let Some((file, place)) = self.place_of(error, places) else {
                continue;
            };
            let function = self.function(place.function);
            let refusal = Refusal::new(error, function, place, &self.files[file].name);
            match refusals.entry(place.function) {
                Entry::Vacant(entry) => {
                    entry.insert(refusal);
                }
                Entry::Occupied(mut entry) => entry.get_mut().add(&refusal),
            }
        }
        refusals
    }

    /// The annotated function that an error lies in, with the number of its file. An error in other
    /// code (a caller that needs a `Send` future) is ascribed to the annotated function that its
    /// notes point at.
    fn place_of<'p>(
        &self,
        error: &Diagnostic,
        places: &'p [Vec<Place>],
    ) -> Option<(usize, &'p Place)> {
        let mut spans = error.all_spans().flat_map(Span::outwards);
        spans.find_map(|span| {
            let file = self
                .files
                .iter()
                .position(|file| file.name == span.file_name)?;
            let mut around = places[file]
                .iter()
                .filter(|place| place.whole.contains(&span.byte_start));
            // The innermost of nested functions begins last.
            around.next_back().map(|place| (file, place))
        })
    }

    fn cargo(&self) -> Cargo<'_> {
        Cargo {
            root: &self.root,
            manifest: &self.manifest,
            features: self.sample.features,
        }
    }
}
