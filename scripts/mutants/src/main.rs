//! Writes all mutants of some files into them at once, each behind a switch: `crate::mutant(17)` is true in the run that
//! was told to be the seventeenth. So one build serves for all of them, where one build for each takes hours.
//!
//! `mutants LIST ROOT [LEFT-OUT]`: LIST is what `cargo mutants --list --json` says, ROOT the tree whose files are written over,
//! LEFT-OUT the numbers of mutants that do not compile. Prints the numbers that were written. What cannot be written so, as in
//! a constant or in a chain of `let`s, is left to cargo-mutants itself.
//!
//! `mutants --culprits ROOT`: reads what cargo says as JSON, and prints the numbers of the mutants that do not compile.
//! `mutants --programs`: reads the same, and prints the tests that were built.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [option, root] if option == "--culprits" => return culprits(Path::new(root)),
        [option] if option == "--programs" => return programs(),
        _ => {}
    }
    let [list, root, rest @ ..] = &arguments[..] else { return Err("mutants LIST ROOT [LEFT-OUT]".into()) };
    let left_out: BTreeSet<usize> = match rest {
        [file, ..] => std::fs::read_to_string(file)?.split_whitespace().map(str::parse).collect::<Result<_, _>>()?,
        [] => BTreeSet::new(),
    };
    let list: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(list)?)?;
    let mut files: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for (index, value) in list.iter().enumerate() {
        let number = index + 1;
        if !left_out.contains(&number) {
            let file = value["file"].as_str().ok_or("a mutant without a file")?;
            files
                .entry(file.to_owned())
                .or_default()
                .push(Mutant::read(number, value).ok_or("a mutant of unknown shape")?);
        }
    }
    let library = Path::new(root).join("failover-core/src/lib.rs");
    std::fs::write(&library, std::fs::read_to_string(&library)? + SWITCH)?;
    for (file, mutants) in files {
        let path = Path::new(root).join(&file);
        let text = std::fs::read_to_string(&path)?;
        let (text, written) = rewrite(&text, mutants)?;
        std::fs::write(&path, text)?;
        written.iter().for_each(|number| println!("{number}"));
    }
    Ok(())
}

/// What every mutant asks.
const SWITCH: &str = r#"
/// Is this the mutant to be?
#[doc(hidden)]
#[must_use]
pub fn mutant(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("MUTANT").ok().and_then(|n| n.parse().ok())) == Some(number)
}
"#;

struct Mutant {
    number: usize,
    genre: String,
    replacement: String,
    name: String,
    /// Line, and column from 1.
    start: (usize, usize),
    end: (usize, usize),
}

impl Mutant {
    fn read(number: usize, value: &Value) -> Option<Self> {
        let at = |end: &str| {
            let point = &value["span"][end];
            Some((usize::try_from(point["line"].as_u64()?).ok()?, usize::try_from(point["column"].as_u64()?).ok()?))
        };
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            number,
            genre: text("genre")?,
            replacement: text("replacement")?,
            name: text("name")?,
            start: at("start")?,
            end: at("end")?,
        })
    }
}

/// A place where something is written; whatever lies in its range is written in turn.
struct Node {
    range: Range<usize>,
    what: What,
}

enum What {
    /// Text of its own; in an empty range it comes before what stands there.
    Insert(String),
    /// This instead of what stands there, for each number; else what stands there.
    Instead(Vec<(usize, String)>),
    /// `left op right` with another operator.
    Operator { left: Range<usize>, op: String, right: Range<usize>, others: Vec<(usize, String)> },
    /// `!operand` without it.
    Unary { number: usize, operand: Range<usize> },
    /// A struct without one of its fields, comma and all.
    Without(Vec<(usize, Range<usize>)>),
}

struct Finder<'a> {
    text: &'a str,
    lines: Vec<usize>,
    mutants: Vec<Mutant>,
    nodes: Vec<Node>,
    written: Vec<usize>,
    constant: usize,
}

impl Finder<'_> {
    fn range(&self, span: proc_macro2::Span) -> Range<usize> {
        span.byte_range()
    }

    fn offset(&self, (line, column): (usize, usize)) -> usize {
        let start = self.lines[line - 1];
        self.text[start..].char_indices().nth(column - 1).map_or(self.text.len(), |(n, _)| start + n)
    }

    /// The mutants of a genre that begin here.
    fn at(&mut self, genre: &str, start: usize) -> Vec<(usize, String)> {
        if self.constant > 0 {
            return Vec::new();
        }
        let found: Vec<_> = self
            .mutants
            .iter()
            .filter(|m| m.genre == genre && self.offset(m.start) == start)
            .map(|m| (m.number, m.replacement.clone()))
            .collect();
        self.written.extend(found.iter().map(|(number, _)| *number));
        found
    }

    /// The values that a function could return at once. A constant function cannot ask which, so one
    /// that has mutants is made none.
    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let all = self.range(block.span());
        if let Some(constant) = &signature.constness
            && self.mutants.iter().any(|m| all.contains(&self.offset(m.start)))
        {
            self.nodes.push(Node { range: self.range(constant.span()), what: What::Insert(String::new()) });
        }
        // An `impl Trait` is one type, and another value has another.
        if matches!(&signature.output, syn::ReturnType::Type(_, of) if matches!(**of, syn::Type::ImplTrait(_))) {
            return;
        }
        let Some(first) = block.stmts.first() else { return };
        let start = self.range(first.span()).start;
        let mut text = String::new();
        for (number, value) in self.at("FnValue", start) {
            let _ =
                write!(text, "\n{}if crate::mutant({number}) {{ return {value}; }}{}\n", open(number), close(number));
        }
        if !text.is_empty() {
            self.nodes.push(Node { range: start..start, what: What::Insert(text) });
        }
    }
}

fn open(number: usize) -> String {
    format!("/*<{number}*/")
}

fn close(number: usize) -> String {
    format!("/*{number}>*/")
}

/// Does a chain of `&&` hold a `let`? It cannot stand in brackets.
fn has_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant += 1;
        visit::visit_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant += 1;
        visit::visit_impl_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.constant += 1;
        self.visit_expr(&repeat.len);
        self.constant -= 1;
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if !(has_let(&binary.left) || has_let(&binary.right)) {
            let op = self.range(binary.op.span());
            let others = self.at("BinaryOperator", op.start);
            if !others.is_empty() {
                let (left, right) = (self.range(binary.left.span()), self.range(binary.right.span()));
                let what = What::Operator { left, op: self.text[op].to_owned(), right, others };
                self.nodes.push(Node { range: self.range(binary.span()), what });
            }
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let start = self.range(unary.op.span()).start;
        if let Some((number, _)) = self.at("UnaryOperator", start).first() {
            let what = What::Unary { number: *number, operand: self.range(unary.expr.span()) };
            self.nodes.push(Node { range: self.range(unary.span()), what });
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let deleted = self.at("MatchArm", self.range(arm.span()).start);
        match &arm.guard {
            Some((_, guard)) => {
                let range = self.range(guard.span());
                let mut instead: Vec<_> = deleted.into_iter().map(|(number, _)| (number, "false".to_owned())).collect();
                instead.extend(self.at("MatchArmGuard", range.start));
                if !instead.is_empty() {
                    self.nodes.push(Node { range, what: What::Instead(instead) });
                }
            }
            None => {
                if let Some((number, _)) = deleted.first() {
                    let end = self.range(arm.pat.span()).end;
                    let text = format!("{} if !crate::mutant({number}) {}", open(*number), close(*number));
                    self.nodes.push(Node { range: end..end, what: What::Insert(text) });
                }
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, item: &'ast syn::ExprStruct) {
        let mut without = Vec::new();
        for pair in item.fields.pairs() {
            let range = self.range(pair.value().span());
            let end = pair.punct().map_or(range.end, |comma| self.range(comma.span()).end);
            without
                .extend(self.at("StructField", range.start).into_iter().map(|(number, _)| (number, range.start..end)));
        }
        if !without.is_empty() {
            self.nodes.push(Node { range: self.range(item.span()), what: What::Without(without) });
        }
        visit::visit_expr_struct(self, item);
    }
}

fn rewrite(text: &str, mutants: Vec<Mutant>) -> Result<(String, Vec<usize>), Box<dyn Error>> {
    let file = syn::parse_file(text)?;
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(n, _)| n + 1)).collect();
    let mut finder = Finder { text, lines, mutants, nodes: Vec::new(), written: Vec::new(), constant: 0 };
    finder.visit_file(&file);
    // Outer ones first; what is only inserted before what begins there.
    finder.nodes.sort_by_key(|node| (node.range.start, !node.range.is_empty(), usize::MAX - node.range.end));
    for mutant in &finder.mutants {
        if !finder.written.contains(&mutant.number) {
            eprintln!("left to cargo-mutants: {} (to {}:{})", mutant.name, mutant.end.0, mutant.end.1);
        }
    }
    let text = render(text, &finder.nodes, 0..text.len());
    Ok((text, finder.written))
}

/// The text of a range, with the nodes in it written. `nodes` are sorted; those before the range are skipped.
fn render(text: &str, nodes: &[Node], range: Range<usize>) -> String {
    let mut out = String::new();
    let mut at = range.start;
    for (index, node) in nodes.iter().enumerate() {
        if node.range.start < at || node.range.end > range.end {
            continue;
        }
        out.push_str(&text[at..node.range.start]);
        at = node.range.end;
        write_node(text, &nodes[index + 1..], node, &mut out);
    }
    out.push_str(&text[at..range.end]);
    out
}

fn write_node(text: &str, inner: &[Node], node: &Node, out: &mut String) {
    let part = |range: &Range<usize>| render(text, inner, range.clone());
    let mut choices: Vec<(usize, String)> = Vec::new();
    let last = match &node.what {
        What::Insert(text) => return out.push_str(text),
        What::Instead(instead) => {
            choices.clone_from(instead);
            part(&node.range)
        }
        What::Operator { left, op, right, others } => {
            choices.extend(
                others.iter().map(|(number, other)| (*number, format!("{} {other} {}", part(left), part(right)))),
            );
            format!("{} {op} {}", part(left), part(right))
        }
        What::Unary { number, operand } => {
            choices.push((*number, part(operand)));
            part(&node.range)
        }
        What::Without(fields) => {
            for (number, field) in fields {
                let (before, after) = (node.range.start..field.start, field.end..node.range.end);
                choices.push((*number, part(&before) + &part(&after)));
            }
            part(&node.range)
        }
    };
    out.push('(');
    for (number, choice) in choices {
        let _ = write!(out, "if crate::mutant({number}) {{ {}{choice}{} }} else ", open(number), close(number));
    }
    let _ = write!(out, "{{ {last} }})");
}

fn programs() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lines() {
        let Ok(value) = serde_json::from_str::<Value>(&line?) else { continue };
        if let (Some(program), Some(true)) = (value["executable"].as_str(), value["profile"]["test"].as_bool()) {
            println!("{program}");
        }
    }
    Ok(())
}

/// Every error belongs to the innermost mutant that it stands in.
fn culprits(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut found = BTreeSet::new();
    let mut others = Vec::new();
    for line in std::io::stdin().lines() {
        let Ok(value) = serde_json::from_str::<Value>(&line?) else { continue };
        let message = &value["message"];
        if value["reason"] != "compiler-message" || message["level"] != "error" {
            continue;
        }
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let culprit = spans.iter().filter(|span| span["is_primary"] == true).find_map(|span| culprit(root, span));
        match culprit {
            Some(number) => drop(found.insert(number)),
            // "aborting due to 3 previous errors" has no place.
            None if !spans.is_empty() => others.push(message["rendered"].as_str().unwrap_or_default().to_owned()),
            None => {}
        }
    }
    found.iter().for_each(|number| println!("{number}"));
    if found.is_empty() { Err(others.join("\n").into()) } else { Ok(()) }
}

fn culprit(root: &Path, span: &Value) -> Option<usize> {
    let text = std::fs::read_to_string(root.join(span["file_name"].as_str()?)).ok()?;
    let at = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let mut stack = Vec::new();
    let mut rest = text.get(..at)?;
    while let Some(start) = rest.find("/*") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find("*/") else { break };
        let (mark, after) = (&rest[..end], &rest[end + 2..]);
        if let Some(number) = mark.strip_prefix('<').and_then(|n| n.parse::<usize>().ok()) {
            stack.push(number);
            rest = after;
        } else if mark.strip_suffix('>').is_some_and(|n| n.parse::<usize>().is_ok()) {
            stack.pop();
            rest = after;
        }
    }
    stack.pop()
}
